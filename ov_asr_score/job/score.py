"""Run a ScoreJob: tables in, model, tables out, comparison and report."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ov_asr_score.comparison import ScoreDifference
from ov_asr_score.job.resume.resuming import Earlier, mark_scored, open_earlier, restore_scored
from ov_asr_score.job.run.export import export_model
from ov_asr_score.job.run.gna_report import clipping_notes, report_layers
from ov_asr_score.job.run.late_scores import note_delay
from ov_asr_score.job.run.nonfinite import note_nonfinite
from ov_asr_score.job.run.prepared_run import PreparedRun, TakesRecordings, prepare_run
from ov_asr_score.job.run.read_ahead import ReadAhead
from ov_asr_score.job.run.references import OnCompared, ReferenceTables
from ov_asr_score.job.run.report_files import new_report, report_file, trace_file
from ov_asr_score.job.run.run_verdict import judge
from ov_asr_score.job.run.run_words import open_words, with_words
from ov_asr_score.job.run.traced_scoring import score_traced
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.profiling import LayerTimes
from ov_asr_score.report.data.gna import PlacedLayer
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.scoring.engine import RecordLayers, UtteranceScores
from ov_asr_score.scoring.model_streams import keep_model_files
from ov_asr_score.scoring.plan import conversion_of
from ov_asr_score.scoring.plans.plan_text import plan_text
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.utterances.joining import JoinGaps, Utterance
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.score_job import ScoreJob

if TYPE_CHECKING:  # decoding is loaded where it is asked for
    from ov_asr_score.job.words.word_run import WordRun

# Bytes: more would only fill memory.
_FEATURES_AHEAD, _SCORES_AHEAD = 16 << 20, 64 << 20
_RESULT_BYTES = 1024  # of a result without its scores

OnUtterance = Callable[[UtteranceReport], None]


def run_job(job: ScoreJob, on_utterance: OnUtterance | None = None, aside: TakesRecordings | None = None) -> RunReport:
    """The report of a finished run; ``on_utterance`` is called after each utterance was written and compared.

    Recordings that ``aside`` takes are not scored with all others: their words come from there, in their order.
    Everything that the job names as output is complete under its final name when this returns, and not there under that
    name when it raises. ``report.verdict`` is ``failed`` when a limit was exceeded, an utterance was lost, or there was
    none.

    Raises OvAsrScoreError children for everything that stops the run.
    """
    with keep_model_files(job):
        return _run(job, on_utterance, aside)


def _run(job: ScoreJob, on_utterance: OnUtterance | None, aside: TakesRecordings | None = None) -> RunReport:
    started = time.perf_counter()
    report = new_report(job.command, job.notes)
    report.totals.frame_shift_seconds = job.frame_shift_seconds
    with (
        report_file(job.report, of_layers=job.profile, with_scores=job.report_scores) as reporter,
        trace_file(job.trace) as trace,
        ExitStack() as stack,
    ):
        run = prepare_run(job, report, trace, stack, aside)
        with (
            open_words(run, lambda job: _run(job, None)) as words,
            _open_tables(run, reporter.compared) as (writers, references, earlier),
        ):
            if job.export_model:
                conversion = conversion_of(run.scorer.plan)
                metadata = None if conversion is None else asdict(conversion)
                export_model(run.scorer, Path(job.export_model), job.device, metadata)
                report.notes.append(f"exported to {job.export_model}; nothing was scored")
            else:
                for utterance in _score_all(run, writers, references, earlier, report, words):
                    reporter.utterance(utterance)
                    if on_utterance is not None:
                        on_utterance(utterance)
                _report_gna(run, report)
                report.notes += run.integers.notes()
                if job.shard is None:
                    references.note_unused(report)
                _note_gaps(run.gaps, report)
                if words is not None:
                    words.finish()
                    report.words = words.totals
                    report.notes += words.notes
                judge(
                    report,
                    run.tables.references,
                    job.limits,
                    allow_missing=job.allow_missing,
                    may_be_empty=job.shard is not None,  # there may be fewer utterances than shards
                    words=job.decoding.limits,
                )
            report.notes = list(dict.fromkeys(report.notes))  # parts of a run may tell the same
            _note_stages(run, report)
            report.totals.total_seconds = time.perf_counter() - started
            # All outputs are synced before any is renamed, so that a full disk leaves none of them behind. The report
            # is renamed last: under its final name it tells of complete scores.
            for writer in writers.values():
                writer.finish()
            if earlier is not None:
                earlier.note_complete()
            if run.known is not None:
                run.known.note_complete()
            reporter.finish(report)
            if trace is not None:
                trace.finish(report.layers)
    return report


@contextmanager
def _open_tables(
    run: PreparedRun, on_compared: OnCompared | None
) -> Iterator[tuple[dict[str, TableWriter], ReferenceTables, Earlier | None]]:
    """Writers by layer, the references, and what is there of an interrupted run, if the job may resume one.

    Outputs get their names at the end. An export has no writers and no references.
    """
    job = run.job
    is_export = bool(job.export_model)
    with ExitStack() as stack:
        goes_on = job.resume and run.known is None
        earlier = stack.enter_context(open_earlier(job, run.tables, _machine(run.scorer))) if goes_on else None
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
            path_map=parse_path_map(job.path_map),
            skip_damaged=run.skip is not None,
            on_compared=on_compared,
            measures=job.measures,
        )
        yield writers, stack.enter_context(references), earlier


def _score_all(
    run: PreparedRun,
    writers: Mapping[str, TableWriter],
    references: ReferenceTables,
    earlier: Earlier | None,
    report: RunReport,
    words: WordRun | None = None,
) -> Iterator[UtteranceReport]:
    """Every utterance after it was decoded, written and compared."""
    job, scorer, totals = run.job, run.scorer, report.totals
    layer_times = LayerTimes() if job.profile else None
    ports = {layer: scorer.runner.outputs[index] for index, layer in enumerate(run.tables.layers)}
    as_vectors = scorer.vector_outputs if job.vectors_as == "vector" else frozenset()
    vectors = {layer for layer, port in ports.items() if port.name in as_vectors}
    utterances = run.utterances
    resumed = earlier.count if earlier is not None else len(run.known.utterances) if run.known is not None else 0
    if earlier is not None:
        utterances = mark_scored(earlier, utterances)
        report.notes += filter(None, [earlier.note_on_machine(_machine(scorer))])
    with _scored_ahead(run, utterances, layer_times.add if layer_times else None) as results:
        restored = results if earlier is None else restore_scored(earlier, results, ports, scorer.plan)
        frame_seconds = report.totals.frame_shift_seconds
        for scored in restored if words is None else with_words(words, run, restored, frame_seconds):
            scores = {layer: scored.scores[port.name] for layer, port in ports.items()}
            if totals.utterances < resumed:
                totals.resumed_utterances += 1
                totals.resumed_frames += scored.num_frames
            else:
                writing = time.perf_counter()
                for layer, writer in writers.items():
                    writer.write(scored.key, scores[layer].ravel() if layer in vectors else scores[layer])
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
    report.notes += scorer.late_notes()
    if layer_times is not None:
        layer_times.merge(scorer.runner.averaged_layer_times())
        report.layers = layer_times.slowest_first()


def _report_gna(run: PreparedRun, report: RunReport) -> None:
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
    run: PreparedRun, utterances: Iterator[Utterance], record_layers: RecordLayers | None
) -> Iterator[Iterator[UtteranceScores]]:
    """Scores of every utterance; reading and scoring go on in threads of their own while they are taken."""
    features, scores = (min(most, run.job.memory_limit // 8) for most in (_FEATURES_AHEAD, _SCORES_AHEAD))
    with ExitStack() as stack:
        # A pipe that gives nothing more holds up the end of an interrupted run for no longer than this.
        read = ReadAhead(utterances, _bytes_of_features, features, "reading", patience=0.5)
        results = score_traced(run.scorer, run.trace, read, record_layers, run.skip)
        scored = ReadAhead(results, _bytes_of_scores, scores, "scoring", patience=20.0)
        # Scoring ends only when reading has: the last callback is the first to be called.
        stack.callback(scored.close)
        stack.callback(read.close)
        yield scored


def _bytes_of_features(utterance: Utterance) -> int:
    return sum(value.nbytes for value in utterance.features.values())


def _bytes_of_scores(scored: UtteranceScores) -> int:
    # What was scored before counts a little, too, or any number of results could wait.
    return _RESULT_BYTES + sum(matrix.nbytes for matrix in scored.scores.values())


def _machine(scorer: Scorer) -> dict[str, str]:
    return {"device": scorer.device.full_name, "plan": plan_text(scorer.plan, scorer.fits)}


def _note_stages(run: PreparedRun, report: RunReport) -> None:
    """The time of all stages from sound to scores, or to words."""
    totals, times = report.totals, run.times
    if times is None:
        return
    aside = {} if run.aside is None else run.aside.stage_seconds
    totals.read_seconds = max(0.0, totals.read_seconds - sum(aside.values()))
    totals.stage_seconds = {"sound": times.sound, "features": times.features + aside.get("features", 0.0)}
    if times.ivectors:
        totals.stage_seconds["i-vectors"] = max(0.0, times.ivectors)
    totals.stage_seconds["network"] = totals.infer_seconds + aside.get("scores", 0.0)
    if report.words is not None:
        totals.stage_seconds["search"] = report.words.decode_seconds + aside.get("search", 0.0)


def _note_gaps(gaps: JoinGaps, report: RunReport) -> None:
    for by_table, listed in ((gaps.missing, report.missing_keys), (gaps.extra, report.extra_keys)):
        for specifier, keys in by_table.items():
            listed.setdefault(specifier, []).extend(keys)


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
