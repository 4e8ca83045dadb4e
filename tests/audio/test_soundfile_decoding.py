from __future__ import annotations

import sys

import numpy as np
import pytest

from ov_asr_score.audio.decoding import open_audio, read_audio
from ov_asr_score.errors import MissingExtraError, SoundFormatError
from ov_asr_score.settings.speech.sound import SoundSettings
from tests.audio.sounds import SPEECH, assert_read_or_refused, by_soundfile, damaged_copies, speech

LOSSLESS = [
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("AIFF", "PCM_16"),
    ("AU", "PCM_16"),
    ("CAF", "PCM_16"),
    ("W64", "PCM_16"),
    ("VOC", "PCM_16"),
    ("SVX", "PCM_16"),
]
LOSSY = [("OGG", "VORBIS"), ("OGG", "OPUS"), ("MP3", None), ("WAV", "IMA_ADPCM"), ("WAV", "GSM610")]


@pytest.mark.parametrize(("form", "subtype"), LOSSLESS)
@pytest.mark.parametrize("channels", [1, 2])
def test_integers_keep_their_values(form: str, subtype: str, channels: int) -> None:
    if (form, channels) == ("SVX", 2):
        pytest.skip("has one channel")
    samples = speech(0.5, channels)
    samples[:, :4] = [-32768, 32767, -1, 1]
    content = by_soundfile(samples, form, subtype)
    with open_audio(content) as stream:
        assert (stream.rate, stream.channels, stream.length) == (16000, channels, 8000)
        blocks = list(stream.blocks(999))
    assert [block.shape for block in blocks] == [(channels, 999)] * 8 + [(channels, 8)]
    joined = np.concatenate(blocks, axis=1)
    assert joined.dtype == np.float32
    np.testing.assert_array_equal(joined, samples)


@pytest.mark.parametrize("channels", [1, 2])
def test_flac_from_any_frame_on(channels: int) -> None:
    """In lossy formats what is before a place counts: there the place is not found."""
    samples = speech(2, channels)
    with open_audio(by_soundfile(samples, "FLAC", "PCM_16")) as stream:
        for start in (31000, 5, 0, 17000, 31999):
            blocks = list(stream.blocks(5000, start=start))
            np.testing.assert_array_equal(np.concatenate(blocks, axis=1), samples[:, start:])
        next(stream.blocks(5000, start=3))
        np.testing.assert_array_equal(next(stream.blocks(50, start=9999)), samples[:, 9999:10049])
    for form, subtype in LOSSY:
        with open_audio(by_soundfile(speech(0.5), form, subtype)) as stream:
            assert stream.decode_from is None


@pytest.mark.parametrize(("form", "subtype"), LOSSY)
def test_lossy_codecs_are_on_the_same_scale(form: str, subtype: str | None) -> None:
    samples = speech(2)
    warnings: list[str] = []
    decoded = read_audio(by_soundfile(samples, form, subtype), warn=warnings.append).samples
    assert warnings == []
    first, second = samples[0, 5000:30000].astype(float), decoded[0, 5000:30000].astype(float)
    assert np.corrcoef(first, second)[0, 1] > 0.97
    assert np.std(second) == pytest.approx(np.std(first), rel=0.1)


def test_bundled_speech() -> None:
    stereo = read_audio(str(SPEECH / "stereo.flac")).samples
    assert stereo.shape == (2, 27223)
    with open_audio(SPEECH / "w8k.flac") as stream:
        assert stream.rate == 8000 and stream.form == "FLAC, Signed 16 bit PCM"


@pytest.mark.parametrize("form", ["AIFF", "AU", "CAF", "W64", "VOC", "OGG", "MP3"])
def test_cut_files_are_a_warning(form: str) -> None:
    content = by_soundfile(speech(4), form)
    warnings: list[str] = []
    audio = read_audio(content[: len(content) * 3 // 4], name="x", warn=warnings.append)
    assert 16000 < audio.samples.shape[1] < 60000
    assert len(warnings) == 1 and warnings[0].startswith("x: expected ")


def test_damage_in_flac_is_refused_with_its_place() -> None:
    content = by_soundfile(speech(4), "FLAC")
    for damaged in (
        content[: len(content) // 2],
        content[: len(content) // 2] + b"\xff" + content[len(content) // 2 :],
    ):
        # libsndfile 1.2.0 only stops there
        with pytest.raises(SoundFormatError, match=r"^x: (after sample \d+ \(1\.\d+ s\): expected FLAC|.*found \d+;)"):
            read_audio(damaged, name="x")


def test_damage_in_mp3_is_skipped_with_a_warning(capfd: pytest.CaptureFixture[str]) -> None:
    content = by_soundfile(speech(4), "MP3")
    warnings: list[str] = []
    read_audio(content[:3000] + bytes(500) + content[3000:], name="x", warn=warnings.append)
    assert any("left out damaged data" in warning for warning in warnings)
    assert capfd.readouterr().err == ""


def test_limits() -> None:
    content = by_soundfile(speech(1, 2), "FLAC")
    with pytest.raises(SoundFormatError, match=r"at most 0\.9 s of sound"):
        read_audio(content, SoundSettings(max_sound_seconds=0.9))
    with pytest.raises(SoundFormatError, match="at most 1 channels, found 2"):
        read_audio(content, SoundSettings(max_channels=1))


def test_silence_that_unpacks_to_hours_is_refused() -> None:
    soundfile = pytest.importorskip("soundfile")
    import io

    file = io.BytesIO()
    with soundfile.SoundFile(file, "w", 8000, 1, "PCM_16", format="FLAC") as sound:
        for _ in range(20):
            sound.write(np.zeros(1 << 20, np.int16))
    assert len(file.getvalue()) < 200_000
    with pytest.raises(SoundFormatError, match="expected samples that take at most 1048576 bytes, found more"):
        read_audio(file.getvalue(), SoundSettings(max_sound_size=1 << 20))
    with pytest.raises(SoundFormatError, match="expected at most 600 s of sound, found more"):
        read_audio(file.getvalue(), SoundSettings(max_sound_seconds=600))


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    content = by_soundfile(speech(0.1), "FLAC")
    monkeypatch.setitem(sys.modules, "soundfile", None)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r'x: FLAC needs soundfile.*pip install "ov-asr-score\[audio\]"'):
        read_audio(content, name="x")


@pytest.mark.parametrize("form", ["FLAC", "OGG", "MP3", "AIFF", "AU", "CAF", "W64", "VOC"])
def test_cuts_and_flips_give_samples_or_one_line(form: str, capfd: pytest.CaptureFixture[str]) -> None:
    whole = by_soundfile(speech(0.5), form)
    assert_read_or_refused(damaged_copies(whole, form))
    assert capfd.readouterr().err == ""
