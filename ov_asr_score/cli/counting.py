"""What a command that writes a table says of its entries.

Tests: tests/cli/commands/test_copy_table.py, tests/cli/commands/test_features.py
"""

from __future__ import annotations

from collections.abc import Sequence

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, fail, say


def report_entries(done: str, count: int, skipped: Sequence[tuple[str, str]], source: str, *, quiet: bool) -> None:
    """Say how many entries were ``done`` (a verb: copied), and which were skipped, with reasons.

    Leaves with exit code 1 where any were skipped or there were none.
    """
    for key, message in skipped:
        say(f"skipped: {key}: {message}")
    if not quiet:
        entries = "entry" if count == 1 else "entries"
        say(f"{done} {count} {entries}" + (f", skipped {len(skipped)}" if skipped else ""))
    if skipped:
        raise typer.Exit(EXIT_FAILED)
    if not count:
        fail(f"{source}: holds no entries; an empty table was written", EXIT_FAILED)
