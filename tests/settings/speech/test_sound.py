from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import PANELS, parsed, settings_of
from ov_asr_score.settings.speech.sound import SoundSettings, check_sound, parse_channel


@pytest.mark.parametrize(
    ("text", "channel"), [("", None), ("-1", None), ("0", 0), ("17", 17), ("mix", "mix"), ("all", "all")]
)
def test_channels(text: str, channel: object) -> None:
    assert parse_channel(text) == channel


@pytest.mark.parametrize("text", ["left", "-2", "1,2", "1.0", "99999", "²", " 1"])
def test_what_is_no_channel(text: str) -> None:
    with pytest.raises(UsageError, match="expected a channel counted from 0, mix or all"):
        parse_channel(text)


def test_records_are_complete() -> None:
    declared = settings_of(SoundSettings)
    assert [each.name for each in declared][:1] == ["channel"]
    for each in declared:
        assert each.setting is not None and each.setting.panel in PANELS and each.setting.help.endswith(".")
        if each.setting.parse is not None:
            assert parsed(each.name, each.setting, each.setting.shown) == each.default


def test_a_raw_format_needs_its_rate() -> None:
    check_sound(SoundSettings())
    check_sound(SoundSettings(raw_format="s16le", raw_rate=8000))
    with pytest.raises(UsageError, match="raw_format: expected raw_rate") as caught:
        check_sound(SoundSettings(raw_format="s16le"))
    assert caught.value.fields == ("raw_format", "raw_rate")
    with pytest.raises(UsageError, match="raw_rate: expected raw_format"):
        check_sound(SoundSettings(raw_rate=8000))
