from __future__ import annotations

from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.changes import ChangeCounts


def test_changes_and_errors_of_both() -> None:
    counts = ChangeCounts()
    counts.add(["a", "b", "c"], ["a", "b", "c"], ["a", "b", "d"])
    counts.add(["a", "b"], ["a", "x", "b"], ["a", "x", "b"])
    counts.add(["a"], [])  # it is not known what was said
    assert (counts.utterances, counts.changed_utterances) == (3, 2)
    assert counts.changes == EditCounts(6, 1, 1, 0)
    assert counts.first == EditCounts(6, 0, 1, 1)
    assert counts.second == EditCounts(6, 0, 0, 1)


def test_as_many_errors_can_be_others() -> None:
    counts = ChangeCounts()
    counts.add(["a", "x", "c"], ["a", "b", "x"], ["a", "b", "c"])
    assert counts.first.errors == counts.second.errors == 1
    assert counts.changes.errors == 2
