"""The microphone, which a fake module stands for."""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np
import pytest

from ov_asr_score.audio.microphone import open_microphone
from ov_asr_score.errors import FileAccessError, MissingExtraError
from ov_asr_score.settings.recognition.listen_sound import ListenSound
from tests.audio.fake_sounddevice import FakeSounddevice

SAMPLES = np.arange(-400, 400, dtype="<i2")


def record(monkeypatch: pytest.MonkeyPatch, fake: FakeSounddevice, sound: ListenSound, notes: list[str]) -> Any:
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    with open_microphone(sound, model_rate=16000, piece_seconds=0.01, warn=notes.append) as stream:
        return stream.rate, list(stream.queue)


def test_blocks_of_the_microphone(monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[str] = []
    fake = FakeSounddevice(SAMPLES.tobytes(), overflows=True)
    rate, pieces = record(monkeypatch, fake, ListenSound(), notes)
    assert (rate, len(pieces), fake.closed) == (16000, 5, 1)
    np.testing.assert_array_equal(np.concatenate(pieces), SAMPLES)
    asked = {name: fake.opened[name] for name in ("samplerate", "blocksize", "device", "channels", "dtype")}
    assert asked == {"samplerate": 16000, "blocksize": 160, "device": None, "channels": 1, "dtype": "int16"}
    assert notes == ["microphone: sound was lost, as the machine was too busy to take it"]


def test_a_microphone_by_number_and_channel(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSounddevice(SAMPLES.tobytes())
    rate, pieces = record(monkeypatch, fake, ListenSound(8000, 2, channel=1, microphone="3"), [])
    assert (rate, fake.opened["device"], fake.opened["blocksize"]) == (8000, 3, 80)
    np.testing.assert_array_equal(np.concatenate(pieces), SAMPLES[1::2])


def test_microphones_are_named_where_none_can_be_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeSounddevice(b"", refuses="Error opening stream: Invalid sample rate")
    with pytest.raises(FileAccessError) as error:
        record(monkeypatch, fake, ListenSound(microphone="nice mic"), [])
    assert str(error.value) == (
        "microphone: cannot be opened: Error opening stream: Invalid sample rate; there are 1 USB mic"
    )
    monkeypatch.setattr(fake, "query_devices", lambda: [])
    with pytest.raises(FileAccessError, match="there is no microphone: send sound to standard input"):
        record(monkeypatch, fake, ListenSound(), [])


@pytest.mark.parametrize(
    "raised, words",
    [(ImportError("No module"), r"pip install \"ov-asr-score\[listen\]\""), (OSError("not found"), "libportaudio2")],
)
def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, raised: Exception, words: str) -> None:
    usual = builtins.__import__

    def importing(name: str, *rest: Any, **more: Any) -> Any:
        if name == "sounddevice":
            raise raised
        return usual(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", importing)
    with (
        pytest.raises(MissingExtraError, match=words),
        open_microphone(ListenSound(), model_rate=16000, piece_seconds=0.1, warn=print),
    ):
        pass
