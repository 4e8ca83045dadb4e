"""Run a ScoreJob: tables in, model, tables out, comparison and report."""

from __future__ import annotations

import platform
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from itertools import chain
from pathlib import Path

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.comparison import exceeded_limits
from ov_asr_score.device.compilation import export_blob
from ov_asr_score.device.settings import DeviceSettings
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.job.references import ReferenceTables, find_delay
from ov_asr_score.job.score_job import ScoreJob
from ov_asr_score.job.tables import JobTables, resolve_tables
from ov_asr_score.kaldi_io import TableWriter, atomic_output
from ov_asr_score.openvino_api import version as openvino_version
from ov_asr_score.profiling import LayerTimes
from ov_asr_score.report.json_report import JsonReportWriter
from ov_asr_score.report.run_report import RunReport, UtteranceReport
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.planning import InputFit
from ov_asr_score.scoring.scorer import Scorer, load, open_model, plan_text, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances import JoinGaps, JoinOptions, SkipUtterance, Utterance, read_utterances

OnUtterance = Callable[[UtteranceReport], None]


def run_job(job: ScoreJob, on_utterance: OnUtterance | None = None) -> RunReport:
    """The report of a finished run; ``on_utterance`` is called after each utterance was written and compared.

    Everything that the job names as output is complete under its final name when this returns, and not there under that
    name when it raises. ``report.verdict`` is ``failed`` when a limit was exceeded or an utterance was lost.

    Raises OvAsrScoreError children for everything that stops the run.
    """
    started = time.perf_counter()
    report = RunReport(tool_version=__version__, command=list(job.command) or None, versions=_versions())
    report.totals.frame_shift_seconds = job.frame_shift_seconds
    options = _scorer_options(job)
    loaded = load(options)
    tables = resolve_tables(job, loaded.inputs, loaded.outputs, loaded.names)
    if not tables.inputs and not job.export_model:
        raise UsageError("-i/--input: expected a table of features, found none")
    opened = open_model(loaded, _scorer_options(job, tables.layers))

    skip = report_skips(job, report)
    join = JoinOptions(job.pair, job.allow_missing, job.allow_commands, skip)
    gaps = JoinGaps(report.missing_keys, report.extra_keys)
    source = _timed(read_utterances(tables.inputs, join, gaps), report) if tables.inputs else iter(())
    first = next(source, None)
    scorer = prepare_scorer(opened, _scorer_options(job, tables.layers), first)
    _describe(report, job, opened.inputs, scorer)
    if job.export_model:
        export_blob(scorer.compiled, Path(job.export_model), job.device)
        report.notes.append(f"exported to {job.export_model}; nothing was scored")
    else:
        utterances = source if first is None else chain([first], source)
        _score_all(job, tables, scorer, utterances, report, skip, on_utterance, started)
    return report


def _score_all(
    job: ScoreJob,
    tables: JobTables,
    scorer: Scorer,
    utterances: Iterator[Utterance],
    report: RunReport,
    skip: SkipUtterance | None,
    on_utterance: OnUtterance | None,
    started: float,
) -> None:
    specifiers = {table.input: table.specifier for table in tables.inputs}
    fitting = _fitting(utterances, scorer.fits, specifiers, skip)
    layer_times = LayerTimes() if job.profile else None
    totals = report.totals
    with ExitStack() as stack:
        # entered first, so that it is renamed last: a report under its final name tells of complete scores
        reporter = None
        if job.report:
            reporter = JsonReportWriter(stack.enter_context(atomic_output(job.report, "w")))
        writers = {
            layer: stack.enter_context(
                TableWriter(
                    specifier,
                    dtype=np.float64 if job.output_precision == "f64" else np.float32,
                    compression_method=job.compression_method,
                    allow_commands=job.allow_commands,
                )
            )
            for layer, specifier in tables.outputs.items()
        }
        references = stack.enter_context(
            ReferenceTables(tables.references, by_position=job.pair == "position", allow_commands=job.allow_commands)
        )
        ports = {layer: scorer.runner.outputs[index].name for index, layer in enumerate(tables.layers)}
        for scored in scorer.score(fitting, layer_times.add if layer_times else None):
            scores = {layer: scored.scores[port] for layer, port in ports.items()}
            writing = time.perf_counter()
            for layer, writer in writers.items():
                writer.write(scored.key, scores[layer])
            totals.write_seconds += time.perf_counter() - writing
            differences = references.compare(scored.key, scores, report, job.threshold)
            if totals.utterances == 0 and differences:
                _note_delay(scorer, references, scored, scores, report)
            utterance = _count(scored, differences, report)
            if reporter is not None:
                reporter.utterance(utterance)
            if on_utterance is not None:
                on_utterance(utterance)
        references.note_unused(report)
        if layer_times is not None:
            report.layers = layer_times.slowest_first()
        _judge(job, tables, report)
        totals.total_seconds = time.perf_counter() - started
        if reporter is not None:
            reporter.finish(report)


def report_skips(job: ScoreJob, report: RunReport) -> SkipUtterance | None:
    """What to do with utterances that cannot be scored: list them as failures, or None to stop at the first."""
    if job.on_error == "stop":
        return None

    def skip(key: str, error: OvAsrScoreError) -> None:
        report.add_failure(key, str(error))

    return skip


