"""``ov-asr-score compare``."""

from __future__ import annotations

import sys
from dataclasses import replace

import typer

from ov_asr_score.cli.failures import EXIT_FAILED
from ov_asr_score.cli.flags import Quiet, Verbose
from ov_asr_score.settings.table_jobs import CompareJob


def compare(job: CompareJob, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Compare two tables of scores.

    `ov-asr-score compare scores.ark reference.ark --max-error 1e-4`
    """
    from ov_asr_score.cli.presenting import present_comparison

    if present_comparison(replace(job, command=sys.argv), quiet=quiet, verbose=verbose) != "ok":
        raise typer.Exit(EXIT_FAILED)
