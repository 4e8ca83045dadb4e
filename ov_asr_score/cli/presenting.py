"""Run a job while showing how far it is, and print its report."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import nullcontext

from rich.console import Console

from ov_asr_score.job import CompareJob, ScoreJob, run_comparison, run_job
from ov_asr_score.kaldi_io import parse_write_specifier
from ov_asr_score.report.console import render_run_report, render_utterance
from ov_asr_score.report.progress import ScoringProgress
from ov_asr_score.report.run_report import UtteranceReport, Verdict


def present_run(job: ScoreJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the job; its report goes to standard output, or to standard error when scores go to the former."""
    specifiers = job.outputs.values() if not isinstance(job.outputs, Sequence) else job.outputs
    console = Console(stderr=writes_standard_output(list(specifiers)), highlight=False)
    utterance_lines = verbose and not quiet
    with ScoringProgress(frame_shift_seconds=job.frame_shift_seconds, quiet=quiet or utterance_lines) as progress:

        def show(utterance: UtteranceReport) -> None:
            progress.update(1, utterance.frames)
            if utterance_lines:
                render_utterance(utterance, console)

        report = run_job(job, show)
    if not quiet:
        render_run_report(report, console, verbose=verbose)
    elif report.verdict != "ok":
        _say_failure(report.limit_messages, report.num_failures)
    return report.verdict


def present_comparison(job: CompareJob, *, quiet: bool, verbose: bool) -> Verdict:
    """Verdict of the comparison; its report goes to standard output."""
    console = Console(highlight=False)
    with nullcontext():
        report = run_comparison(job, (lambda each: render_utterance(each, console)) if verbose and not quiet else None)
    if not quiet:
        render_run_report(report, console, verbose=verbose)
    elif report.verdict != "ok":
        _say_failure(report.limit_messages, report.num_failures)
    return report.verdict


def writes_standard_output(texts: Sequence[str]) -> bool:
    """Whether one of the tables goes to standard output (``-``, ``ark:-``, ``scores=ark,t:-``)."""
    for text in texts:
        specifier = text.split("=", maxsplit=1)[-1] if "=" in text else text
        try:
            parsed = parse_write_specifier(specifier)
        except Exception:
            continue  # what is wrong with it is said by those who open it
        if parsed.archive in ("-", "") or parsed.script in ("-",):
            return True
    return False


def _say_failure(messages: Sequence[str], num_failures: int) -> None:
    parts = [*messages, *([f"{num_failures} utterances failed"] if num_failures else [])]
    print(f"failed: {'; '.join(parts) or 'missing or extra utterances'}", file=sys.stderr)
