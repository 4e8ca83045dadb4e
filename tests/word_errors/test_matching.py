from __future__ import annotations

import pytest

from ov_asr_score.errors import MissingUtteranceError
from ov_asr_score.word_errors.matching import MatchedTexts, match_texts
from ov_asr_score.word_errors.text_formats import UtteranceText

A, B, C = (UtteranceText(key, (f"word-{key}",)) for key in "abc")
HEARD = {key: UtteranceText(key, (f"heard-{key}",)) for key in "cbz"}
PAIRS = ((B, ("heard-b",)), (C, ("heard-c",)))


def test_modes() -> None:
    reference = {text.key: text for text in (A, B, C)}
    assert match_texts(reference, HEARD, "present", "hyp") == MatchedTexts(PAIRS, ("a",), ("z",))
    assert match_texts(reference, HEARD, "all", "hyp") == MatchedTexts(((A, ()), *PAIRS), ("a",), ("z",))
    assert match_texts({"b": B, "c": C}, HEARD, "strict", "hyp") == MatchedTexts(PAIRS, (), ("z",))


def test_strict_mode_wants_every_utterance() -> None:
    with pytest.raises(MissingUtteranceError, match=r"hyp: expected a text for 'a', .* found none; score the others"):
        match_texts({"a": A, "b": B}, HEARD, "strict", "hyp")
    with pytest.raises(MissingUtteranceError, match=r"found none and 2 more;"):
        match_texts(dict.fromkeys(("a", "d", "e", "b"), A), HEARD, "strict", "hyp")
