"""What a job that writes a table gives back.

Tests: tests/job/test_features.py, tests/job/test_ivectors.py
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """How many entries were written, keys that were skipped with the reason, and what is to be said of all."""

    count: int
    skipped: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()
