from __future__ import annotations

import gzip
import io
import sys
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import open_input, open_path


def read(name: str | Path, *, allow_commands: bool = False) -> bytes:
    with open_input(str(name), allow_commands=allow_commands) as file:
        return file.read()


def test_path_and_offset(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"abcdef")
    assert read(path) == b"abcdef"
    assert read(f"{path}:4") == b"ef"


@pytest.mark.parametrize("text", [b"plain", b""])
def test_gzip_is_undone_wherever_it_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: bytes) -> None:
    path = tmp_path / "no-suffix"
    path.write_bytes(gzip.compress(text))
    assert read(path) == text
    assert read(f"cat {path} |", allow_commands=True) == text
    with path.open("rb") as file:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(file))
        assert read("-") == text


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from stdin")))
    assert read("") == b"from stdin"


def test_command_needs_permission(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    with pytest.raises(SpecifierError, match="set allow_commands"):
        read(f"touch {marker} |")
    assert not marker.exists()
    assert read("echo hello |", allow_commands=True) == b"hello\n"


@pytest.mark.parametrize(
    ("command", "status"), [("echo hello; exit 3 |", 3), ("no-such-command-at-all 2>/dev/null |", 127)]
)
def test_failing_command_is_an_error(command: str, status: int) -> None:
    with pytest.raises(FileAccessError, match=f"exit status {status}"):
        read(command, allow_commands=True)


def test_status_of_a_failing_command_explains_bad_bytes() -> None:
    with pytest.raises(FileAccessError, match="exit status 1"), open_input("false |", allow_commands=True):
        raise TableFormatError("truncated")


def test_command_may_be_left_early() -> None:
    with open_input("yes |", allow_commands=True) as file:
        assert file.read(4) == b"y\ny\n"


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("| cat", "must end with the pipe symbol"),
        ("cat | tac", "pipe symbol must be at the end"),
        (" x", "blank"),
        ("ark:x", "found a table specifier"),
        ("scp,p:x", "found a table specifier"),
        (" |", "found nothing"),
    ],
)
def test_bad_name_is_refused(name: str, hint: str) -> None:
    with pytest.raises(SpecifierError, match=hint):
        read(name, allow_commands=True)


def test_missing_file_suggests_near_names(tmp_path: Path) -> None:
    (tmp_path / "feats.ark").touch()
    with pytest.raises(FileAccessError, match=r"feat\.ark: no such file; did you mean feats\.ark\?"):
        read(tmp_path / "feat.ark")
    with pytest.raises(FileAccessError, match=r"no such file, and no such folder .*nowhere"):
        read(tmp_path / "nowhere" / "x")
    with pytest.raises(FileAccessError, match="the shell expands ~"):
        read("~/no-such-file")


@pytest.mark.parametrize("name", ["-", "nnet3-am-copy --raw=true final.mdl - |"])
def test_models_and_counts_come_from_files_alone(name: str) -> None:
    with pytest.raises(FileAccessError, match=r"no such file; only tables are read from standard input or a command"):
        open_path(name)


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="found a folder"):
        read(tmp_path)


def test_impossible_names_are_refused() -> None:
    with pytest.raises(FileAccessError):
        read("x\0y")
    with pytest.raises(FileAccessError, match="too long"):
        read("x" * 5000)
