from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ov_asr_score.audio.lists.recording_source import FoundSource, RecordingSource
from ov_asr_score.audio.lists.wave_script import WaveScript
from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.settings.path_map import parse_path_map


def script(tmp_path: Path, text: str, *, options: str = "", allow_commands: bool = False, maps: str = "") -> WaveScript:
    path = tmp_path / "wav.scp"
    path.write_text(text)
    path_map = parse_path_map([maps] if maps else [])
    return WaveScript(parse_read_specifier(f"{options}scp:{path}", path_map), allow_commands=allow_commands)


def only(scripts: WaveScript) -> FoundSource:
    [(_, source)] = scripts.sources()
    return source


def recording(scripts: WaveScript) -> RecordingSource:
    source = only(scripts)
    assert isinstance(source, RecordingSource), source
    return source


def test_paths_offsets_and_commands(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    plain = recording(script(tmp_path, f"a  {tmp_path}/x.wav \r\n"))
    assert (plain.key, plain.sound, plain.command) == ("a", f"{tmp_path}/x.wav", None)
    assert plain.place == f"{tmp_path}/wav.scp: line 1"
    assert recording(script(tmp_path, f"a {tmp_path}/x.wav:12\n")).sound == f"{tmp_path}/x.wav:12"
    command = recording(script(tmp_path, f"a sph2pipe -f wav -p -c 2 {tmp_path}/x.wav |\n"))
    assert (command.sound, command.runnable) == (
        tmp_path / "x.wav",
        f"sph2pipe -f wav -p -c 2 {tmp_path}/x.wav |",
    )
    assert command.command is not None
    assert command.command.channel == 1
    assert recording(script(tmp_path, f"a wav-copy {tmp_path}/x.wav:12 - |\n")).sound == f"{tmp_path}/x.wav:12"
    assert recording(script(tmp_path, "a -\n")).sound == "-"


def test_commands_that_do_more_need_leave(tmp_path: Path) -> None:
    line = "a sox x.wav -r 8000 -t wav - |\n"
    error = only(script(tmp_path, line))
    assert isinstance(error, SpecifierError)
    assert error.fields == ("allow_commands",)
    assert str(error) == (
        f"{tmp_path}/wav.scp: line 1: recording 'a': sox x.wav -r 8000 -t wav -: -r changes the rate; commands that do "
        "more than decode are run only with allow_commands"
    )
    assert recording(script(tmp_path, line, allow_commands=True)).sound == "sox x.wav -r 8000 -t wav - |"


def test_path_maps_reach_into_commands_that_decode(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    assert recording(script(tmp_path, "a /old/x.wav\n", maps=f"/old={tmp_path}")).sound == f"{tmp_path}/x.wav"
    mapped = recording(script(tmp_path, "a flac -c -d /old/x.wav |\n", maps=f"/old={tmp_path}"))
    assert (mapped.sound, mapped.runnable) == (tmp_path / "x.wav", "")
    assert mapped.command is not None
    assert mapped.command.path == f"{tmp_path}/x.wav"


def test_missing_files_have_advice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "y.wav").touch()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    for line in ("a y.wav\n", "a flac -cd y.wav |\n", "a y.wav:5\n"):
        error = only(script(tmp_path / "data", line))
        assert isinstance(error, FileAccessError)
        assert str(error) == (
            f"{tmp_path}/data/wav.scp: line 1: recording 'a': y.wav: no such file; there is one beside the script: "
            f"path_map .={tmp_path}/data takes relative paths from there"
        )
        assert error.fields == ("path_map",)
    error = only(script(tmp_path / "data", "a /none/y.wav\n"))
    assert "if the script is of another machine, path_map OLD=NEW says where its files are" in str(error)
    error = only(script(tmp_path / "data", "a /none/y.wav\n", maps="/none=/nowhere"))
    assert "/nowhere/y.wav: no such file, and no such folder /nowhere (/none/y.wav in the script" in str(error)


def test_ranges_are_refused(tmp_path: Path) -> None:
    error = only(script(tmp_path, "a x.wav[0:99]\n"))
    assert isinstance(error, TableFormatError)
    assert "line 1: recording 'a': a range cannot be taken from sound" in str(error)


def test_keys_twice(tmp_path: Path) -> None:
    """Kaldi reads such a script one after the other, but looks nothing up in it."""
    (tmp_path / "x.wav").touch()
    scripts = script(tmp_path, f"a {tmp_path}/x.wav\nb {tmp_path}/x.wav\na {tmp_path}/x.wav\n")
    assert scripts.keys() == [key for key, _ in scripts.sources()] == ["a", "b", "a"]
    with pytest.raises(TableFormatError, match="line 3: the key 'a' came before in line 1"):
        scripts.find("b")


def test_looking_up(tmp_path: Path) -> None:
    (tmp_path / "x.wav").touch()
    scripts = script(tmp_path, f"b {tmp_path}/none.wav\na {tmp_path}/x.wav\n")
    assert isinstance(scripts.find("a"), RecordingSource)
    assert isinstance(scripts.find("b"), FileAccessError)
    assert scripts.find("c") is None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\n", "line 1: expected a key and a file name, found 'a'"),
        ("a x\n\nb y\n", "line 2: expected a key and a file name, found an empty line"),
    ],
)
def test_bad_lines_make_the_script_invalid(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(TableFormatError, match=message):
        script(tmp_path, text)


def test_missing_scripts(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    name = f"{tmp_path}/none.scp"
    with pytest.raises(FileAccessError, match=r"none.scp: no such file"):
        WaveScript(parse_read_specifier(f"scp:{name}"))
    with caplog.at_level(logging.WARNING):
        assert WaveScript(parse_read_specifier(f"scp,p:{name}")).keys() == []
    assert "treated as an empty table" in caplog.text


def test_several_scripts(tmp_path: Path) -> None:
    (tmp_path / "1.scp").write_text("a x\n")
    (tmp_path / "2.scp").write_text("b x\n")
    assert WaveScript(parse_read_specifier(f"scp:{tmp_path}/*.scp")).keys() == ["a", "b"]
    (tmp_path / "2.scp").write_text("a x\n")
    with pytest.raises(TableFormatError, match=r"2.scp: the key 'a' is also in"):
        WaveScript(parse_read_specifier(f"scp:{tmp_path}/*.scp"))
