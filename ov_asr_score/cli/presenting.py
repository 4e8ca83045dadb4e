"""Run a job while showing how far it is, and print its report."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from ov_asr_score.cli.failures import say
from ov_asr_score.cli.report_console import ReportConsole
from ov_asr_score.decoding.token_passing.first_use import telling
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.frontend.sources import count_utterances, is_sound
from ov_asr_score.kaldi_io import parse_write_specifier
from ov_asr_score.kaldi_io.tables.size import estimate_utterances
from ov_asr_score.report.console.run import render_run_report, render_utterance
from ov_asr_score.report.data.run import RunReport, UtteranceReport, Verdict
from ov_asr_score.report.progress import ScoringProgress
from ov_asr_score.scoring.utterances.table_specs import apparent_pairs
from ov_asr_score.settings.score_job import ScoreJob
from ov_asr_score.settings.table_jobs import CompareJob
from ov_asr_score.settings.tables import Tables

if TYPE_CHECKING:  # one command has it
    from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob

RunOfJob: TypeAlias = Callable[[ScoreJob, Callable[[UtteranceReport], None]], RunReport]


def present_run(job: ScoreJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the job; its report goes to standard output, or to standard error when scores go to the former."""
    from ov_asr_score.job.score import run_job

    return _presented(job, run_job, ReportConsole(stderr=uses_standard_output(job)), quiet=quiet, verbose=verbose)


def present_transcription(job: TranscribeJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the transcription; its report goes to standard error, as words may go to standard output."""
    from ov_asr_score.job.transcribe.scoring_job import scoring_job
    from ov_asr_score.job.transcribe.transcription import read_directory, run_transcription

    directory = read_directory(job)

    def run(_: ScoreJob, show: Callable[[UtteranceReport], None]) -> RunReport:
        return run_transcription(job, show, directory=directory)

    return _presented(scoring_job(job, directory), run, ReportConsole(stderr=True), quiet=quiet, verbose=verbose)


def _presented(job: ScoreJob, run: RunOfJob, console: ReportConsole, *, quiet: bool, verbose: bool) -> Verdict:
    silent = quiet or verbose  # utterance by utterance, a report of its own shows how far it is
    total = None if silent else _estimate(job)
    # a preprocessor configuration that says another rate is not read for the sake of progress
    shift = 1 / (job.frontend.wave.wave_rate or 16_000) if job.frontend.takes_wave else job.frame_shift_seconds
    with ScoringProgress(total=total, frame_shift_seconds=shift, quiet=silent) as progress:

        def show(utterance: UtteranceReport) -> None:
            progress.update(1, utterance.frames)
            if verbose and not quiet:
                render_utterance(utterance, console)

        with telling(None if quiet else say):
            report = run(job, show)
    _present(report, console, quiet=quiet, verbose=verbose)
    return report.verdict


def present_comparison(job: CompareJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the comparison; its report goes to standard output, or to standard error when JSON goes there."""
    from ov_asr_score.job.comparing.compare import run_comparison

    console = ReportConsole(stderr=job.report == "-")

    def show(utterance: UtteranceReport) -> None:
        if verbose and not quiet:
            render_utterance(utterance, console)

    report = run_comparison(job, show)
    _present(report, console, quiet=quiet, verbose=verbose)
    return report.verdict


def _estimate(job: ScoreJob) -> int | None:
    """About how many utterances there are, None where that cannot be known; the first table gives them."""
    specifiers = specifiers_of(job.inputs)
    count = count_utterances if specifiers and is_sound(specifiers[0]) else estimate_utterances
    total = count(specifiers[0]) if specifiers else None
    for source in job.more_sound:
        more = count_utterances(source)
        total = None if total is None or more is None else total + more
    return total if total is None or job.shard is None else round(total / job.shard.count)


def _present(report: RunReport, console: ReportConsole, *, quiet: bool, verbose: bool) -> None:
    if not quiet:
        render_run_report(report, console, verbose=verbose)
    elif report.verdict != "ok":
        reasons = list(report.limit_messages)
        if report.num_failures:
            first = report.failures[0]
            reasons.append(f"{report.num_failures} utterances failed, first {first.key}: {first.message}")
        if report.words is not None and report.words.num_failures:
            first = report.words.failures[0]
            reasons.append(f"{report.words.num_failures} utterances without words, first {first.key}: {first.message}")
        gaps = {"missing in": report.missing_keys, "only in": report.extra_keys}
        reasons += [
            f"{len(keys)} utterances {how} {table}, first {keys[0]}"
            for how, tables in gaps.items()
            for table, keys in tables.items()
        ]
        say(f"failed: {'; '.join(reasons)}")


_STANDARD_OUTPUT = ("-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")


def uses_standard_output(job: ScoreJob) -> bool:
    """Whether scores, the report or the trace go to standard output (``-``, ``ark:-``, ``scores=ark,t:-``)."""
    return (
        job.report in _STANDARD_OUTPUT
        or job.trace in _STANDARD_OUTPUT
        or any(name in _STANDARD_OUTPUT for name in job.decoding.files.plain_files().values())
        or any(
            _is_standard_output(specifier)
            for specifier in (*specifiers_of(job.outputs), *job.decoding.files.tables().values())
        )
    )


def _is_standard_output(specifier: str) -> bool:
    try:
        parsed = parse_write_specifier(specifier)
    except OvAsrScoreError:
        return False
    return parsed.archive == "" or parsed.archive in _STANDARD_OUTPUT or parsed.script in _STANDARD_OUTPUT


def specifiers_of(tables: Tables) -> list[str]:
    """The specifiers without the names of their layers; none for a text that cannot be right."""
    try:
        return [specifier for _, specifier in apparent_pairs(tables)]
    except OvAsrScoreError:
        return []  # what is wrong with it is said by those who open it
