"""``ov-asr-score compare-profiles``."""

from __future__ import annotations

import math
from typing import Annotated, Optional

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures, say
from ov_asr_score.cli.options import shared as o


def compare_profiles(
    before: Annotated[str, typer.Argument(metavar="A", help="Report of a run with -pc, JSON or CSV.")],
    after: Annotated[str, typer.Argument(metavar="B", help="Report of the run to judge.")],
    max_slowdown: Annotated[
        Optional[float],  # noqa: UP045 - typer reads this at run time on Python 3.10
        typer.Option(
            "--max-slowdown",
            min=0.0,
            metavar="RATIO",
            help="Exit code 1 when all layers together, or one of --min-share, take more than RATIO times as long.",
        ),
    ] = None,
    min_share: Annotated[
        float,
        typer.Option(
            "--min-share",
            min=0.0,
            max=100.0,
            metavar="PERCENT",
            help="Layers with less of A's time are too short to be held to --max-slowdown by themselves.",
        ),
    ] = 5.0,
    quiet: o.QuietOption = False,
    verbose: o.VerboseOption = False,
) -> None:
    """Which layers got slower from one profile to another.

    `ov-asr-score compare-profiles before.json after.json --max-slowdown 1.2`

    Profiles are reports of `score -pc --report FILE.json` (or FILE.csv). Times are wall time of all calls; where the
    runs scored different numbers of frames, those of B are brought to the frames of A.
    """
    with explained_failures():
        from ov_asr_score.cli.presenting import ReportConsole
        from ov_asr_score.errors import UsageError
        from ov_asr_score.job.compare_profiles import compare_profile_files
        from ov_asr_score.report.console.profile_comparison import render_profile_comparison, slowdowns

        if max_slowdown is not None and not math.isfinite(max_slowdown):
            raise UsageError(f"--max-slowdown: expected a ratio such as 1.2, found {max_slowdown}")
        comparison = compare_profile_files(before, after)
        if not quiet:
            render_profile_comparison(comparison, ReportConsole(), verbose=verbose)
        messages = [] if max_slowdown is None else slowdowns(comparison, max_slowdown, min_share / 100)
        if messages:
            for message in messages:
                say(f"failed: {message}")
            raise typer.Exit(EXIT_FAILED)
