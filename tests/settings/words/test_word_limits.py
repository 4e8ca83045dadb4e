from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.words.word_limits import WordLimits, check_word_limits


@pytest.mark.parametrize(
    ("limits", "files", "missing"),
    [
        (WordLimits(max_wer=1.0), ("", "hypothesis"), "reference_text"),
        (WordLimits(max_wer_increase=0.0), ("", "hypothesis"), "reference_text"),
        (WordLimits(max_wer_increase=0.0), ("text", ""), "hypothesis"),
        (WordLimits(max_changed_words=0), ("text", ""), "hypothesis"),
    ],
)
def test_limits_on_what_is_not_counted(limits: WordLimits, files: tuple[str, str], missing: str) -> None:
    with pytest.raises(UsageError, match=rf"^max_\w+: expected .* \({missing} FILE\), found none$"):
        check_word_limits(limits, *files)
    check_word_limits(limits, "text", "hypothesis")
    assert limits.are_set


def test_no_limits() -> None:
    check_word_limits(WordLimits(), "", "")
    check_word_limits(WordLimits(max_changed_words=0), "", "hypothesis")
    assert not WordLimits().are_set
