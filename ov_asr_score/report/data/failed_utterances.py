"""Utterances of which nothing came, in the reports of runs.

Tests: tests/report/data/test_run.py
"""

from __future__ import annotations

from dataclasses import dataclass

MAX_LISTED_FAILURES = 1000
"""Largest number of listed failures; further ones are only counted, which bounds memory."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An utterance that was not scored, and the reason."""

    key: str  # key of the utterance
    message: str  # why it was not scored, in one line
