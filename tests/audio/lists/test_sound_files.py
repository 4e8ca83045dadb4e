from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.audio.lists.recording_source import RecordingSource
from ov_asr_score.audio.lists.sound_files import SoundFiles
from ov_asr_score.errors import FileAccessError, TableFormatError


def found(*names: object) -> dict[str, Path | str | bytes]:
    sources = dict(SoundFiles([str(name) for name in names]).sources())
    return {key: source.sound for key, source in sources.items() if isinstance(source, RecordingSource)}


def test_names_patterns_and_folders(tmp_path: Path) -> None:
    for name in ("u10.wav", "u2.wav", "b.FLAC", "notes.txt", "sub/c.wav", "sub/d.e.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    assert found(tmp_path / "u2.wav") == {"u2": tmp_path / "u2.wav"}
    assert list(found(tmp_path / "*.wav")) == ["u2", "u10"]
    assert list(found(tmp_path / "**" / "*.wav")) == ["c", "u2", "u10"]
    assert list(found(tmp_path)) == ["b", "u2", "u10"]
    assert list(found(tmp_path / "sub")) == ["c", "d.e"]
    assert list(found(tmp_path / "u10.wav", tmp_path / "sub" / "*", tmp_path / "u10.wav")) == ["u10", "c", "d.e"]
    assert found("-") == {"stdin": "-"}


def test_files_with_one_key_are_named(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.wav", "sub/a.flac"):
        (tmp_path / name).touch()
    with pytest.raises(TableFormatError, match=r"sub/a.flac: its key 'a' is also that of .*/a.wav; rename a file"):
        SoundFiles([str(tmp_path / "a.wav"), str(tmp_path / "sub" / "*")])


def test_blanks_become_underscores_in_keys(tmp_path: Path) -> None:
    (tmp_path / "my own voice.wav").touch()
    assert found(tmp_path / "*.wav") == {"my_own_voice": tmp_path / "my own voice.wav"}
    (tmp_path / "my_own voice.wav").touch()
    with pytest.raises(TableFormatError, match=r"its key 'my_own_voice' is also that of .*my own voice.wav"):
        SoundFiles([str(tmp_path / "*.wav")])


def test_keys_with_control_characters_are_refused_when_they_are_read(tmp_path: Path) -> None:
    (tmp_path / "my\tvoice.wav").touch()
    files = SoundFiles([str(tmp_path / "*.wav")])
    assert files.keys() == ["my\tvoice"]
    error = files.find("my\tvoice")
    assert isinstance(error, TableFormatError)
    assert "voice.wav: the key 'my\\tvoice' contains a blank" in str(error)
    assert files.find("other") is None


def test_nothing_found(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="no file has this name or matches it as a pattern"):
        SoundFiles([str(tmp_path / "*.wav")])
    with pytest.raises(FileAccessError, match="expected a folder with sound files, found none in it"):
        SoundFiles([str(tmp_path)])