def _scorer_options(job: ScoreJob, layers: tuple[str, ...] = ()) -> ScorerOptions:
    device = job.device
    if job.profile and not device.profile:
        device = DeviceSettings(**{name: getattr(device, name) for name in device.__slots__} | {"profile": True})
    return ScorerOptions(
        model=job.model,
        blob=job.import_model,
        device=device,
        batch_size=job.batch_size,
        requests=job.requests,
        layout=job.layout,
        outputs=layers,
        left_context=job.left_context,
        right_context=job.right_context,
        mend=not job.keep_graph,
        fixed_batch=bool(job.export_model and job.batch_size),
    )


def _timed(utterances: Iterator[Utterance], report: RunReport) -> Iterator[Utterance]:
    while True:
        started = time.perf_counter()
        utterance = next(utterances, None)
        report.totals.read_seconds += time.perf_counter() - started
        if utterance is None:
            return
        yield utterance


def _fitting(
    utterances: Iterator[Utterance],
    fits: tuple[InputFit, ...],
    specifiers: Mapping[str, str],
    skip: SkipUtterance | None,
) -> Iterator[Utterance]:
    """Utterances whose frames are as wide as the model takes them."""
    for utterance in utterances:
        error = None
        for fit in fits:
            width = utterance.features[fit.name].shape[-1]
            if width != fit.width and utterance.num_frames:
                error = ShapeMismatchError(
                    f"{specifiers[fit.name]}: utterance '{utterance.key}': expected {fit.width} columns for input "
                    f"'{fit.name}', found {width}"
                )
        if error is None:
            yield utterance
        elif skip is None:
            raise error
        else:
            skip(utterance.key, error)


def _count(scored: UtteranceScores, differences: Mapping[str, object], report: RunReport) -> UtteranceReport:
    totals = report.totals
    totals.utterances += 1
    totals.frames += scored.num_frames
    totals.context_frames += scored.context_frames
    totals.requests += scored.num_requests
    totals.infer_seconds += scored.infer_seconds
    broken = [name for name, matrix in scored.scores.items() if not np.isfinite(matrix).all()]
    if broken and sum(note.startswith("not finite") for note in report.notes) < 5:
        report.notes.append(f"not finite: output {', '.join(broken)} of utterance '{scored.key}' holds NaN or infinity")
    return UtteranceReport(
        key=scored.key,
        frames=scored.num_frames,
        context_frames=scored.context_frames,
        requests=scored.num_requests,
        infer_seconds=scored.infer_seconds,
        scores={name: matrix.shape[1] for name, matrix in scored.scores.items()},
        differences=dict(differences),  # type: ignore[arg-type]
    )


def _judge(job: ScoreJob, tables: JobTables, report: RunReport) -> None:
    for layer in tables.references:
        total = report.comparison.get(layer)
        if total is not None:
            for message in exceeded_limits(total, job.limits):
                report.limit_messages.append(f"{layer}: {message}" if len(tables.references) > 1 else message)
        elif report.totals.utterances:
            report.limit_messages.append(f"{layer}: no utterance could be compared with {tables.references[layer]}")
    gaps = (report.missing_keys or report.extra_keys) and not job.allow_missing
    if report.limit_messages or report.num_failures or gaps:
        report.verdict = "failed"


def _note_delay(
    scorer: Scorer,
    references: ReferenceTables,
    scored: UtteranceScores,
    scores: Mapping[str, np.ndarray],
    report: RunReport,
) -> None:
    """Tell the right windows when the first utterance equals its reference but for a delay."""
    plan = scorer.plan
    if not plan.stateful or plan.left_context or plan.right_context:
        return
    for layer, matrix in scores.items():
        reference = references.last.get(layer)
        if reference is None or reference.shape != matrix.shape:
            continue
        delay = find_delay(matrix, reference, scorer.memory_frames or 50)
        if delay is not None:
            left = max((scorer.memory_frames or 2 * delay) - delay, 0)
            report.notes.append(
                f"the scores of '{scored.key}' are those of the reference {delay} frames late: give -cw_l {left} "
                f"-cw_r {delay}"
            )
            return


def _describe(report: RunReport, job: ScoreJob, inputs: tuple, scorer: Scorer) -> None:  # type: ignore[type-arg]
    report.model = {"path": job.model or job.import_model, "kind": "blob" if job.import_model else "model"}
    device = scorer.device
    report.device = {
        "device": device.requested,
        "runs_on": list(device.execution_devices),
        "name": device.full_name,
        "precision": device.precision_used,
        "precision_requested": device.precision_requested,
        "properties": device.properties,
    }
    report.inputs = list(inputs)
    report.outputs = list(scorer.runner.outputs)
    report.plan = {
        "mode": scorer.plan.mode,
        "frames_per_request": scorer.plan.block,
        "requests": scorer.plan.slots,
        "stateful": scorer.plan.stateful,
        "left_context": scorer.plan.left_context,
        "right_context": scorer.plan.right_context,
        "summary": plan_text(scorer.plan, scorer.fits),
        "reason": scorer.plan.reason,
    }
    report.notes += scorer.notes
    report.totals.load_seconds = scorer.load_seconds


def _versions() -> dict[str, str]:
    return {
        "openvino": openvino_version(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
    }
