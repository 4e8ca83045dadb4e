"""Run a job while showing how far it is, and print its report."""

from __future__ import annotations

from ov_asr_score.cli.failures import say
from ov_asr_score.cli.report_console import ReportConsole, uses_standard_output
from ov_asr_score.cli.table_texts import specifiers_of
from ov_asr_score.job import CompareJob, ScoreJob, run_comparison, run_job
from ov_asr_score.kaldi_io.table_size import estimate_utterances
from ov_asr_score.report.console import render_run_report, render_utterance
from ov_asr_score.report.progress import ScoringProgress
from ov_asr_score.report.run_report import RunReport, UtteranceReport, Verdict


def present_run(job: ScoreJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the job; its report goes to standard output, or to standard error when scores go to the former."""
    console = ReportConsole(stderr=uses_standard_output(job))
    silent = quiet or verbose  # utterance by utterance, a report of its own shows how far it is
    total = None if silent else _estimate(job)
    with ScoringProgress(total=total, frame_shift_seconds=job.frame_shift_seconds, quiet=silent) as progress:

        def show(utterance: UtteranceReport) -> None:
            progress.update(1, utterance.frames)
            if verbose and not quiet:
                render_utterance(utterance, console)

        report = run_job(job, show)
    _present(report, console, quiet=quiet, verbose=verbose)
    return report.verdict


def present_comparison(job: CompareJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the comparison; its report goes to standard output, or to standard error when JSON goes there."""
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
    total = estimate_utterances(specifiers[0]) if specifiers else None
    return total if total is None or job.shard is None else round(total / job.shard.count)


def _present(report: RunReport, console: ReportConsole, *, quiet: bool, verbose: bool) -> None:
    if not quiet:
        render_run_report(report, console, verbose=verbose)
    elif report.verdict != "ok":
        reasons = list(report.limit_messages)
        if report.num_failures:
            first = report.failures[0]
            reasons.append(f"{report.num_failures} utterances failed, first {first.key}: {first.message}")
        gaps = {"missing in": report.missing_keys, "only in": report.extra_keys}
        reasons += [
            f"{len(keys)} utterances {how} {table}, first {keys[0]}"
            for how, tables in gaps.items()
            for table, keys in tables.items()
        ]
        say(f"failed: {'; '.join(reasons)}")
