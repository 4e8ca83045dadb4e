"""The format of a report, which the suffix of its name says.

Tests: tests/job/run/test_report_files.py
"""

from __future__ import annotations

from typing import Literal, TypeAlias

ReportFormat: TypeAlias = Literal["page", "csv", "json"]

_SUFFIXES: dict[str, ReportFormat] = {".html": "page", ".htm": "page", ".csv": "csv"}


def report_format(path: str) -> ReportFormat:
    """The format of a report by the suffix of its name, which ``.gz`` may follow; JSON for any other suffix."""
    name = path.lower().removesuffix(".gz")
    return next((found for suffix, found in _SUFFIXES.items() if name.endswith(suffix)), "json")
