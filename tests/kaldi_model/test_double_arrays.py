"""Vectors and packed matrices in double precision, binary and text, and what is said of damaged ones."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_model.double_arrays import (
    open_reader,
    packed_size,
    read_double_vector,
    read_packed,
    unpacking_index,
)

VALUES = np.array([1.5, -2.25, 1e-9 + 1, 4, 5, 6])


def size(number: int) -> bytes:
    return b"\x04" + struct.pack("<i", number)


FORMS = {
    "binary": b"\0BDV " + size(6) + VALUES.tobytes() + b"DP " + size(3) + VALUES.tobytes(),
    "single": b"\0BFV " + size(6) + VALUES.astype("<f4").tobytes() + b"FP " + size(3) + VALUES.astype("<f4").tobytes(),
    "text": b" [ 1.5 -2.25 1.000000001 4 5 6 ]\n[\n1.5 \n-2.25 1.000000001 \n4 5 6 ]\n",
}


@pytest.mark.parametrize("form", FORMS)
def test_arrays_are_read(form: str, tmp_path: Path) -> None:
    for name, content in (("plain", FORMS[form]), ("gzip", gzip.compress(FORMS[form]))):
        path = tmp_path / name
        path.write_bytes(content)
        with open_reader(path) as reader:
            vector, packed = read_double_vector(reader), read_packed(reader)
            assert reader.stream.peek(1) == b""
        expected = VALUES.astype(np.float32) if form == "single" else VALUES
        assert vector.dtype == packed.dtype == np.float64
        assert vector.tolist() == packed.tolist() == expected.tolist()


def test_empty_arrays(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"\0BDV " + size(0) + b"DP " + size(0))
    (tmp_path / "text").write_bytes(b" [ ]\n[ ]\n")
    for name in ("binary", "text"):
        with open_reader(tmp_path / name) as reader:
            assert len(read_double_vector(reader)) == len(read_packed(reader)) == 0


def test_triangles_are_unpacked() -> None:
    for rows in (1, 2, 3, 40, 100):
        packed = np.arange(rows * (rows + 1) // 2)
        assert packed_size(len(packed)) == rows
        whole = packed[unpacking_index(rows)].reshape(rows, rows)
        assert np.array_equal(whole, whole.T)
        assert np.array_equal(whole[np.tril_indices(rows)], packed)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0BDM " + size(1), "at byte 2: expected FV or DV, found 'DM'; the file is damaged"),
        (b"\0BDV " + size(-1), "at byte 2: expected a size of 0 or more, found -1; the file is damaged"),
        (b"\0BDV " + size(2**31 - 1), "expected 17179869176 bytes, found 0; the file is truncated"),
        (b"\0BDV \x05", "expected a byte 4 before a number"),
        (b"\0BDV", "expected a token and a blank"),
        (b"", r"expected '\[', found the end of the file"),
        (b" 1 2 3", r"at byte 1: expected '\[', found '1 2 3'"),
        (b" [ 1 2", "expected ']' at the end of a matrix or vector, found the end of the file"),
        (b" [ 1 x2 ]", "at byte 1: expected a number, found 'x2'"),
        (b" [ 1 1_0 ]", "at byte 1: expected a number, found '1_0'"),
    ],
)
def test_damaged_vectors(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(OvAsrScoreError, match=message), open_reader(tmp_path / "file") as reader:
        read_double_vector(reader)


def test_triangles_must_be_complete(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"[ 1 2 3 4 ]\n")
    with (
        pytest.raises(OvAsrScoreError, match="at byte 0: expected as many numbers as a triangle has, found 4"),
        open_reader(tmp_path / "file") as reader,
    ):
        read_packed(reader)
