"""The report of a suite as plain data: a verdict and reasons for every run; no features and no scores.

Tests: tests/report/files/test_suite.py
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ov_asr_score.report.data.words import WordChanges

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
class WordResult:
    """The words of a run, against what was said and beside the words that they are compared with."""

    utterances: int  # that got words
    wer_percent: float | None  # null without text
    errors: int | None  # insertions, deletions and substitutions; null without text
    reference_words: int | None  # of what was said; null without text
    changes: WordChanges | None  # null if there is nothing to compare with

    @property
    def text(self) -> str:
        """``WER 8.18 -> 8.18, 3 of 159 words changed``, or as much of it as is known."""
        if self.changes is not None and (self.changes.wer_text() or self.wer_percent is None):
            return self.changes.text
        wer = "" if self.wer_percent is None else f"WER {self.wer_percent:.2f}"
        return ", ".join(filter(None, [wer, "" if self.changes is None else self.changes.words_text()]))


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
    real_time_factor: float | None = None  # seconds of inference per second of speech
    words: WordResult | None = None  # only if scores are decoded
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
class RankedRun:
    """A run among all that decoded the same utterances."""

    name: str  # of the run
    wer_percent: float
    errors: int  # insertions, deletions and substitutions
    real_time_factor: float | None  # seconds of inference per second of speech
    model_bytes: int | None  # of the files of the model
    best_probability: float | None
    """Share of resamples of the utterances, 0 to 1, in which the first run has fewer errors; null for that one."""
    p_value: float | None
    """Of the sign test over utterances against the first run: how likely so uneven a difference is by chance; null for
    that one."""


@dataclass(frozen=True, slots=True)
class Ranking:
    """Runs of several cases on the same utterances, those with the fewest errors first."""

    text: str  # what was said: a file
    utterances: int
    words: int  # of what was said
    runs: tuple[RankedRun, ...]


@dataclass(frozen=True, slots=True)
class SuiteReport:
    """All runs of a suite in order; ``recorded`` are the references and baselines written on request."""

    suite: str
    results: tuple[RunResult, ...]
    recorded: tuple[str, ...] = ()
    seconds: float = 0.0
    tool_version: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    rankings: tuple[Ranking, ...] = ()  # one for each text that several cases are held against

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


WORDS = "words"
COLUMNS = (
    *("case", "device", "precision", "verdict", "max error", "rms error", "agreement", "frames/s"),
    *(WORDS, "reason"),
)


def result_cells(result: RunResult) -> Mapping[str, str]:
    """The cells of the table row of a run, by column."""
    cells = (
        result.case,
        result.device,
        result.precision,
        result.status,
        number_text(result.max_error),
        number_text(result.rms_error),
        share_text(result.class_agreement),
        number_text(result.frames_per_second, ",.0f"),
        "" if result.words is None else result.words.text,
        result.reason,
    )
    return dict(zip(COLUMNS, cells, strict=True))


def run_columns(report: SuiteReport) -> Sequence[str]:
    """The columns of a table of the runs; there is one for words if any run has words."""
    has_words = any(result.words is not None for result in report.results)
    return COLUMNS if has_words else [name for name in COLUMNS if name != WORDS]


RANKING_COLUMNS = (
    "WER",
    "errors",
    "real-time factor",
    "model MB",
    "worse than the first",
    "p",
    "case [device precision]",
)


def ranking_title(ranking: Ranking) -> str:
    """What was decoded, in a line."""
    return f"{ranking.text}: {ranking.utterances:,} utterances, {ranking.words:,} words"


def ranking_cells(run: RankedRun) -> Sequence[str]:
    """The cells of the table row of a ranked run, one per column of RANKING_COLUMNS."""
    return (
        f"{run.wer_percent:.2f}",
        f"{run.errors:,}",
        number_text(run.real_time_factor),
        "" if run.model_bytes is None else f"{run.model_bytes / 1e6:,.2f}",
        "" if run.best_probability is None else f"{run.best_probability:.1%}",
        number_text(run.p_value),
        run.name,
    )
