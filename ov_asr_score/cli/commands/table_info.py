"""``ov-asr-score table-info``."""

from __future__ import annotations

from ov_asr_score.cli.failures import EXIT_FAILED, fail
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.table_jobs import TableInfoSettings


def table_info(settings: TableInfoSettings, quiet: Quiet = False) -> None:
    """Show what tables hold: keys, kinds of objects, rows, columns, bytes, frames in all.

    `ov-asr-score table-info scp:data/train/feats.scp --utt2num-frames data/train/utt2num_frames`

    Binary objects are passed over by their headers; --check-values reads the values, too.
    """
    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.job.table_info import run_table_info
    from ov_asr_score.report.console.table import render_table_info

    report = run_table_info(settings)
    if not quiet:
        to_stdout = "-" in (settings.report, settings.utt2num_frames, settings.utt2dur)
        render_table_info(report, ReportConsole(stderr=to_stdout))
    unreadable = sum(table.unreadable for table in report.tables)
    if unreadable:
        fail(f"{unreadable} utterances could not be read", EXIT_FAILED)
    if empty := [table.table for table in report.tables if not table.keys]:
        fail(f"{empty[0]}: holds no entries", EXIT_FAILED)
