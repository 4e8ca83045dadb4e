from __future__ import annotations

import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.compressed import encode_compressed
from ov_asr_score.kaldi_io.matrices.matrix import encode_array, read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.tables.sequential import read_table

SOURCES = {4: "range_int16", 6: "range_uint8", 7: "range_unit"}


def decode(data: bytes) -> NDArray[Any]:
    stream = KaldiStream(io.BytesIO(b"\0B" + data), "x")
    matrix = read_array(stream)
    assert stream.offset == len(data) + 2
    return matrix


def largest_step(matrix: NDArray[Any], method: int) -> float:
    """Half of the widest quantization step, with room for float32 rounding."""
    width = {4: 65535.0, 6: 255.0, 7: 1.0}.get(method, float(np.ptp(matrix)) or 1 + abs(float(matrix.flat[0])))
    steps = {1: 63, 2: 63, 3: 65535, 4: 65535, 5: 255, 6: 255, 7: 255}[method]
    return 0.51 * width / steps + 1e-4 * width / steps + 4e-6 * max(float(np.abs(matrix).max()), width)


@pytest.mark.parametrize("method", range(1, 8))
def test_decoding_is_bit_for_bit_that_of_kaldi(readers: Path, method: int) -> None:
    expanded = dict(read_table(f"ark:{readers}/cm{method}.expanded.ark"))
    for key, matrix in read_table(f"ark:{readers}/cm{method}.ark"):
        np.testing.assert_array_equal(matrix, expanded.pop(key))
        assert matrix.dtype == np.float32
        assert matrix.flags.c_contiguous
    assert expanded == {}


@pytest.mark.parametrize("method", range(1, 8))
def test_encoding_is_byte_for_byte_that_of_kaldi(readers: Path, method: int) -> None:
    written = b"".join(
        key.encode() + b" " + b"".join(encode_array(matrix, compression_method=method))
        for key, matrix in read_table(f"ark:{readers}/{SOURCES.get(method, 'base')}.ark")
    )
    assert written == (readers / f"cm{method}.ark").read_bytes()


@pytest.mark.parametrize("method", [1, 2])
def test_short_matrices(readers: Path, method: int) -> None:
    expanded = dict(read_table(f"ark:{readers}/short.cm{method}.expanded.ark"))
    written = b""
    for key, matrix in read_table(f"ark:{readers}/short.ark"):
        encoded = b"".join(encode_array(matrix, compression_method=method))
        np.testing.assert_array_equal(decode(encoded[2:]), expanded[key])
        written += key.encode() + b" " + encoded
    assert written == (readers / f"short.cm{method}.ark").read_bytes()
    assert (b"one_frame \0BCM2 " in written) == (method == 1)


def test_empty_matrix_of_kaldi_is_read_and_the_next_one_too(readers: Path) -> None:
    table = list(read_table(f"ark:{readers}/empty.cm.ark"))
    assert [key for key, _ in table] == ["empty", "es_Annie-t0024"]
    assert table[0][1].shape == (0, 0)
    np.testing.assert_array_equal(table[1][1], dict(read_table(f"ark:{readers}/cm1.expanded.ark"))["es_Annie-t0024"])


def test_empty_matrix_is_written_so_that_kaldi_can_read_it() -> None:
    assert b"".join(encode_array(np.zeros((0, 0)), compression_method=1)) == b"\0BFM \4\0\0\0\0\4\0\0\0\0"


@given(
    matrix=hnp.arrays(
        np.float32,
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=20),
        elements=st.floats(-1000, 1000, width=32, allow_subnormal=False),  # a step would be less than the least float
    ),
    method=st.sampled_from([1, 2, 3, 5]),
)
@settings(max_examples=150)
def test_round_trip_stays_within_a_step(matrix: NDArray[Any], method: int) -> None:
    decoded = decode(encode_compressed(matrix, method))
    assert np.abs(decoded.astype(np.float64) - matrix).max() <= largest_step(matrix, method)


@pytest.mark.parametrize(("method", "low", "high"), [(4, -32768, 32767), (6, 0, 255), (7, 0, 1)])
def test_values_outside_a_fixed_range_are_clamped(method: int, low: float, high: float) -> None:
    matrix = np.array([[low - 1e6, high + 1e6, 3e38, -3e38, (low + high) / 2]], np.float32)
    decoded = decode(encode_compressed(matrix, method))
    np.testing.assert_allclose(decoded[0, :4], [low, high, high, low], rtol=1e-6)
    assert abs(decoded[0, 4] - matrix[0, 4]) <= largest_step(np.array([[low, high]]), method)


def test_whole_numbers_survive_methods_made_for_them() -> None:
    int16 = np.arange(-32768, 32768, dtype=np.float32).reshape(256, 256)
    np.testing.assert_array_equal(np.round(decode(encode_compressed(int16, 4))), int16)
    uint8 = np.arange(256, dtype=np.float32).reshape(16, 16)
    np.testing.assert_array_equal(np.round(decode(encode_compressed(uint8, 6))), uint8)


@pytest.mark.parametrize("method", range(1, 8))
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinity_are_refused(method: int, value: float) -> None:
    matrix = np.zeros((10, 3), np.float32)
    matrix[4, 1] = value
    with pytest.raises(TableFormatError, match="NaN or infinity"):
        encode_compressed(matrix, method)


def test_values_too_far_apart_are_refused() -> None:
    with pytest.raises(TableFormatError, match="too far apart"):
        encode_compressed(np.array([[-3e38, 3e38]], np.float32), 3)


@pytest.mark.parametrize("value", [0.0, 5.0, -1e-30, 1e30])
@pytest.mark.parametrize("rows", [1, 4, 5, 20])
def test_constant_matrix(value: float, rows: int) -> None:
    matrix = np.full((rows, 2), value, np.float32)
    for method in (1, 2, 3, 5):
        np.testing.assert_allclose(decode(encode_compressed(matrix, method)), matrix, rtol=1e-3, atol=1e-3)


def test_many_columns_are_decoded_in_blocks() -> None:
    matrix = np.random.default_rng(0).normal(size=(12, 150)).astype(np.float32)
    blockwise = decode(encode_compressed(matrix, 2))
    assert np.abs(blockwise - matrix).max() <= largest_step(matrix, 2)


@pytest.mark.parametrize("token", ["CM", "CM2", "CM3"])
@pytest.mark.parametrize(("rows", "columns"), [(-1, 2), (2, -1), (2**31 - 1, 2**31 - 1), (3, 2)])
def test_damaged_sizes_are_refused(token: str, rows: int, columns: int) -> None:
    data = f"\0B{token} ".encode() + struct.pack("<ffii", 0, 1, rows, columns) + b"\1"
    for act in (read_array, skip_array):
        with pytest.raises(TableFormatError, match="x: at byte"):
            act(KaldiStream(io.BytesIO(data), "x"))
