"""The report of a suite as plain data: a verdict and reasons for every run; no features and no scores.

Tests: tests/report/files/test_suite.py
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

FORMAT = "ov-asr-score-check"
FORMAT_VERSION = 1
"""Version of the JSON file; incremented when a field is removed or changes its meaning, not when one is added."""

Status: TypeAlias = Literal["passed", "failed", "error", "skipped"]

STATUSES: tuple[Status, ...] = ("passed", "failed", "error", "skipped")


@dataclass(frozen=True, slots=True)
class ErrorPlace:
    """Where the largest error is: frame and column from 0."""

    key: str
    frame: int
    column: int


@dataclass(frozen=True, slots=True)
class RunResult:
    """The result of one case on one device in one precision. Errors are None if nothing was compared.

    ``failed``: a limit is exceeded; ``error``: the run did not complete; ``skipped``: it cannot be run here. With
    several outputs, the values are those of the output with the largest error.
    """

    case: str
    device: str
    precision: str
    status: Status
    reasons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    utterances: int = 0
    frames: int = 0
    compared_frames: int = 0
    max_error: float | None = None
    rms_error: float | None = None
    max_relative_error: float | None = None
    class_agreement: float | None = None  # share of frames with the same best class
    place: ErrorPlace | None = None
    frames_per_second: float | None = None  # of scoring without reading; median of the repeats
    speed_ratio: float | None = None  # relative to the run it is compared with
    seconds: float = 0.0  # total time, including loading
    device_name: str = ""
    notes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """``case [CPU f32]``."""
        return f"{self.case} [{self.device} {self.precision}]"

    @property
    def reason(self) -> str:
        """All reasons in one line."""
        return "; ".join(" ".join(reason.splitlines()) for reason in self.reasons)


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """All runs of a suite in order; ``recorded`` are the references and baselines written on request."""

    suite: str
    results: tuple[RunResult, ...]
    recorded: tuple[str, ...] = ()
    seconds: float = 0.0
    tool_version: str = ""
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def counts(self) -> dict[Status, int]:
        """Number of runs by status, including zeros."""
        by_status = Counter(result.status for result in self.results)
        return {status: by_status[status] for status in STATUSES}

    @property
    def verdict(self) -> Literal["ok", "failed", "nothing"]:
        """``ok`` if at least one run passed and none failed; ``nothing`` if none could be run."""
        counts = self.counts
        if counts["failed"] or counts["error"]:
            return "failed"
        return "ok" if counts["passed"] else "nothing"

    @property
    def summary(self) -> str:
        """``5 passed, 1 failed, 2 skipped``."""
        return ", ".join(f"{number} {status}" for status, number in self.counts.items() if number) or "no runs"


def number_text(value: float | None, digits: str = ".3g") -> str:
    """A formatted number; empty for None."""
    return "" if value is None else format(value, digits)


def printable_line(text: str) -> str:
    """The text in one line, with control characters escaped."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in " ".join(text.splitlines()))


def share_text(value: float | None) -> str:
    """A fraction as a percentage, rounded down, so that only 1 gives 100 %; empty for None."""
    if value is None:
        return ""
    return f"{math.floor(value * 1e5) / 1e3:.3f}%"


COLUMNS = ("case", "device", "precision", "verdict", "max error", "rms error", "agreement", "frames/s", "reason")


def result_cells(result: RunResult) -> Sequence[str]:
    """The cells of the table row of a run, one per column of COLUMNS."""
    return (
        result.case,
        result.device,
        result.precision,
        result.status,
        number_text(result.max_error),
        number_text(result.rms_error),
        share_text(result.class_agreement),
        number_text(result.frames_per_second, ",.0f"),
        result.reason,
    )
