from __future__ import annotations

import pytest

from ov_asr_score.job.run.word_verdict import exceeded_word_limits
from ov_asr_score.report.data.words import WordErrorCounts, WordTotals, word_changes
from ov_asr_score.settings.words.word_limits import WordLimits
from ov_asr_score.word_errors.changes import ChangeCounts


def totals(before: str = "", after: str = "", said: str | None = None) -> WordTotals:
    """Totals of one utterance whose words were ``before``; nothing is compared without words."""
    counts = ChangeCounts()
    if before:
        counts.add(before.split(), after.split(), None if said is None else said.split())
    found = WordTotals(changes=word_changes("h", counts))
    if said is not None:
        errors = counts.second
        found.errors = WordErrorCounts(1, 1, errors.length, 0, 0, errors.errors, errors.percent, 100.0, ())
    return found


NONE = (WordLimits(max_wer=100.0), WordLimits(max_wer_increase=100.0), WordLimits(max_changed_words=1000))


@pytest.mark.parametrize(
    ("found", "limits", "messages"),
    [
        (totals("a b c d", "a b c x", "a b c d"), WordLimits(25.0, 25.0, 1), []),
        (totals("a b c d", "a b c x", "a b c d"), WordLimits(max_wer=24.9), ["WER 25.00 %, expected 24.9 % or less"]),
        (
            totals("a b c d", "a b c x", "a b c d"),
            WordLimits(max_wer_increase=24.9),
            ["WER 0.00 -> 25.00 %, expected 24.9 % more or less"],
        ),
        (
            totals("a b c d", "a b c x", "a b c d"),
            WordLimits(max_changed_words=0),
            ["1 of 4 words changed, expected 0 or fewer"],
        ),
        # fewer errors are no increase, but changes
        (totals("a b c x", "a b c d", "a b c d"), WordLimits(0.0, 0.0, 1), []),
        (totals("a b c x", "a b c d", "a b c d"), WordLimits(max_changed_words=0), ["1 of 4 words changed, expected"]),
        *(
            (totals(), limits, [message])
            for limits, message in zip(NONE, ("WER nan", "no word", "no words"), strict=True)
        ),
        (WordTotals(), WordLimits(max_changed_words=1), ["no words were compared"]),
        # nothing was said, and something was heard
        (totals("a", "a", ""), WordLimits(max_wer=100.0), ["WER inf %"]),
        (totals("a", "a", ""), WordLimits(max_wer_increase=100.0), ["WER inf -> inf %"]),
    ],
)
def test_limits(found: WordTotals, limits: WordLimits, messages: list[str]) -> None:
    exceeded = list(exceeded_word_limits(found, limits))
    assert len(exceeded) == len(messages)
    for message, expected in zip(exceeded, messages, strict=True):
        assert message.startswith(expected)


def test_texts_of_changes() -> None:
    changes = totals("a b c d", "a b c x", "a b c d").changes
    assert changes is not None
    assert changes.text == "WER 0.00 -> 25.00, 1 of 4 words changed"
    unknown = totals("a b", "a c").changes
    assert unknown is not None
    assert (unknown.text, unknown.increase_percent) == ("1 of 2 words changed", None)
