from __future__ import annotations

import pytest

from ov_asr_score.audio.sound_kinds import sound_kind
from tests.audio.sounds import by_av, by_soundfile, speech

SOUND = speech(0.2)


@pytest.mark.parametrize(
    ("form", "kind"),
    [
        ("WAV", "wav"),
        ("RF64", "wav"),
        ("FLAC", "FLAC"),
        ("OGG", "Ogg"),
        ("MP3", "MP3"),
        ("AIFF", "AIFF"),
        ("AU", "AU"),
        ("CAF", "CAF"),
        ("W64", "Wave64"),
        ("VOC", "VOC"),
        ("SVX", "IFF"),
        ("NIST", "NIST SPHERE"),
    ],
)
def test_what_soundfile_writes(form: str, kind: str) -> None:
    found = sound_kind(by_soundfile(SOUND, form)[:512], "x")
    assert found is not None and found.name == kind


@pytest.mark.parametrize(
    ("form", "codec", "kind"),
    [
        ("ipod", "aac", "MP4 or QuickTime"),
        ("mov", "pcm_s16le", "MP4 or QuickTime"),
        ("webm", "libopus", "WebM or Matroska"),
        ("adts", "aac", "AAC"),
        ("flv", "aac", "Flash video"),
        ("avi", "pcm_s16le", "AVI"),
        ("mpegts", "aac", "an MPEG transport stream"),
        ("asf", "wmav2", "Windows Media"),
        ("wv", "wavpack", "WavPack"),
        ("tta", "tta", "True Audio"),
        ("mp3", "libmp3lame", "MP3"),
    ],
)
def test_what_ffmpeg_writes(form: str, codec: str, kind: str) -> None:
    rate = {"libopus": 48000, "wmav2": 44100}.get(codec, 16000)
    found = sound_kind(by_av(SOUND, form, codec, rate)[:512], "x")
    assert found is not None and found.name == kind and "av" in found.decoders


@pytest.mark.parametrize(
    "start", [b"", b"RIFF\0\0\0\0WAVX", b"#EXTM3U\nfile.ts\n", b"\xff\xfeh\0i\0", b"text", bytes(100), b"\0BFM "]
)
def test_what_is_no_sound(start: bytes) -> None:
    assert sound_kind(start, "x.wav") is None


def test_mp3_may_begin_within_a_frame() -> None:
    found = sound_kind(bytes(512), "A.MP3")
    assert found is not None and found.name == "MP3"
    assert sound_kind(b"", "a.mp3") is None
