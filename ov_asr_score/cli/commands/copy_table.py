"""``ov-asr-score copy-table``."""

from __future__ import annotations

from ov_asr_score.cli.counting import report_entries
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.table_jobs import CopySettings


def copy_table(settings: CopySettings, quiet: Quiet = False) -> None:
    """Copy a table from any format to any other.

    `ov-asr-score copy-table scp:feats.scp ark,t:-`
    """
    from ov_asr_score.job.copy_table import copy_entries

    copied, skipped = copy_entries(settings)
    report_entries("copied", copied, skipped, settings.source, quiet=quiet)
