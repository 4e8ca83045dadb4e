from __future__ import annotations

from ov_asr_score.word_errors.characters import characters_of


def test_characters() -> None:
    assert characters_of(["ab", "c"], with_spaces=False) == ["a", "b", "c"]
    assert characters_of(["ab", "c"], with_spaces=True) == ["a", "b", " ", "c"]
    assert characters_of([], with_spaces=True) == []
    assert characters_of(["e\u0301"], with_spaces=False) == ["e", "\u0301"]
