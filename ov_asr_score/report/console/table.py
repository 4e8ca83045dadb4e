"""What `table-info` prints.

Tests: tests/cli/commands/test_table_info.py
"""

from __future__ import annotations

from rich.console import Console

from ov_asr_score.report.console.run import render_facts
from ov_asr_score.report.data.table import Lengths, TableInfo, TableInfoReport, TableValues
from ov_asr_score.text import shown_key


def render_table_info(report: TableInfoReport, console: Console) -> None:
    """Print what each table holds."""
    for table in report.tables:
        render_facts(console, table.table, _facts(table))


def _facts(table: TableInfo) -> dict[str, object]:
    widths = {width: f"{count:,} matrices" for width, count in table.columns.items()}
    values = table.values
    return {
        "keys": f"{table.keys:,}",
        "kinds": {kind: f"{count:,}" for kind, count in table.kinds.items()},
        "frames": _lengths(table.rows),
        "columns": next(iter(widths), None) if len(widths) < 2 else widths,
        "vector lengths": _lengths(table.vector_lengths),
        "empty objects": f"{table.empty_objects:,}" if table.empty_objects else None,
        "bytes": f"{table.num_bytes:,}",
        "duration": f"{table.seconds / 3600:,.2f} hours ({table.seconds:,.2f} s)" if table.rows else None,
        "order": "sorted" if table.is_sorted else f"not sorted: {_key(table.first_unsorted)} comes too late",
        "duplicate keys": _duplicates(table),
        "unreadable": f"{table.unreadable:,}" if table.unreadable else None,
        "values": None if values is None else f"{values.least:g} to {values.greatest:g}, mean {values.mean:g}",
        "not finite": None if values is None else _nonfinite(values),
    }


def _duplicates(table: TableInfo) -> str | None:
    return f"{table.duplicate_keys:,}, first {_key(table.first_duplicate)}" if table.duplicate_keys else None


def _nonfinite(values: TableValues) -> str | None:
    if values.first_nonfinite is None:
        return None
    return f"{values.num_nan:,} NaN, {values.num_infinite:,} infinite, first in {_key(values.first_nonfinite)}"


def _lengths(lengths: Lengths | None) -> str | None:
    if lengths is None:
        return None
    spread = f"{lengths.least:,} to {lengths.most:,}, median {lengths.median:,.10g}, mean {lengths.mean:,.1f}"
    return f"{lengths.total:,} ({spread})"


def _key(key: str | None) -> str:
    return shown_key(key or "")
