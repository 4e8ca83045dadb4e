from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.recognition.phrases import PhraseSettings, parse_boost, parse_boosts
from ov_asr_score.settings.setting import settings_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kubernetes:3", ("kubernetes", 3.0)),
        ("turn  left : 2.5", ("turn left", 2.5)),
        ("10:30:-1", ("10:30", -1.0)),
    ],
)
def test_boosts(text: str, expected: tuple[str, float]) -> None:
    assert parse_boost(text) == expected
    assert parse_boosts((text, "a:1")) == (expected, ("a", 1.0))


@pytest.mark.parametrize("text", ["", "a", "a:", ":1", "a:x", "a:nan", "a:inf", "a:1e5", "a=1"])
def test_what_is_no_boost(text: str) -> None:
    with pytest.raises(UsageError, match="expected a word or phrase, a colon and a number, such as kubernetes:3") as e:
        parse_boost(text)
    assert str(e.value).startswith(f"{text}: ")


def test_settings() -> None:
    assert not PhraseSettings().are_given
    assert not PhraseSettings(repeat_phrases=True, unknown_cost=1.0).are_given
    names = {each.setting.longest_name(each.name) for each in settings_of(PhraseSettings) if each.setting}
    assert names == {"--phrases", "--grammar", "--repeat-phrases", "--unknown-cost", "--boost", "--boost-file"}
