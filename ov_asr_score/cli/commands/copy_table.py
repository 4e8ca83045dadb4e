"""``ov-asr-score copy-table``."""

from __future__ import annotations

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, fail, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.table_jobs import CopySettings


def copy_table(settings: CopySettings, quiet: Quiet = False) -> None:
    """Copy a table from any format to any other.

    `ov-asr-score copy-table scp:feats.scp ark,t:-`
    """
    from ov_asr_score.job.copy_table import copy_entries

    copied, skipped = copy_entries(settings)
    for key, message in skipped:
        say(f"skipped: {key}: {message}")
    if not quiet:
        say(f"copied {copied} entries" + (f", skipped {len(skipped)}" if skipped else ""))
    if skipped:
        raise typer.Exit(EXIT_FAILED)
    if not copied:
        fail(f"{settings.source}: holds no entries; an empty table was written", EXIT_FAILED)
