"""``ov-asr-score wer``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.words.wer_job import WerJob


def wer(job: WerJob, quiet: Quiet = False) -> None:
    """Count word errors of recognized texts, as compute-wer does, and show what they consist of.

    `ov-asr-score wer data/test/text exp/decode/hyp.txt`

    With a second hypothesis, both are compared: `ov-asr-score wer text hyp.txt new_hyp.txt`.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job.wer import run_wer
    from ov_asr_score.report.console.word_errors import render_word_errors

    report = run_wer(replace(job, command=sys.argv))
    if not quiet:
        render_word_errors(report, ReportConsole(stderr=job.report == "-"))
    elif report.failures:
        say(f"failed: {'; '.join(report.failures)}")
    if report.verdict != "ok":
        raise typer.Exit(EXIT_FAILED)
