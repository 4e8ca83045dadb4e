"""The cheapest alignment of a hypothesis with its reference, and the errors in it; every error costs 1.

kaldialign does the work. Of alignments that cost the same it takes the one whose insertions, deletions and
substitutions compute-wer counts; align-text may take another one. Source: util/edit-distance-inl.h.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from types import ModuleType
from typing import TypeAlias

from ov_asr_score.errors import MissingExtraError

WordPair: TypeAlias = tuple[str | None, str | None]
"""A word of the reference beside one of the hypothesis; None in the first place: inserted, in the second: deleted."""

MAX_ALIGNED_CELLS = 150_000_000
"""Words of the reference times words of the hypothesis up to which they are aligned; 4 bytes of memory for each."""

_GAP = -1


@dataclass(frozen=True, slots=True)
class EditCounts:
    """Errors of a hypothesis in words, or in characters."""

    length: int = 0  # words or characters of the reference
    insertions: int = 0
    deletions: int = 0
    substitutions: int = 0

    @property
    def errors(self) -> int:
        """Insertions, deletions and substitutions."""
        return self.insertions + self.deletions + self.substitutions

    @property
    def percent(self) -> float:
        """Errors per 100 words or characters of the reference; without any of these NaN, or infinity with errors."""
        return percent_of(self.errors, self.length)

    def __add__(self, other: EditCounts) -> EditCounts:
        """The sums of all counts."""
        return EditCounts(
            self.length + other.length,
            self.insertions + other.insertions,
            self.deletions + other.deletions,
            self.substitutions + other.substitutions,
        )


def percent_of(errors: int, length: int) -> float:
    """Errors per 100 of ``length``; without length NaN, or infinity if there are errors."""
    return 100 * errors / length if length else inf if errors else nan


def align_words(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[WordPair, ...] | None:
    """The pairs of the cheapest alignment; None for texts that are too long to be aligned (MAX_ALIGNED_CELLS).

    Raises MissingExtraError.
    """
    if len(reference) * len(hypothesis) > MAX_ALIGNED_CELLS:
        return None
    if tuple(reference) == tuple(hypothesis):
        return tuple((word, word) for word in reference)
    ids: dict[str, int] = {}
    numbers = [[ids.setdefault(word, len(ids)) for word in words] for words in (reference, hypothesis)]
    words = [*ids, None]  # the last one for the gap, -1
    pairs = import_kaldialign().align(*numbers, _GAP)
    return tuple((words[ours], words[theirs]) for ours, theirs in pairs)


def count_edits(reference: Sequence[str], hypothesis: Sequence[str]) -> EditCounts:
    """The errors of the cheapest alignment, without making it: the memory is linear. Raises MissingExtraError."""
    if tuple(reference) == tuple(hypothesis):
        return EditCounts(len(reference))
    found = import_kaldialign().edit_distance(list(reference), list(hypothesis))
    return EditCounts(len(reference), found["ins"], found["del"], found["sub"])


def counts_of(pairs: Sequence[WordPair]) -> EditCounts:
    """The errors in an alignment."""
    insertions = sum(reference is None for reference, _ in pairs)
    deletions = sum(hypothesis is None for _, hypothesis in pairs)
    different = sum(reference != hypothesis for reference, hypothesis in pairs)
    return EditCounts(len(pairs) - insertions, insertions, deletions, different - insertions - deletions)


def import_kaldialign() -> ModuleType:
    """The module ``kaldialign``. Raises MissingExtraError if it is not installed."""
    try:
        import kaldialign
    except ImportError as error:
        raise MissingExtraError(
            f'word errors need the package kaldialign ({error}); run: pip install "ov-asr-score[decode]"'
        ) from error
    module: ModuleType = kaldialign
    return module
