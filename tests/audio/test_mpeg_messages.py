from __future__ import annotations

import os

import pytest

from ov_asr_score.audio.mpeg_messages import held_back
from tests.audio.sounds import by_soundfile, speech


def test_messages_are_held_back_and_others_pass(capfd: pytest.CaptureFixture[str]) -> None:
    with held_back("MP3") as damage:
        os.write(2, b"\n[src/libmpg123/layer3.c:do_layer3():1774] error: part2_3_length (896) too large\n")
        os.write(2, b"Warning: Xing stream size off by more than 1%, fuzzy seeking\nWARNING: one of ours\n")
        os.write(2, b"Note: Illegal Audio-MPEG-Header 0xd4800d91 at offset 2448.\nNote: Trying to resync...\n")
        assert damage == []
    assert capfd.readouterr().err == "WARNING: one of ours\n"
    assert damage == ["Note: Illegal Audio-MPEG-Header 0xd4800d91 at offset 2448.", "Note: Trying to resync..."]


def test_other_kinds_print_what_they_print(capfd: pytest.CaptureFixture[str]) -> None:
    with held_back("FLAC"):
        os.write(2, b"[src/libmpg123/layer3.c] error\n")
    assert capfd.readouterr().err.startswith("[src")


def test_standard_error_is_back_after_an_error(capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RuntimeError), held_back("MP3"):
        raise RuntimeError
    os.write(2, b"here\n")
    assert capfd.readouterr().err == "here\n"


def test_libsndfile_prints_without_it(capfd: pytest.CaptureFixture[str]) -> None:
    """What all this is for; if it fails, this module is not needed any more."""
    soundfile = pytest.importorskip("soundfile")
    import io

    content = by_soundfile(speech(), "MP3")
    soundfile.SoundFile(io.BytesIO(content[: len(content) // 2])).close()
    assert "Warning: Xing stream size" in capfd.readouterr().err
