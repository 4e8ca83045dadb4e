from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, SpecifierError
from ov_asr_score.kaldi_io import TableWriter, parse_write_specifier
from ov_asr_score.kaldi_io.tables.resumable_output import (
    PartialFile,
    WholeEntries,
    check_resumable,
    find_whole_entries,
    hidden_path,
)

GENERATOR = np.random.default_rng(3)
TABLE = {f"u{number}": GENERATOR.normal(size=(number % 4, 3)).astype(np.float32) for number in range(7)}


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ends(specifier: str) -> list[int]:
    """The size of the archive after every entry."""
    sizes = [0]
    with TableWriter(
        specifier, open_file=lambda name: PartialFile(Path(name), Path(name), name).continued(0)
    ) as writer:
        for key, matrix in TABLE.items():
            writer.write(key, matrix)
            writer._archive.flush()  # type: ignore[union-attr]
            sizes.append(Path("x").stat().st_size)
    return sizes


@pytest.mark.parametrize("form", ["ark", "ark,t"])
def test_a_cut_anywhere_leaves_what_is_whole(form: str) -> None:
    sizes = ends(f"{form}:x")
    data = Path("x").read_bytes()
    given = parse_write_specifier(f"{form}:x")
    for length in range(len(data) + 1):
        Path("cut").write_bytes(data[:length])
        count = sum(size <= length for size in sizes) - 1
        assert find_whole_entries(given, Path("cut"), None) == WholeEntries(count, sizes[count], 0), length
    assert find_whole_entries(given, Path("x"), None, limit=3) == WholeEntries(3, sizes[3], 0)


def test_a_script_counts_as_far_as_it_fits_the_archive() -> None:
    given = parse_write_specifier("ark,scp:x,y")
    ends("ark,scp:x,y")
    lines = Path("y").read_bytes().splitlines(keepends=True)
    for length in range(len(b"".join(lines)) + 1):
        Path("cut").write_bytes(b"".join(lines)[:length])
        whole = find_whole_entries(given, Path("x"), Path("cut"))
        assert whole.script_bytes == sum(map(len, lines[: whole.count])) <= length
        assert whole.count == len(lines) or whole.script_bytes + len(lines[whole.count]) > length
    Path("other").write_bytes(b"".join([*lines[:2], b"u2 x:1\n", *lines[3:]]))
    assert find_whole_entries(given, Path("x"), Path("other")).count == 2


def test_a_file_is_one_process_at_a_time() -> None:
    held = PartialFile(Path(".x"), Path("x"), "x")
    with pytest.raises(FileAccessError, match=r"^x: another run is writing it; wait for it to end, or stop it$"):
        PartialFile(Path(".x"), Path("x"), "x")
    output = held.continued(0)
    with pytest.raises(FileAccessError, match="another run"):
        PartialFile(Path(".x"), Path("x"), "x")
    output.write(b"abc")
    output.abort()
    assert Path(".x").read_bytes() == b"abc"
    again = PartialFile(Path(".x"), Path("x"), "x").continued(2)
    assert again.offset == 2
    again.write(b"d")
    again.commit()
    assert (Path("x").read_bytes(), Path(".x").exists()) == (b"abd", False)


def test_the_permissions_of_an_older_file_stay() -> None:
    Path("x").write_bytes(b"old")
    Path("x").chmod(0o604)
    PartialFile(Path(".x"), Path("x"), "x").continued(0).commit()
    assert Path("x").stat().st_mode & 0o777 == 0o604


@pytest.mark.parametrize(
    ("specifier", "why"),
    [
        ("ark:-", "standard output cannot be continued"),
        ("ark:| cat", "a command cannot be continued"),
        ("x.ark.gz", "gzip cannot be continued"),
        ("ark,scp:x.ark,-", "standard output cannot be continued"),
        ("x.npz", "NPZ files have their directory at the end"),
        ("scp:x.scp", "a script of single files does not say which of them this run wrote"),
        ("ark:/dev/null", "only plain files can be continued"),
        ("ark:fifo", "only plain files can be continued"),
    ],
)
def test_what_cannot_be_gone_on_with(specifier: str, why: str) -> None:
    os.mkfifo("fifo")
    with pytest.raises(SpecifierError) as raised:
        check_resumable(parse_write_specifier(specifier))
    assert str(raised.value) == f"resume: {specifier!r}: {why}; write an archive to a plain file"


def test_hidden_names_are_the_same_every_time_and_not_too_long(folder: Path) -> None:
    assert hidden_path("a/../x.ark", "partial") == folder.resolve() / ".x.ark.partial"
    long = hidden_path("ü" * 127, "partial")
    assert long == hidden_path("ü" * 127, "partial") != hidden_path("ü" * 126 + "v", "partial")
    long.write_bytes(b"")
