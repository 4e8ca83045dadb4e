"""``ov-asr-score decode``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.words.decode_job import DecodeJob


def decode(job: DecodeJob, quiet: Quiet = False) -> None:
    """Decode scores to words, by a decoding graph or as a CTC model has them.

    `ov-asr-score decode -m final.mdl --graph HCLG.fst --words words.txt ark:scores.ark`

    Words go to standard output, as Kaldi's text, where no file is named for them.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.decoding.token_passing.first_use import telling
    from ov_asr_score.job.decode import run_decode
    from ov_asr_score.report.console.words import render_decode_report

    files = job.decoding.files
    if not files.are_named:
        job = replace(job, decoding=replace(job.decoding, files=replace(files, text="-")))
    with telling(None if quiet else say):
        report = run_decode(replace(job, command=sys.argv))
    if not quiet:
        render_decode_report(report, ReportConsole(stderr=True))
    elif report.verdict != "ok":
        failures = report.totals.num_failures
        reasons = [*([f"{failures} utterances without words"] if failures else []), *report.limit_messages]
        say(f"failed: {'; '.join(reasons)}")
    if report.verdict != "ok":
        raise typer.Exit(EXIT_FAILED)
