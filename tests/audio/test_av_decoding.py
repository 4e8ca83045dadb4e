from __future__ import annotations

import sys

import numpy as np
import pytest

from ov_asr_score.audio.decoding import open_audio, read_audio
from ov_asr_score.errors import MissingExtraError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.shorten_bytes import shortened
from tests.audio.sounds import assert_read_or_refused, by_av, damaged_copies, speech

av = pytest.importorskip("av")


@pytest.mark.parametrize(
    ("form", "codec"),
    [("mov", "pcm_s16le"), ("ipod", "alac"), ("avi", "pcm_s16le"), ("matroska", "flac"), ("mov", "pcm_s24le")],
)
@pytest.mark.parametrize("channels", [1, 2])
def test_integers_keep_their_values(form: str, codec: str, channels: int) -> None:
    samples = speech(0.5, channels)
    content = by_av(samples, form, codec)
    with open_audio(content) as stream:
        assert (stream.rate, stream.channels, stream.length) == (16000, channels, None)
        blocks = list(stream.blocks(999))
    assert [block.shape for block in blocks] == [(channels, 999)] * 8 + [(channels, 8)]
    np.testing.assert_array_equal(np.concatenate(blocks, axis=1), samples)


@pytest.mark.parametrize(
    ("form", "codec", "rate"),
    [
        ("ipod", "aac", 16000),
        ("webm", "libopus", 48000),
        ("flv", "aac", 16000),
        ("wv", "wavpack", 16000),
        ("mp4", "aac", 44100),
    ],
)
def test_lossy_codecs_are_on_the_same_scale_and_in_time(form: str, codec: str, rate: int) -> None:
    soxr = pytest.importorskip("soxr")
    samples = speech(2)
    audio = read_audio(by_av(samples, form, codec, rate))
    assert audio.rate == rate
    expected = soxr.resample(samples[0].astype(np.float32), 16000, rate)
    start = 0 if form != "flv" else 1024  # Flash video does not tell the delay of AAC
    first = expected[rate // 2 : rate]
    second = audio.samples[0, rate // 2 + start : rate + start]
    assert np.corrcoef(first, second)[0, 1] > 0.98
    assert np.std(second) == pytest.approx(np.std(first), rel=0.05)


def test_the_sound_of_a_video() -> None:
    samples = speech(0.5)
    np.testing.assert_array_equal(read_audio(by_av(samples, "mov", "pcm_s16le", videos=1)).samples, samples)


def test_a_cut_webm_is_a_warning() -> None:
    content = by_av(speech(4), "webm", "libopus", 48000)
    warnings: list[str] = []
    read_audio(content, warn=warnings.append)
    assert warnings == []
    read_audio(content[: len(content) // 2], name="x.webm", warn=warnings.append)
    assert len(warnings) == 1
    assert warnings[0].startswith("x.webm: expected 4.0") and warnings[0].endswith("the file is cut")


def test_damage_is_refused_with_its_place() -> None:
    content = bytearray(by_av(speech(4), "adts", "aac"))
    content[len(content) // 2 : len(content) // 2 + 100] = bytes(100)
    with pytest.raises(
        SoundFormatError, match=r"^x\.aac: after sample \d+ \([12]\.\d+ s\): expected AAC, found damage"
    ):
        read_audio(bytes(content), name="x.aac")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0\0\0\x18ftypM4A " + bytes(100), "x: expected MP4 or QuickTime, found what ffmpeg refuses: Invalid data"),
        (shortened(speech(0.1)), "x: expected Shorten, found what ffmpeg refuses"),
        (b"#!AMR\n", "x: expected samples, found none"),
    ],
)
def test_what_ffmpeg_refuses(content: bytes, message: str) -> None:
    with pytest.raises(SoundFormatError) as caught:
        read_audio(content, name="x")
    assert message in str(caught.value)


def test_unknown_codecs_are_refused() -> None:
    content = by_av(speech(0.2), "ipod", "aac")
    with pytest.raises(SoundFormatError, match=r"^x: expected a codec that ffmpeg decodes, found another in the MP4"):
        read_audio(content.replace(b"mp4a", b"xxxx").replace(b"esds", b"free"), name="x")


def test_limits() -> None:
    content = by_av(speech(1, 2), "ipod", "alac")
    with pytest.raises(SoundFormatError, match=r"at most 0\.9 s of sound"):
        read_audio(content, SoundSettings(max_sound_seconds=0.9))
    with pytest.raises(SoundFormatError, match="at most 1 channels, found 2"):
        read_audio(content, SoundSettings(max_channels=1))


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    content = by_av(speech(0.1), "ipod", "aac")
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r'x: MP4 or QuickTime needs PyAV.*"ov-asr-score\[audio-all\]"'):
        read_audio(content, name="x")


@pytest.mark.parametrize(
    ("form", "codec"), [("ipod", "aac"), ("webm", "libopus"), ("adts", "aac"), ("avi", "pcm_s16le"), ("wv", "wavpack")]
)
def test_cuts_and_flips_give_samples_or_one_line(form: str, codec: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = by_av(speech(0.5), form, codec, 48000 if codec == "libopus" else 16000)
    assert_read_or_refused(damaged_copies(whole, form))
    assert capfd.readouterr().err == ""
