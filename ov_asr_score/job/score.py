"""Run a ScoreJob: tables in, model, tables out, comparison and report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import chain
from pathlib import Path

import numpy as np

from ov_asr_score.comparison import Limits, ScoreDifference
from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.job.resume.resuming import Earlier, check_can_resume, mark_known, open_earlier, put_known
from ov_asr_score.job.run.export import export_model
from ov_asr_score.job.run.fitting import fitting, read_until_fit
from ov_asr_score.job.run.gna import Sample, clipping_notes, report_layers, with_scale_factors
from ov_asr_score.job.run.late_scores import note_delay
from ov_asr_score.job.run.model_facts import model_facts
from ov_asr_score.job.run.nonfinite import note_nonfinite
from ov_asr_score.job.run.overwriting import check_overwriting
from ov_asr_score.job.run.read_ahead import Ahead
from ov_asr_score.job.run.references import OnCompared, ReferenceTables
from ov_asr_score.job.run.report_files import new_report, report_file, trace_file
from ov_asr_score.job.run.tables import JobTables, resolve_tables
from ov_asr_score.job.run.traced_scoring import score_traced
from ov_asr_score.job.run.trial import scorer_options
from ov_asr_score.job.run.verdict import check_measures, judge
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.profiling import LayerTimes
from ov_asr_score.report.data.gna import PlacedLayer
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.report.trace import TraceWriter
from ov_asr_score.scoring.engine import RecordLayers, UtteranceScores
from ov_asr_score.scoring.opening import NODE_ADVICE, OpenModel, load, open_model
from ov_asr_score.scoring.options import ScorerOptions
from ov_asr_score.scoring.plan import conversion_of
from ov_asr_score.scoring.plans.text import plan_facts, plan_text
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.utterances.joining import JoinGaps, JoinOptions, SkipUtterance, Utterance, read_utterances
from ov_asr_score.settings.score_job import ScoreJob

# Bytes: more would only fill memory.
_FEATURES_AHEAD, _SCORES_AHEAD = 16 << 20, 64 << 20
_RESULT_BYTES = 1024  # of a result without its scores

OnUtterance = Callable[[UtteranceReport], None]


def run_job(job: ScoreJob, on_utterance: OnUtterance | None = None) -> RunReport:
    """The report of a finished run; ``on_utterance`` is called after each utterance was written and compared.

    Everything that the job names as output is complete under its final name when this returns, and not there under that
    name when it raises. ``report.verdict`` is ``failed`` when a limit was exceeded, an utterance was lost, or there was
    none.

    Raises OvAsrScoreError children for everything that stops the run.
    """
    started = time.perf_counter()
    report = new_report(job.command, job.notes)
    report.totals.frame_shift_seconds = job.frame_shift_seconds
    with (
        report_file(job.report, of_layers=job.profile, with_scores=job.report_scores) as reporter,
        trace_file(job.trace) as trace,
    ):
        run = _prepare(job, report, trace)
        with _open_tables(run, reporter.compared) as (writers, references, earlier):
            if job.export_model:
                facts = conversion_of(run.scorer.plan)
                conversion = None if facts is None else asdict(facts)
                export_model(run.scorer, Path(job.export_model), job.device, conversion)
                report.notes.append(f"exported to {job.export_model}; nothing was scored")
            else:
                for utterance in _score_all(run, writers, references, earlier, report):
                    reporter.utterance(utterance)
                    if on_utterance is not None:
                        on_utterance(utterance)
                _report_gna(run, report)
                if job.shard is None:
                    references.note_unused(report)
                _note_gaps(run.gaps, report)
                judge(
                    report,
                    run.tables.references,
                    job.limits,
                    allow_missing=job.allow_missing,
                    may_be_empty=job.shard is not None,  # there may be fewer utterances than shards
                )
            report.totals.total_seconds = time.perf_counter() - started
            # everything is on the disk before anything gets its name: where there is no room for one, there are none.
            # The report is named last, so that under its final name it tells of complete scores
            for writer in writers.values():
                writer.finish()
            if earlier is not None:
                earlier.note_complete()
            reporter.finish(report)
            if trace is not None:
                trace.finish(report.layers)
    return report


@dataclass(frozen=True, slots=True)
class _Run:
    """A job whose model is compiled for its tables, with the utterances that go through it."""

    job: ScoreJob
    tables: JobTables
    scorer: Scorer
    utterances: Iterator[Utterance]
    skip: SkipUtterance | None
    gaps: JoinGaps
    sample: Sample | None  # for a report on the layers of GNA
    trace: TraceWriter | None


def _prepare(job: ScoreJob, report: RunReport, trace: TraceWriter | None) -> _Run:
    started = time.perf_counter()
    loaded = load(_scorer_options(job))
    advice = NODE_ADVICE if loaded.facts else ""
    tables = resolve_tables(job, loaded.inputs, loaded.outputs, loaded.names, advice)
    if not tables.inputs and not job.export_model:
        raise UsageError("-i/--input: expected a table of features, found none")
    if job.limits != Limits() and not tables.references:
        raise UsageError("--max-error and its like: expected a reference to compare with (-r), found none")
    check_measures(job.measures, job.limits)
    check_overwriting(job, tables)
    if job.resume:
        check_can_resume(job, tables)
    options = _scorer_options(job, tables.layers)
    opened = open_model(loaded, options)
    _check_layers_differ(tables, opened)

    skip = _skip_into(report) if job.on_error == "skip" else None
    # what is skipped is listed, and so is what other tables lack
    allow_missing = job.allow_missing or skip is not None
    join = JoinOptions(job.pair, allow_missing, job.allow_commands, skip, job.shard)
    gaps = JoinGaps()  # those of references are no reason to stop reading, so they are kept apart
    specifiers = {table.input: table.specifier for table in tables.inputs}
    source = _timed(read_utterances(tables.inputs, join, gaps), report, trace) if tables.inputs else iter(())
    read, first = read_until_fit(source, opened.inputs, specifiers, skip)
    options, loudest = with_scale_factors(options, tables.inputs, join)
    scorer = prepare_scorer(opened, options, first, loudest)
    _describe(report, job, opened, scorer)
    utterances = _noting_nonfinite(fitting(chain(read, source), scorer.fits, specifiers, skip), report)
    sample = Sample(opened.inputs) if job.device.gna.accuracy_report else None
    utterances = utterances if sample is None else sample.passing(utterances)
    if trace is not None:
        trace.event("run", "prepare", started, time.perf_counter(), load_seconds=scorer.load_seconds)
    return _Run(job, tables, scorer, utterances, skip, gaps, sample, trace)


@contextmanager
def _open_tables(
    run: _Run, on_compared: OnCompared | None
) -> Iterator[tuple[dict[str, TableWriter], ReferenceTables, Earlier | None]]:
    """Writers by layer, the references, and what is there of an interrupted run, if the job may go on with one.

    What was written gets its names at the end. Nothing for an export.
    """
    job = run.job
    is_export = bool(job.export_model)
    with ExitStack() as stack:
        earlier = stack.enter_context(open_earlier(job, run.tables, _machine(run.scorer))) if job.resume else None
        writers = {
            layer: stack.enter_context(
                TableWriter(
                    specifier,
                    dtype=np.float64 if job.output_precision == "f64" else np.float32,
                    compression_method=job.compression_method,
                    allow_commands=job.allow_commands,
                    open_file=None if earlier is None else earlier.open_file,
                )
            )
            for layer, specifier in run.tables.outputs.items()
            if not is_export
        }
        references = ReferenceTables(
            {} if is_export else run.tables.references,
            by_position=job.pair == "position",
            allow_commands=job.allow_commands,
            skip_damaged=run.skip is not None,
            on_compared=on_compared,
            measures=job.measures,
        )
        yield writers, stack.enter_context(references), earlier


def _score_all(
    run: _Run,
    writers: Mapping[str, TableWriter],
    references: ReferenceTables,
    earlier: Earlier | None,
    report: RunReport,
) -> Iterator[UtteranceReport]:
    """Every utterance after it was written and compared."""
    job, scorer, totals = run.job, run.scorer, report.totals
    layer_times = LayerTimes() if job.profile else None
    ports = {layer: scorer.runner.outputs[index] for index, layer in enumerate(run.tables.layers)}
    utterances = run.utterances
    if earlier is not None:
        utterances = mark_known(earlier, utterances)
        report.notes += filter(None, [earlier.note_on_machine(_machine(scorer))])
    with _scored_ahead(run, utterances, layer_times.add if layer_times else None) as results:
        for scored in results if earlier is None else put_known(earlier, results, ports, scorer.plan):
            scores = {layer: scored.scores[port.name] for layer, port in ports.items()}
            if earlier is not None and totals.utterances < earlier.count:
                totals.resumed_utterances += 1
                totals.resumed_frames += scored.num_frames
            else:
                writing = time.perf_counter()
                for layer, writer in writers.items():
                    writer.write(scored.key, scores[layer])
                ended = time.perf_counter()
                totals.write_seconds += ended - writing
                if run.trace is not None and writers:
                    run.trace.event("writing", "write", writing, ended, utterance=scored.key, frames=scored.num_frames)
            comparing = time.perf_counter()
            differences = references.compare(scored.key, scores, report, job.threshold)
            if run.trace is not None and run.tables.references:
                run.trace.event("comparing", "compare", comparing, time.perf_counter(), utterance=scored.key)
            if totals.utterances == 0 and differences:
                note_delay(scorer, references, scored.key, scores, report)
            yield _count(scored, differences, report)
    if layer_times is not None:
        layer_times.merge(scorer.runner.averaged_layer_times())
        report.layers = layer_times.slowest_first()


def _report_gna(run: _Run, report: RunReport) -> None:
    emulation = run.scorer.emulation
    if emulation is None:
        return
    report.placement = [
        PlacedLayer(layer.name, layer.type, layer.device, layer.part, layer.reason) for layer in emulation.placement
    ]
    report.notes += clipping_notes(run.scorer)
    if run.sample is not None:
        report.gna = report_layers(emulation, run.sample, run.job.device.gna)


@contextmanager
def _scored_ahead(
    run: _Run, utterances: Iterator[Utterance], record_layers: RecordLayers | None
) -> Iterator[Iterator[UtteranceScores]]:
    """Scores of every utterance; reading and scoring go on in threads of their own while they are taken."""
    features, scores = (min(most, run.job.memory_limit // 8) for most in (_FEATURES_AHEAD, _SCORES_AHEAD))
    with ExitStack() as stack:
        # A pipe that gives nothing more holds up the end of an interrupted run for no longer than this.
        read = Ahead(utterances, _bytes_of_features, features, "reading", patience=0.5)
        results = score_traced(run.scorer, run.trace, read, record_layers, run.skip)
        scored = Ahead(results, _bytes_of_scores, scores, "scoring", patience=20.0)
        # Scoring ends only when reading has: the last callback is the first to be called.
        stack.callback(scored.close)
        stack.callback(read.close)
        yield scored


def _bytes_of_features(utterance: Utterance) -> int:
    return sum(value.nbytes for value in utterance.features.values())


def _bytes_of_scores(scored: UtteranceScores) -> int:
    # what is known already counts a little, too, or any number of results could wait
    return _RESULT_BYTES + sum(matrix.nbytes for matrix in scored.scores.values())


def _machine(scorer: Scorer) -> dict[str, str]:
    return {"device": scorer.device.full_name, "plan": plan_text(scorer.plan, scorer.fits)}


def _note_gaps(gaps: JoinGaps, report: RunReport) -> None:
    for found, listed in ((gaps.missing, report.missing_keys), (gaps.extra, report.extra_keys)):
        for specifier, keys in found.items():
            listed.setdefault(specifier, []).extend(keys)


def _skip_into(report: RunReport) -> SkipUtterance:
    """List utterances that cannot be scored as failures."""

    def skip(key: str, error: OvAsrScoreError) -> None:
        report.add_failure(key, str(error))

    return skip


def _scorer_options(job: ScoreJob, layers: tuple[str, ...] = ()) -> ScorerOptions:
    exports_whole = bool(job.export_model) and job.device.gna_mode is None
    return replace(
        scorer_options(job),
        blob=job.import_model,
        device=replace(job.device, profile=job.profile or job.device.profile),
        outputs=layers,
        fixed_batch=bool(job.export_model and job.batch_size),
        one_at_a_time=bool(job.export_model),
        # An export takes whole utterances unless it is asked for another.
        kaldi=replace(job.kaldi, time="utterance") if exports_whole and job.kaldi.time == "auto" else job.kaldi,
    )


def _check_layers_differ(tables: JobTables, opened: OpenModel) -> None:
    """Two tables of one option must not be for one output under two of its names."""
    output_of = dict(zip(tables.layers, opened.wanted, strict=False))
    for option, names in (("-o/--output", tables.outputs), ("-r/--reference", tables.references)):
        first: dict[int, str] = {}
        for name in names:
            other = first.setdefault(output_of[name], name)
            if other != name:
                raise UsageError(f"{option}: layer '{name}' is given twice; '{other}' is another name of it")


def _noting_nonfinite(utterances: Iterator[Utterance], report: RunReport) -> Iterator[Utterance]:
    """The utterances; NaN in features is noted, because an activation such as ReLU can hide it from the scores."""
    for utterance in utterances:
        note_nonfinite(f"input {{}} of utterance '{utterance.key}'", utterance.features, report)
        yield utterance


def _timed(utterances: Iterator[Utterance], report: RunReport, trace: TraceWriter | None) -> Iterator[Utterance]:
    while True:
        started = time.perf_counter()
        utterance = next(utterances, None)
        ended = time.perf_counter()
        report.totals.read_seconds += ended - started
        if utterance is None:
            return
        if trace is not None:
            trace.event("reading", "read", started, ended, utterance=utterance.key, frames=utterance.num_frames)
        yield utterance


def _count(scored: UtteranceScores, differences: Mapping[str, ScoreDifference], report: RunReport) -> UtteranceReport:
    totals = report.totals
    totals.utterances += 1
    totals.frames += scored.num_frames
    totals.context_frames += scored.context_frames
    totals.requests += scored.num_requests
    totals.infer_seconds += scored.infer_seconds
    note_nonfinite(f"output {{}} of utterance '{scored.key}'", scored.scores, report)
    return UtteranceReport(
        key=scored.key,
        frames=scored.num_frames,
        context_frames=scored.context_frames,
        requests=scored.num_requests,
        infer_seconds=scored.infer_seconds,
        scores={name: matrix.shape[1] for name, matrix in scored.scores.items()},
        differences=dict(differences),
    )


def _describe(report: RunReport, job: ScoreJob, opened: OpenModel, scorer: Scorer) -> None:
    report.model = model_facts(job.model or job.import_model, opened.loaded.facts, opened.loaded.from_cache)
    device = scorer.device
    report.device = {
        "device": device.requested,
        "runs_on": list(device.execution_devices),
        "name": device.full_name,
        "precision": device.precision_used,
        "precision_requested": device.precision_requested,
        "properties": device.properties,
    }
    report.inputs = list(opened.inputs)
    report.outputs = list(scorer.runner.outputs)
    report.plan = plan_facts(scorer.plan, scorer.fits, job.device.streams)
    report.notes += scorer.notes
    report.totals.load_seconds = scorer.load_seconds
