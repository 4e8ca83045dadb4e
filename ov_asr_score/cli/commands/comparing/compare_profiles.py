"""``ov-asr-score compare-profiles``."""

from __future__ import annotations

import math

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, say
from ov_asr_score.cli.flags import Quiet, Verbose
from ov_asr_score.errors import UsageError
from ov_asr_score.settings.table_jobs import CompareProfilesSettings


def compare_profiles(settings: CompareProfilesSettings, quiet: Quiet = False, verbose: Verbose = False) -> None:
    """Show which layers got slower between two profiles.

    `ov-asr-score compare-profiles before.json after.json --max-slowdown 1.2`

    Profiles are reports of `score -pc --report FILE.json` (or FILE.csv). Times are the wall time of all calls; if the
    runs scored different numbers of frames, the times of B are scaled to the frames of A.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job.comparing.compare_profiles import compare_profile_files
    from ov_asr_score.report.console.profile_comparison import render_profile_comparison, slowdowns

    limit = settings.max_slowdown
    if limit is not None and not math.isfinite(limit):
        raise UsageError(f"max_slowdown: expected a ratio such as 1.2, found {limit}", fields=("max_slowdown",))
    comparison = compare_profile_files(settings.before, settings.after)
    if not quiet:
        render_profile_comparison(comparison, ReportConsole(), verbose=verbose)
    messages = [] if limit is None else slowdowns(comparison, limit, settings.min_share / 100)
    if messages:
        for message in messages:
            say(f"failed: {message}")
        raise typer.Exit(EXIT_FAILED)
