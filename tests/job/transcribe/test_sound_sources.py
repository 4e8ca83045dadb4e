"""Texts for sound, and what they mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.job.transcribe.sound_sources import sound_specifier, sound_specifiers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.wav", "wav:a.wav"),
        ("calls/*.mp3", "wav:calls/*.mp3"),
        ("a,b=c.flac", "wav:a,b=c.flac"),
        ("record", "wav:record"),
        ("-", "wav:-"),
        ("lists/wav.scp", "wav,scp:lists/wav.scp"),
        ("sound.ark", "wav,ark:sound.ark"),
        ("scp:wav.scp", "wav,scp:wav.scp"),
        ("scp,p:wav.scp", "wav,scp,p:wav.scp"),
        ("wav,scp:wav.scp", "wav,scp:wav.scp"),
        ("wav:x", "wav:x"),
        ("C:sound.wav", "wav:C:sound.wav"),
    ],
)
def test_what_a_text_means(text: str, expected: str) -> None:
    assert sound_specifier(text) == expected


def test_folders(tmp_path: Path) -> None:
    assert sound_specifier(str(tmp_path)) == f"wav:{tmp_path}"
    (tmp_path / "wav.scp").write_text("a a.wav\n")
    assert sound_specifier(str(tmp_path)) == str(tmp_path)


def test_several_lists_are_refused() -> None:
    assert sound_specifiers(["a.wav", "b*.wav"]) == ["wav:a.wav", "wav:b*.wav"]
    with pytest.raises(UsageError, match=r"^sources: wav\.scp and 1 more: expected one list, or sound files only$"):
        sound_specifiers(["a.wav", "wav.scp"])
    with pytest.raises(UsageError, match="sources: - and 1 more"):
        sound_specifiers(["a.wav", "-"])
    with pytest.raises(UsageError, match="found none"):
        sound_specifiers([])
