"""A run of ``score`` before its first frame: everything is checked, the model compiled, the report begun.

Tests: tests/job/test_score.py
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ov_asr_score.comparison import Limits
from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.frontend.sources import is_sound, source_files
from ov_asr_score.frontend.stage_times import StageTimes
from ov_asr_score.job.outputs.overwriting import (
    NamedFiles,
    check_files,
    files_read,
    files_written,
    frontend_files_read,
    input_files_read,
    kaldi_files_read,
    model_files_read,
)
from ov_asr_score.job.resume.resuming import check_can_resume
from ov_asr_score.job.run.gna_report import FirstFrames
from ov_asr_score.job.run.model_facts import model_facts
from ov_asr_score.job.run.nonfinite import note_nonfinite
from ov_asr_score.job.run.run_verdict import check_measures
from ov_asr_score.kaldi_io import parse_read_specifier
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.report.trace import TraceWriter
from ov_asr_score.scoring.integer_inputs import IntegerInputs
from ov_asr_score.scoring.job_tables import JobTables
from ov_asr_score.scoring.plan import conversion_of
from ov_asr_score.scoring.plans.plan_text import plan_facts
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.session import (
    ModelWithTables,
    Session,
    open_model_with_tables,
    start_session,
    start_without_example,
)
from ov_asr_score.scoring.utterances.ivector_tables import IVECTOR_INPUT
from ov_asr_score.scoring.utterances.joining import JoinGaps, SkipUtterance, Utterance
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.score_job import ScoreJob

if TYPE_CHECKING:  # of use for words and sound alone
    from ov_asr_score.audio.recordings import Recording
    from ov_asr_score.job.resume.known_words import KnownWords
    from ov_asr_score.job.words.outcome import FoundUtterance


class TakesRecordings(Protocol):
    """What recognizes some recordings for itself."""

    def take(self, recording: Recording) -> Recording | None:
        """What is left to be scored: the recording, or None where it was taken. Raises what is wrong with it."""
        ...

    @property
    def stage_seconds(self) -> Mapping[str, float]:
        """Time that was spent, by stage: features, scores, search."""
        ...

    def before(self, key: str | None) -> Iterator[FoundUtterance]:
        """What was found in recordings before an utterance and was not given yet; None: before the end."""
        ...


@dataclass(frozen=True, slots=True)
class PreparedRun:
    """A job whose model is compiled for its tables, with the utterances that go through it."""

    job: ScoreJob
    tables: JobTables
    scorer: Scorer
    utterances: Iterator[Utterance]
    skip: SkipUtterance | None
    gaps: JoinGaps
    sample: FirstFrames | None  # for a report on the layers of GNA
    trace: TraceWriter | None
    integers: IntegerInputs
    channels: Mapping[str, tuple[str, int]]  # of utterances that are one of several of a recording, as they are read
    known: KnownWords | None = None  # where words alone are to be found, and a run may have found some before
    aside: TakesRecordings | None = None
    times: StageTimes | None = None  # of a source of sound


def prepare_run(
    job: ScoreJob, report: RunReport, trace: TraceWriter | None, stack: ExitStack, aside: TakesRecordings | None = None
) -> PreparedRun:
    """The run of ``job``; ``report`` gets what is known of it, and later what its utterances are found to be.

    What is open until the end of the run is so in ``stack``.

    Raises UsageError for what cannot be asked together, and what opening, reading and compiling raise.
    """
    started = time.perf_counter()
    skip = _skip_into(report) if job.on_error == "skip" else None
    opened = open_model_with_tables(job, skip=skip, needs_features=not job.export_model)
    _check(job, opened.tables)
    known = None
    if job.resume and not opened.tables.outputs:
        from ov_asr_score.job.resume.known_words import open_known_words

        known = stack.enter_context(closing(open_known_words(job, opened.tables)))
        opened = replace(opened, join=replace(opened.join, known=known.keys))
    gaps = JoinGaps()  # those of references are no reason to stop reading, so they are kept apart
    if aside is None:
        session = start_session(opened, _timed(opened.read(gaps), report, trace))
    else:  # nothing is read before outputs are open: recordings may be long
        opened = replace(opened, join=replace(opened.join, take=aside.take))
        session = start_without_example(opened, _timed(opened.read(gaps), report, trace))
    scorer = session.scorer
    _describe(report, job, session)
    if opened.join.frontend is not None:
        report.notes += opened.join.frontend.notes
        computed = opened.join.frontend.frame_shift_seconds
        if computed is not None:
            job = replace(job, frame_shift_seconds=computed)
            report.totals.frame_shift_seconds = computed
        if opened.join.frontend.wave is not None:  # a frame is a sample
            report.totals.frame_shift_seconds = 1 / opened.join.frontend.wave.sample_rate
    report.notes += _on_ivectors(scorer, opened)
    report.notes += _on_decoded_scores(job, session)
    utterances = _noting_nonfinite(session.utterances, report)
    integers = session.model.integer_inputs()
    utterances = integers.counting(utterances)
    sample = FirstFrames(session.model.inputs) if job.device.gna.accuracy_report else None
    utterances = utterances if sample is None else sample.passing(utterances)
    if trace is not None:
        trace.event("run", "prepare", started, time.perf_counter(), load_seconds=scorer.load_seconds)
    channels = opened.join.channels
    of_sound = opened.join.frontend is not None and is_sound(opened.tables.inputs[0].specifier)
    times = opened.join.times if of_sound else None
    return PreparedRun(
        job, opened.tables, scorer, utterances, skip, gaps, sample, trace, integers, channels, known, aside, times
    )


def _on_ivectors(scorer: Scorer, opened: ModelWithTables) -> list[str]:
    """What is to be known of i-vectors that change over time, where a Kaldi model is given one for an utterance."""
    conversion = conversion_of(scorer.plan)
    if conversion is None or conversion.time != "utterance":
        return []
    if not any(table.period and table.input == IVECTOR_INPUT for table in opened.tables.inputs):
        return []
    computed = None if opened.join.frontend is None else opened.join.frontend.ivectors
    if computed is not None and computed.extractor.options.greedy_ivector_extractor:
        return []  # they do not change
    return [
        "each utterance is scored with one online i-vector, that of its middle; Kaldi's programs take one for each "
        "chunk (frames_per_chunk, 50 by default)"
    ]


def _on_decoded_scores(job: ScoreJob, session: Session) -> list[str]:
    """Which scores are decoded, where a user may have meant others."""
    if not job.decoding.is_wanted:
        return []
    decoded = session.scorer.runner.outputs
    if len(decoded) == 1 and decoded[0].name == session.model.loaded.outputs[0].name:
        return []
    return [f"words are those of output '{decoded[0].name}'"]


def _check(job: ScoreJob, tables: JobTables) -> None:
    if job.limits != Limits() and not tables.references:
        raise UsageError(
            "error limits (max_error, …) need reference scores (references)", fields=("max_error", "references")
        )
    check_measures(job.measures, job.limits)
    check_files(_read_by(job, tables), _written_by(job, tables))
    if job.resume:
        check_can_resume(job, tables)


def _read_by(job: ScoreJob, tables: JobTables) -> NamedFiles:
    path_map = parse_path_map(job.path_map)
    yield from model_files_read("model", job.model)
    yield "import_model", job.import_model
    yield from kaldi_files_read(job.kaldi)
    yield from frontend_files_read(job.frontend)
    yield from input_files_read(tables.inputs, path_map)
    for source in job.more_sound:
        yield from (("inputs", name) for name in source_files(source, path_map))
    if job.decoding.is_wanted:
        from ov_asr_score.job.words.word_run import word_files_read

        yield from word_files_read(job.decoding)
    for specifier in tables.references.values():
        yield from files_read("references", parse_read_specifier(specifier, path_map))


def _written_by(job: ScoreJob, tables: JobTables) -> NamedFiles:
    for specifier in tables.outputs.values():
        yield from files_written("outputs", specifier)
    if job.export_model:
        yield "export_model", job.export_model
    if job.report:
        yield "report", job.report
    if job.trace:
        yield "trace", job.trace
    if job.decoding.is_wanted:
        from ov_asr_score.job.words.word_run import files_with_words

        yield from files_with_words(job.decoding)


def _skip_into(report: RunReport) -> SkipUtterance:
    """List utterances that cannot be scored as failures."""

    def skip(key: str, error: OvAsrScoreError) -> None:
        report.add_failure(key, str(error))

    return skip


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


def _noting_nonfinite(utterances: Iterator[Utterance], report: RunReport) -> Iterator[Utterance]:
    """The utterances; NaN in features is noted, because an activation such as ReLU can hide it from the scores."""
    for utterance in utterances:
        note_nonfinite(f"input {{}} of utterance '{utterance.key}'", utterance.features, report)
        yield utterance


def _describe(report: RunReport, job: ScoreJob, session: Session) -> None:
    scorer, loaded = session.scorer, session.model.loaded
    report.model = model_facts(job.model or job.import_model, loaded.kind, loaded.conversion, loaded.from_cache)
    device = scorer.device
    report.device = {
        "device": device.requested,
        "runs_on": list(device.execution_devices),
        "name": device.full_name,
        "precision": device.precision_used,
        "precision_requested": device.precision_requested,
        "properties": device.properties,
    }
    report.inputs = list(session.model.inputs)
    report.outputs = list(scorer.runner.outputs)
    report.plan = plan_facts(scorer.plan, scorer.fits, job.device.streams)
    report.notes += scorer.notes
    report.totals.load_seconds = scorer.load_seconds
