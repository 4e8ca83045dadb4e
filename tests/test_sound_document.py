"""docs/sound.md names every format, setting and default, and its example runs."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, get_args

import pytest

from ov_asr_score.audio.sound_kinds import SHORT_START_BYTES, sound_kind
from ov_asr_score.settings.setting import settings_of
from ov_asr_score.settings.speech.sound import RawFormat, SoundSettings
from tests.audio.sounds import SPEECH
from tests.audio.wav_bytes import ANSWERS, wav

LISTS = ("segments", "min_segment_length", "max_overshoot")  # not about files of sound
TEXT = (Path(__file__).parents[1] / "docs" / "sound.md").read_text(encoding="utf-8")


def test_every_setting_is_named() -> None:
    for each in settings_of(SoundSettings):
        assert each.setting is not None
        assert each.name in LISTS or f"`{each.setting.longest_name(each.name)}" in TEXT, each.name


def test_every_raw_format_is_named() -> None:
    assert [name for name in get_args(RawFormat) if f"`{name}`" not in TEXT] == []


def test_limits_are_the_defaults() -> None:
    rows = dict(re.findall(r"^\| `--(max-[a-z-]+)` \| (\w+) \|", TEXT, re.MULTILINE))
    for each in settings_of(SoundSettings):
        if each.name in ("max_sound_seconds", "max_sound_size", "max_channels"):
            assert each.setting is not None
            assert rows.pop(each.name.replace("_", "-")) == str(each.setting.shown or f"{each.default:g}")
    assert rows == {}


def test_number_of_headers() -> None:
    assert f"{len(json.loads(ANSWERS.read_text(encoding='utf-8')))} headers" in TEXT


def test_short_starts_tell_what_is_decoded_while_it_is_read() -> None:
    for start in (wav(), b"NIST_1A\n   1024\n"):
        kind = sound_kind(start[:SHORT_START_BYTES], "")
        assert kind is not None and kind.decoders[0] == "own"


def test_example_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    example = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)[0]
    (tmp_path / "x.flac").write_bytes((SPEECH / "stereo.flac").read_bytes())
    (tmp_path / "x.wav").write_bytes(wav())
    monkeypatch.chdir(tmp_path)
    found: dict[str, Any] = {}
    exec(compile(example, "docs/sound.md", "exec"), found)
    audio, block = found["audio"], found["block"]
    assert audio.rate == 16000 and block.shape == (2, 11223)
