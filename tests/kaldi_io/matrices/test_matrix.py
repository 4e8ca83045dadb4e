from __future__ import annotations

import io
import os
import struct
import threading
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.matrices.matrix import encode_array, load_array, read_array, skip_array, write_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream


def decode(data: bytes) -> NDArray[Any]:
    stream = KaldiStream(io.BytesIO(data + b"after"), "x")
    array = read_array(stream)
    assert stream.read_all() == b"after"
    skipping = KaldiStream(io.BytesIO(data + b"after"), "x")
    skip_array(skipping)
    assert skipping.read_all() == b"after"
    assert array.flags.c_contiguous
    assert array.flags.writeable
    return array


def encode(array: NDArray[Any], **options: Any) -> bytes:
    file = io.BytesIO()
    write_array(file, array, **options)
    return file.getvalue()


def arrays(*dtypes: Any, finite: bool = False) -> st.SearchStrategy[NDArray[Any]]:
    return st.sampled_from(dtypes).flatmap(
        lambda dtype: hnp.arrays(
            dtype,
            hnp.array_shapes(min_dims=1, max_dims=2, max_side=6),
            elements=hnp.from_dtype(np.dtype(dtype), allow_nan=not finite, allow_infinity=not finite),
        )
    )


@given(arrays(np.float32, np.float64))
@settings(max_examples=100)
def test_binary_floats_come_back_bit_for_bit(array: NDArray[Any]) -> None:
    decoded = decode(encode(array))
    assert decoded.dtype == array.dtype
    assert decoded.shape == array.shape
    assert decoded.tobytes() == array.tobytes()


@given(hnp.arrays(np.int32, st.integers(0, 20)))
@settings(max_examples=50)
def test_integers_come_back(array: NDArray[Any]) -> None:
    for text in (False, True):
        decoded = decode(encode(array, text=text))
        assert decoded.dtype == np.int32
        np.testing.assert_array_equal(decoded, array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (3, 4), (1,), (5,)])
def test_bytes_are_those_of_kaldiio(dtype: Any, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape), dtype=dtype).reshape(shape)
    expected = io.BytesIO()
    kaldiio.matio.write_array(expected, array)
    assert encode(array) == expected.getvalue()
    np.testing.assert_array_equal(decode(encode(array)), array)


@pytest.mark.parametrize("shape", [(0, 0), (0, 13), (0,)])
def test_empty_arrays(shape: tuple[int, ...]) -> None:
    # Kaldi stops at a matrix that has columns and no rows (matrix/kaldi-matrix.cc, Resize)
    assert decode(encode(np.zeros(shape, np.float32))).shape == (shape if len(shape) == 1 else (0, 0))


@pytest.mark.parametrize("dtype", [np.float16, np.int64, np.uint8, np.bool_, ">f4"])
def test_other_numbers_become_float32(dtype: Any) -> None:
    array = np.array([[0, 1], [1, 0]], dtype)
    decoded = decode(encode(array))
    assert decoded.dtype == np.float32
    np.testing.assert_array_equal(decoded, array)


def test_strided_and_read_only_arrays_are_written() -> None:
    array = np.arange(24, dtype=np.float32).reshape(4, 6)[::2, ::-1].T
    array.flags.writeable = False
    np.testing.assert_array_equal(decode(encode(array)), array)


def test_contiguous_floats_are_not_copied() -> None:
    array = np.zeros((3, 4), np.float32)
    payload = encode_array(array)[-1]
    assert np.shares_memory(np.frombuffer(payload, np.float32), array)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.array(1.0), np.array(["a"]), np.zeros(2, complex)])
def test_what_is_no_matrix_of_numbers_is_refused(array: NDArray[Any]) -> None:
    with pytest.raises(TableFormatError, match="matrix or vector of real numbers"):
        encode_array(array)


def test_unknown_compression_is_refused() -> None:
    with pytest.raises(UsageError, match="1 to 7"):
        encode_array(np.zeros((2, 2)), compression_method=8)


def test_single_files_of_kaldi(readers: Path) -> None:
    matrix = load_array(f"{readers}/base.ark:15")
    assert matrix.shape == (57, 13)
    np.testing.assert_array_equal(load_array(f"{readers}/single.mat"), matrix)
    np.testing.assert_allclose(load_array(f"{readers}/single.mat.txt"), matrix, rtol=1e-6)
    np.testing.assert_array_equal(load_array(f"{readers}/single.cm"), load_array(f"{readers}/single.cm.expanded.mat"))
    counts = load_array(f"{readers}/counts.vec")
    assert counts.shape == (120,)
    np.testing.assert_allclose(load_array(f"{readers}/counts.txt"), counts, rtol=1e-6)


def test_missing_single_file() -> None:
    with pytest.raises(FileAccessError, match="no such file"):
        load_array("no-such-file.mat")


def header(token: bytes, *sizes: int) -> bytes:
    return b"\0B" + token + b" " + b"".join(struct.pack("<Bi", 4, size) for size in sizes)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"\0B", "the end of the file"),
        (b"\0BFX \4", "expected FM, DM, FV, DV, CM, CM2, CM3, SM or integers, found 'FX"),
        (b"\0BCM4 ", "expected FM"),
        (header(b"FM", -1, 2), "the header is damaged"),
        (header(b"FM", 2, 0), "the header is damaged"),
        (header(b"FM", 2, 2) + b"1234", r"expected 31 bytes, found 19"),
        (header(b"DM", 2**31 - 1, 2**31 - 1), "truncated"),
        (header(b"FV", 2**31 - 1), "truncated"),
        (header(b"FM", 2), "the file is truncated"),
        (b"\0BFM \x08" + bytes(20), "a byte 4 before every size"),
        (b"\0B\4" + struct.pack("<i", -5), "the header is damaged"),
        (b"\0B\4" + struct.pack("<i", 2**31 - 1), "truncated"),
        (b"\0B\4" + struct.pack("<i", 1) + b"\x08aaaa", "integers of four bytes"),
    ],
)
def test_damage_is_named_with_its_byte(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message) as caught:
        read_array(KaldiStream(io.BytesIO(data), "feats.ark"))
    assert str(caught.value).startswith("feats.ark: at byte ")


def test_damaged_size_in_a_pipe_does_not_allocate_it() -> None:
    reading, writing = os.pipe()
    data = header(b"FM", 2**31 - 1, 2**31 - 1) + bytes(1000)

    def feed() -> None:
        os.write(writing, data)
        os.close(writing)

    feeder = threading.Thread(target=feed)
    feeder.start()
    with os.fdopen(reading, "rb") as file, pytest.raises(TableFormatError, match="truncated"):
        read_array(KaldiStream(file, "pipe"))
    feeder.join()
