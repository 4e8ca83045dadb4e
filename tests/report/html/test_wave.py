"""Peaks, pictures and addresses of sound."""

from __future__ import annotations

import base64
import io
import re
import wave

import numpy as np
import pytest

from ov_asr_score.report.html.wave import PageSound, page_sound, wav_address, wave_peaks, wave_picture

TWO_CHANNELS = np.array([[100, -200], [-300, 50], [0, 25], [10, -32768]], np.int16)


def test_peaks_are_the_largest_of_each_part() -> None:
    assert wave_peaks(TWO_CHANNELS[:, 0], 4, 2) == [300, 10]
    assert wave_peaks(TWO_CHANNELS[:, 1], 4, 2) == [200, 32768]
    assert wave_peaks(np.array([0.5, -0.25]), 8, 1) == [0.5]
    assert wave_peaks(np.zeros(0), 8) == []
    assert len(wave_peaks(np.ones(8000), 8000)) == 100
    assert wave_peaks(np.array([1, 2]), 1, 100)[-1] == 2


def test_sound_in_the_page() -> None:
    sound = page_sound(TWO_CHANNELS, 8000)
    head, _, content = sound.address.partition(",")
    assert head == "data:audio/wav;base64"
    with wave.open(io.BytesIO(base64.b64decode(content))) as reader:
        assert (reader.getnchannels(), reader.getframerate(), reader.getnframes()) == (2, 8000, 4)
        assert reader.readframes(4) == TWO_CHANNELS.tobytes()
    assert wav_address(TWO_CHANNELS, 8000) == sound.source


@pytest.mark.parametrize(
    ("source", "address"),
    [
        ("", ""),
        ("a b#1?.wav", "./a%20b%231%3F.wav"),
        ("../sound/ä.flac", "./../sound/%C3%A4.flac"),
        ("https://example.org/a.wav", "./https%3A//example.org/a.wav"),
        ("//example.org/a.wav", "/example.org/a.wav"),
        ("/sound/a.wav", "/sound/a.wav"),
    ],
)
def test_addresses_name_files_only(source: str, address: str) -> None:
    assert PageSound([], source=source).address == address


def points(markup: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"([\d.]+),([\d.]+)", markup)]


def test_picture_of_a_part() -> None:
    sound = PageSound([[0.0, 0.5, 1.0, 0.25]], 2.0)
    assert points(wave_picture(sound, 1, 0.5, 1.5, 100))[:2] == [(25.0, 26.0), (75.0, 2.0)]
    # the part goes on beyond the sound
    assert points(wave_picture(sound, 1, 1.0, 3.0, 100))[:2] == [(12.5, 2.0), (37.5, 38.0)]


def test_nothing_to_draw() -> None:
    sound = PageSound([[0.0, 1.0]], 2.0)
    assert wave_picture(sound, 2, 0, 1, 100) == ""
    assert wave_picture(sound, 1, 5, 6, 100) == ""
    assert wave_picture(PageSound([[0.0, 0.0]], 2.0), 1, 0, 1, 100) == ""
    assert wave_picture(PageSound([]), 1, 0, 1, 100) == ""
