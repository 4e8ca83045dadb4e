from __future__ import annotations

import gzip
import io
import os
import sys
import threading
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import describe_input, keep_inputs, kept_input, open_input, open_path
from ov_asr_score.kaldi_io.foreign import MODEL, TABLE


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
def test_blobs_and_reports_come_from_files_alone(name: str) -> None:
    with pytest.raises(FileAccessError, match=r"no such file; this file is not read from standard input or a command"):
        open_path(name)


def test_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="found a folder"):
        read(tmp_path)


def test_impossible_names_are_refused() -> None:
    with pytest.raises(FileAccessError):
        read("x\0y")
    with pytest.raises(FileAccessError, match="too long"):
        read("x" * 5000)


def test_a_kept_command_runs_once(tmp_path: Path) -> None:
    command = f"echo run >> {tmp_path / 'runs'}; cat {tmp_path / 'runs'} |"
    with keep_inputs((command, command, str(tmp_path / "file"), ""), allow_commands=True):
        for _ in range(3):
            assert read(command) == b"run\n"
            with open_path(command) as file:
                assert file.read() == b"run\n"
        assert kept_input(Path(command)) == b"run\n"
        assert kept_input(tmp_path / "file") is None
        with keep_inputs((command,)):  # which need not be allowed again
            assert read(command) == b"run\n"
        assert describe_input(command, TABLE) == ""
        assert describe_input(command, MODEL) == f"is a text file that begins with 'run'; expected {MODEL}"
    assert kept_input(command) is None
    with pytest.raises(SpecifierError, match="set allow_commands"):
        read(command)
    with keep_inputs((command,), allow_commands=True):
        assert read(command) == b"run\nrun\n"


def test_what_is_kept_is_what_cannot_be_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, fifo = tmp_path / "x", tmp_path / "fifo"
    path.write_bytes(b"abcdef")
    (tmp_path / "x:7").write_bytes(b"a file of this name")
    os.mkfifo(fifo)
    writer = threading.Thread(target=fifo.write_bytes, args=(gzip.compress(b"through the fifo"),))
    writer.start()
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"from stdin")))
    with keep_inputs(("-", str(fifo), f"{path}:4", f"{path}:7", str(path), str(tmp_path / "missing:3"))):
        writer.join()
        assert (read("-"), read("-")) == (b"from stdin", b"from stdin")
        assert (read(fifo), read(fifo)) == (b"through the fifo", b"through the fifo")
        assert read(f"{path}:4") == b"ef"
        assert [kept_input(name) for name in (path, f"{path}:7", tmp_path / "missing:3")] == [None, None, None]


@pytest.mark.parametrize(
    ("command", "allowed", "error", "message"),
    [
        ("touch marker |", False, SpecifierError, "commands are not run unless allowed; set allow_commands"),
        ("exit 3 |", True, FileAccessError, "command 'exit 3': ended with exit status 3"),
        ("printf '\\037\\213\\010\\000abc' |", True, FileAccessError, "cannot be read: .*; is it damaged"),
        ("|", True, SpecifierError, "expected a command"),
    ],
)
def test_what_cannot_be_kept(
    command: str, allowed: bool, error: type[Exception], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message), keep_inputs((command,), allow_commands=allowed):
        pass
    assert list(tmp_path.iterdir()) == []
