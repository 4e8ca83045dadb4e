"""What changes between two hypotheses for the same utterances: words, and errors against what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ov_asr_score.word_errors.alignment import EditCounts, count_edits


@dataclass(slots=True)
class ChangeCounts:
    """Sums over utterances, which are added one by one."""

    utterances: int = 0
    changed_utterances: int = 0
    changes: EditCounts = field(default_factory=EditCounts)  # of the second hypothesis against the first
    first: EditCounts = field(default_factory=EditCounts)  # errors of the first one, where it is known what was said
    second: EditCounts = field(default_factory=EditCounts)

    def add(self, first: Sequence[str], second: Sequence[str], said: Sequence[str] | None = None) -> None:
        """Count an utterance in; ``said`` is None where that is not known. Raises MissingExtraError."""
        changes = count_edits(first, second)
        self.utterances += 1
        self.changed_utterances += changes.errors > 0
        self.changes += changes
        if said is not None:
            self.first += count_edits(said, first)
            self.second += count_edits(said, second)
