"""Entries of several tables: found once, in order, by their places."""

from __future__ import annotations

import gzip
import os
import threading
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import MissingUtteranceError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io import TableWriter, parse_read_specifier
from ov_asr_score.kaldi_io.tables.entries import TableEntry, find_entries, read_order
from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests

KEYS = [f"u{number}" for number in range(7)]


def write(specifier: str, keys: Iterable[str]) -> None:
    with TableWriter(specifier) as writer:
        for key in keys:
            writer.write(key, np.full(3, float(key[1:]), np.float32))


def find(*tables: str, order: Iterable[str] | None = None, allow_missing: bool = False) -> list[TableEntry]:
    positions = None if order is None else {key: position for position, key in enumerate(order)}
    return list(find_entries([parse_read_specifier(table) for table in tables], positions, allow_missing=allow_missing))


def keys_of(*tables: str, order: Iterable[str] | None = None) -> list[str]:
    return [entry.key for entry in find(*tables, order=order)]


@pytest.fixture(autouse=True)
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write("ark,scp:a.ark,a.scp", KEYS[:3])
    write("ark,scp:b.ark,b.scp", KEYS[3:])
    Path("a.scp.gz").write_bytes(gzip.compress(Path("a.scp").read_bytes()))


@pytest.fixture
def equal_digests(monkeypatch: pytest.MonkeyPatch) -> None:
    """All keys have the digest of one that came before."""
    monkeypatch.setattr(KeyDigests, "add", lambda digests, key: True)


def piped(name: str, content: bytes) -> str:
    """A FIFO that gives ``content`` once."""
    os.mkfifo(name)
    threading.Thread(target=lambda: Path(name).write_bytes(content), daemon=True).start()
    return name


def test_entries_say_where_objects_are() -> None:
    (first, *_), (line, *_) = find("a.ark"), find("a.scp")
    assert first == TableEntry("u0", 0, "a.ark", 3, None, 3)
    assert (line.key, line.path, line.start, line.place) == ("u0", "a.ark", 3, 0)
    assert line.line is not None
    assert line.line.rxfilename == "a.ark:3"


@pytest.mark.parametrize("names", [("a.ark", "b.ark"), ("a.scp", "b.scp"), ("scp:a.scp.gz", "b.ark")])
def test_entries_of_an_order_are_those_of_the_tables(names: tuple[str, str]) -> None:
    assert keys_of(*names) == KEYS
    by_key = {entry.key: entry for entry in find(*names)}
    for order in (KEYS, KEYS[::-1], KEYS[1::2] + KEYS[::2]):
        assert find(*names, order=order) == [by_key[key] for key in order]


def test_a_key_twice_is_an_error_wherever_it_is() -> None:
    for names in (
        ("a.ark", "a.ark"),
        ("a.scp", "b.scp", "a.ark"),
        ("scp:a.scp.gz", "a.scp"),
        ("a.ark", "scp:a.scp.gz"),
    ):
        with pytest.raises(TableFormatError, match="the key 'u0' came before; keys must differ"):
            find(*names)
    Path("twice.scp").write_bytes(Path("b.scp").read_bytes() * 2)
    with pytest.raises(TableFormatError, match=r"^twice\.scp: the key 'u3' came before"):
        find("twice.scp")


def test_a_key_twice_in_a_pipe_is_an_error() -> None:
    lines = Path("a.scp").read_bytes()
    with pytest.raises(TableFormatError, match="the key 'u0' came before"):
        find("b.scp", "scp:" + piped("once", lines * 2))
    with pytest.raises(TableFormatError, match="the key 'u1' came before"):
        find("scp:" + piped("again", lines.splitlines(keepends=True)[1]), "a.scp")


@pytest.mark.usefixtures("equal_digests")
def test_equal_digests_of_different_keys_are_no_error() -> None:
    assert keys_of("a.ark", "b.scp") == KEYS
    assert keys_of("scp:" + piped("once", Path("a.scp").read_bytes()), "b.ark") == KEYS
    for names in (("a.ark", "b.ark", "a.scp"), ("scp:a.scp.gz", "a.ark")):
        with pytest.raises(TableFormatError, match="the key 'u0' came before"):
            find(*names)


def test_missing_and_unlisted_keys() -> None:
    with pytest.raises(MissingUtteranceError, match=r"^the shards lack 4 utterances: 'u3', 'u4', 'u5', 'u6'"):
        find("a.ark", order=KEYS)
    assert [entry.key for entry in find("a.ark", order=KEYS, allow_missing=True)] == KEYS[:3]
    with pytest.raises(MissingUtteranceError, match=r"of the order, 6 utterances: 'u0', 'u1', 'u2', 'u3', 'u5', …$"):
        find("a.ark", "b.scp", order=["u4"])


def test_a_script_that_changes_while_it_is_read() -> None:
    found = find_entries([parse_read_specifier("a.scp")], {"u2": 0, "u1": 1, "u0": 2}, allow_missing=False)
    assert next(found).key == "u2"
    Path("a.scp").write_bytes(Path("a.scp").read_bytes().replace(b"u1", b"x9"))
    with pytest.raises(TableFormatError, match=r"^a\.scp: line 2: changed while it was read; expected key 'u1'$"):
        list(found)


def test_what_cannot_be_joined() -> None:
    write("x.npz", KEYS)
    write("ark:x.ark.gz", KEYS)
    with pytest.raises(SpecifierError, match="NPZ cannot be joined; copy-table makes it an archive"):
        find("x.npz")
    with pytest.raises(SpecifierError, match="expected a plain file; copy-table makes one of pipes and gzip"):
        find("ark:x.ark.gz")


def test_an_order_is_the_first_words_of_lines() -> None:
    assert read_order("a.scp") == {"u0": 0, "u1": 1, "u2": 2}
    Path("order").write_bytes(b"b spk1\r\na\n\xff")
    assert read_order("order") == {"b": 0, "a": 1, "\udcff": 2}
    Path("order").write_bytes(b"")
    assert read_order("order") == {}


@pytest.mark.parametrize(
    ("text", "message"), [("a\n\nb\n", "line 2: expected a key"), ("a\nb 1\na\n", "line 3: key 'a'")]
)
def test_a_bad_order(text: str, message: str) -> None:
    Path("order").write_text(text)
    with pytest.raises(TableFormatError, match=message):
        read_order("order")
