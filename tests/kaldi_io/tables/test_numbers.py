"""Tables with one number for each utterance, as Kaldi's BasicHolder writes them, beside vectors of integers."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.random_access import open_table

ENTRIES: list[tuple[str, bytes, Any]] = [
    ("int", b"\4" + struct.pack("<i", 7), np.array([7], np.int32)),
    ("negative", b"\4" + struct.pack("<i", -3), np.array([-3], np.int32)),
    ("float", b"\4" + struct.pack("<f", 0.5), np.array([0.5], np.float32)),
    ("minus", b"\4" + struct.pack("<f", -1e-3), np.array([-1e-3], np.float32)),
    ("double", b"\10" + struct.pack("<d", 0.1), np.array([0.1], np.float64)),
    ("vector", b"\4" + struct.pack("<iBiBi", 2, 4, 5, 4, -6), np.array([5, -6], np.int32)),
    ("zero", b"\4" + struct.pack("<i", 0), np.zeros(0, np.int32)),
    ("last", b"\4" + struct.pack("<i", 12), np.array([12], np.int32)),
]
ARCHIVE = b"".join(b"%s \0B%s" % (key.encode(), data) for key, data, _ in ENTRIES)


@pytest.mark.parametrize("order", [1, -1])
def test_binary_numbers(folder: Path, order: int) -> None:
    Path("n.ark").write_bytes(ARCHIVE)
    with open_table("n.ark", may_hold_numbers=True) as table:
        for key, _, expected in ENTRIES[::order]:
            found = table.get(key)
            assert found is not None
            assert found.dtype == expected.dtype
            np.testing.assert_array_equal(found, expected)
            found[:] = 0  # it is no view of the file
        assert table.get("other") is None


def test_scripts(folder: Path) -> None:
    Path("n.ark").write_bytes(ARCHIVE)
    offsets = {key: ARCHIVE.index(b"%s \0B" % key.encode()) + len(key) + 1 for key, _, _ in ENTRIES}
    Path("n.scp").write_text("".join(f"{key} n.ark:{offset}\n" for key, offset in offsets.items()))
    with open_table("n.scp", may_hold_numbers=True) as table:
        for key, _, expected in ENTRIES:
            np.testing.assert_array_equal(table.get(key), expected)


def test_text(folder: Path) -> None:
    Path("n.txt").write_text("u1 7\nu2 0.5\nu3 -1e-3\n")
    with open_table("ark,t:n.txt", may_hold_numbers=True) as table:
        assert [float(np.asarray(table.get(key))[0]) for key in ("u1", "u2", "u3")] == [7.0, 0.5, np.float32(-1e-3)]


def test_numbers_are_refused_elsewhere(folder: Path) -> None:
    Path("n.ark").write_bytes(b"u1 \0B\4" + struct.pack("<i", 7))
    with open_table("n.ark") as table, pytest.raises(TableFormatError, match=r"n\.ark: utterance 'u1'"):
        table.get("u1")


@pytest.mark.parametrize(("bits", "is_clear"), [(1 << 23, False), ((1 << 28) - 1, False), (1 << 28, True)])
def test_large_integers_are_not_taken_for_tiny_floats(folder: Path, bits: int, is_clear: bool) -> None:
    """Only where they are asked for: others are passed by."""
    Path("n.ark").write_bytes(b"u1 \0B\4" + struct.pack("<i", bits) + b"u2 \0B\4" + struct.pack("<i", 7))
    with open_table("n.ark", may_hold_numbers=True) as table:
        np.testing.assert_array_equal(table.get("u2"), [7])
        if is_clear:
            np.testing.assert_array_equal(table.get("u1"), np.array([bits], np.int32).view(np.float32))
            return
        with pytest.raises(TableFormatError, match=rf"utterance 'u1'.*the integer {bits} or the float .*as text"):
            table.get("u1")


@pytest.mark.parametrize("data", [b"\4\1\0", b"\10" + bytes(7)])
def test_numbers_that_are_cut_off(folder: Path, data: bytes) -> None:
    Path("n.ark").write_bytes(b"u1 \0B" + data)
    with open_table("n.ark", may_hold_numbers=True) as table, pytest.raises(TableFormatError, match="utterance 'u1'"):
        table.get("u1")


def test_the_writer_of_another_library(folder: Path) -> None:
    library = pytest.importorskip("kaldi_native_io")
    with library.Int32Writer("ark:i.ark") as writer:
        writer.write("u1", 7)
        writer.write("u2", 12)
    with library.FloatWriter("ark:f.ark") as writer:
        writer.write("u1", 0.25)
    with open_table("i.ark", may_hold_numbers=True) as table:
        assert [np.asarray(table.get(key)).tolist() for key in ("u1", "u2")] == [[7], [12]]
    with open_table("f.ark", may_hold_numbers=True) as table:
        assert np.asarray(table.get("u1")).tolist() == [0.25]
