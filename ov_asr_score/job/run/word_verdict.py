"""Whether the words of a run keep to their limits."""

from __future__ import annotations

from collections.abc import Iterator
from math import nan

from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.settings.words.word_limits import WordLimits

ROUNDING = 1e-9
"""Of percents that are subtracted."""


def exceeded_word_limits(totals: WordTotals, limits: WordLimits) -> Iterator[str]:
    """One message for each limit that does not hold; NaN, and what was not counted, keep to none."""
    errors, changes = totals.errors, totals.changes
    if limits.max_wer is not None:
        found = nan if errors is None else errors.wer_percent
        if not found <= limits.max_wer:
            yield f"WER {found:.2f} %, expected {limits.max_wer:g} % or less"
    if limits.max_wer_increase is not None:
        if changes is None or changes.increase_percent is None:
            yield "no word error rate was compared with that of the other hypothesis"
        elif not changes.increase_percent <= limits.max_wer_increase + ROUNDING:
            yield f"{changes.wer_text()} %, expected {limits.max_wer_increase:g} % more or less"
    if limits.max_changed_words is not None:
        if changes is None or not changes.utterances:
            yield "no words were compared with those of the other hypothesis"
        elif changes.changed_words > limits.max_changed_words:
            yield f"{changes.words_text()}, expected {limits.max_changed_words:,} or fewer"
