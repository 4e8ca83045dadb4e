from __future__ import annotations

import gzip
import io
import os
import stat
import sys
import threading
from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError
from ov_asr_score.kaldi_io.files.output import atomic_output, open_output


def names(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def test_file_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with atomic_output(path, "w") as file:
        file.write("naïve\n")
        file.flush()
        assert path.read_text() == "old"
    assert path.read_bytes() == "naïve\n".encode()
    assert names(tmp_path) == ["report.json"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
@pytest.mark.parametrize("mode", ["w", "wb"])
def test_exception_leaves_the_old_file_and_nothing_else(tmp_path: Path, error: type[BaseException], mode: str) -> None:
    path = tmp_path / "x"
    path.write_text("old")
    with pytest.raises(error), atomic_output(path, mode) as file:  # type: ignore[call-overload]
        file.write("new" if mode == "w" else b"new")
        raise error
    assert path.read_text() == "old"
    assert names(tmp_path) == ["x"]


def test_forgotten_output_is_removed(tmp_path: Path) -> None:
    output = open_output(str(tmp_path / "x"))
    output.write(b"data")
    del output
    assert names(tmp_path) == []


def test_permissions_are_those_of_open(tmp_path: Path) -> None:
    old_mask = os.umask(0o027)
    try:
        with atomic_output(tmp_path / "new") as file:
            file.write(b"")
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o640
    (tmp_path / "new").chmod(0o604)
    with atomic_output(tmp_path / "new") as file:
        file.write(b"again")
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o604


def test_symbolic_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    link = tmp_path / "link"
    link.symlink_to(Path("folder") / "real")
    for text in (b"first", b"second"):
        with atomic_output(link) as file:
            file.write(text)
        assert link.is_symlink()
        assert (tmp_path / "folder" / "real").read_bytes() == text
    assert names(tmp_path / "folder") == ["real"]


def test_gzip_by_name_has_no_time_in_it(tmp_path: Path) -> None:
    for name in ("a.gz", "b.gz"):
        with atomic_output(tmp_path / name) as file:
            file.write(b"data" * 100)
    data = (tmp_path / "a.gz").read_bytes()
    assert data == (tmp_path / "b.gz").read_bytes()
    assert gzip.decompress(data) == b"data" * 100
    with pytest.raises(ValueError, match="stop"), atomic_output(tmp_path / "c.gz") as file:
        file.write(b"data")
        raise ValueError("stop")
    assert names(tmp_path) == ["a.gz", "b.gz"]


def test_device_is_written_through() -> None:
    with atomic_output("/dev/null") as file:
        file.write(b"x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
def test_full_disk_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="/dev/full: no space left"), atomic_output("/dev/full") as file:
        file.write(b"x" * 10)
    with pytest.raises(FileAccessError, match="/dev/full: no space left"), atomic_output("/dev/full") as file:
        file.write(b"x" * (4 << 20))


def test_full_disk_at_the_end_removes_the_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_space(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", no_space)
    with pytest.raises(FileAccessError, match="no space left"), atomic_output(tmp_path / "x") as file:
        file.write(b"x")
    assert names(tmp_path) == []


def test_fifo_is_written_through(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    seen: list[bytes] = []
    reader = threading.Thread(target=lambda: seen.append(fifo.read_bytes()))
    reader.start()
    with atomic_output(fifo) as file:
        file.write(b"through")
    reader.join()
    assert seen == [b"through"]
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_descriptor_is_written_through(tmp_path: Path) -> None:
    with (tmp_path / "x").open("wb") as file, atomic_output(f"/dev/fd/{file.fileno()}") as output:
        output.write(b"data")
    assert (tmp_path / "x").read_bytes() == b"data"
    assert names(tmp_path) == ["x"]


def test_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    captured = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(captured))
    with open_output("-") as output:
        output.write(b"binary")
    with atomic_output("-", "w") as text:
        text.write(" text")
    assert captured.getvalue() == b"binary text"


def test_closed_pipe_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as file:
        monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(file))
        with pytest.raises(FileAccessError, match="standard output: closed by its reader"), open_output("-") as output:
            output.write(b"x" * 100)


def test_command_gets_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "x"
    with open_output(f"| cat > {path}", allow_commands=True) as output:
        output.write(b"data")
    assert path.read_bytes() == b"data"


@pytest.mark.parametrize("command", ["| cat >/dev/null; exit 5", "| exit 5"])
@pytest.mark.parametrize("size", [10, 4 << 20])
def test_failing_command_is_an_error(command: str, size: int) -> None:
    with pytest.raises(FileAccessError, match="exit status 5"), open_output(command, allow_commands=True) as output:
        output.write(b"x" * size)


def test_command_needs_permission() -> None:
    with pytest.raises(SpecifierError, match="set allow_commands"):
        open_output("| cat")


@pytest.mark.parametrize("name", ["cat |", " x", "x:12", "ark:x"])
def test_bad_name_is_refused(name: str) -> None:
    with pytest.raises(SpecifierError):
        open_output(name, allow_commands=True)


def test_unwritable_places_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(FileAccessError, match="found a folder"):
        open_output(str(tmp_path))
    with pytest.raises(FileAccessError, match="no such folder"):
        open_output(str(tmp_path / "nowhere" / "x"))
    (tmp_path / "file").touch()
    with pytest.raises(FileAccessError, match="not a directory"):
        open_output(str(tmp_path / "file" / "x"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_file_that_open_may_not_write_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch(mode=0o444)
    with pytest.raises(FileAccessError, match="permission denied"):
        open_output(str(path))


def test_long_name_fits_with_its_part(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 120)
    with atomic_output(path) as file:
        file.write(b"x")
    assert path.read_bytes() == b"x"
