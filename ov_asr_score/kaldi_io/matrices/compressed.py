"""Kaldi's compressed matrices CM, CM2 and CM3: bytes to float32 and back, bit for bit as Kaldi does it.

Layout and arithmetic follow matrix/compressed-matrix.{h,cc}. After the token come minimum and range (float32), rows and
columns (int32), all little-endian. Then:

- ``CM``  one byte per value, column by column, after four uint16 percentiles (0, 25, 75, 100) for every column;
- ``CM2`` two bytes per value, row by row: value = minimum + i * range / 65535;
- ``CM3`` one byte per value, row by row:  value = minimum + i * range / 255.

kaldiio divides where Kaldi multiplies by a rounded constant (last bit differs), and wraps around where Kaldi clamps.
The last bit also depends on how Kaldi was compiled: here minimum + i * step is rounded once, as by fused multiply-add.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

HEADER = struct.Struct("<ffii")
ALL_COMPRESSION_METHODS = (1, 2, 3, 4, 5, 6, 7)
TOKEN_OF_METHOD = {2: "CM", 3: "CM2", 4: "CM2", 5: "CM3", 6: "CM3", 7: "CM3"}
FIXED_RANGES = {4: (-32768.0, 65535.0), 6: (0.0, 255.0), 7: (0.0, 1.0)}
MOST_ROWS_WITHOUT_PERCENTILES = 8
COLUMNS_PER_BLOCK = 64

FloatMatrix = NDArray[np.float32]


def read_compressed(stream: KaldiStream, token: str) -> FloatMatrix:
    """Matrix [T, D] float32 that follows the token ``CM``, ``CM2`` or ``CM3``. Raises TableFormatError."""
    minimum, value_range, rows, columns, num_bytes = _read_header(stream, token)
    data = stream.read_bytes(num_bytes)
    if rows == 0 or columns == 0:
        return np.empty((0, columns if rows == 0 else 0), np.float32)
    if token == "CM":
        percentiles = data[: 8 * columns].view("<u2").reshape(columns, 4)
        return _decode_by_percentiles(minimum, value_range, percentiles, data[8 * columns :].reshape(columns, rows))
    steps, dtype = (65535.0, "<u2") if token == "CM2" else (255.0, "u1")
    with np.errstate(all="ignore"):  # a damaged header may hold any float
        increment = np.float32(np.float64(value_range) * (1.0 / steps))
        return _line(minimum, increment, data.view(dtype).reshape(rows, columns))


def skip_compressed(stream: KaldiStream, token: str) -> None:
    """Skip the matrix that follows the token. Raises TableFormatError."""
    stream.skip(_read_header(stream, token)[-1])


def peek_compressed_shape(stream: KaldiStream, header_offset: int) -> tuple[int, int] | None:
    """Shape in the header that begins ``header_offset`` bytes ahead, None if it is truncated or damaged."""
    header = stream.peek(header_offset + HEADER.size)[header_offset:]
    rows, columns = HEADER.unpack(header)[2:] if len(header) == HEADER.size else (-1, -1)
    return (rows, columns) if min(rows, columns) >= 0 else None


def encode_compressed(matrix: NDArray[np.floating], method: int) -> bytes:
    """Token, header and values of a matrix [T, D], T and D above 0, as Kaldi's ``copy-feats`` writes them.

    Methods: 1 automatic (2 above eight rows, else 3), 2 speech features (CM), 3 two bytes, 4 two bytes for
    -32768..32767, 5 one byte, 6 one byte for 0..255, 7 one byte for 0..1. Values outside a fixed range are clamped.
    Raises TableFormatError for NaN, infinity, and values too far apart for float32.
    """
    with np.errstate(over="ignore"):
        values = np.ascontiguousarray(matrix, np.float32)
    if not np.isfinite(values).all():
        raise TableFormatError("NaN or infinity cannot be compressed; write without compression")
    if method == 1:
        method = 2 if len(values) > MOST_ROWS_WITHOUT_PERCENTILES else 3
    minimum, value_range = _value_range(values, method)
    token = TOKEN_OF_METHOD[method]
    head = f"{token} ".encode() + HEADER.pack(minimum, value_range, *values.shape)
    if token == "CM":
        return head + _encode_by_percentiles(minimum, value_range, values)
    if token == "CM2":
        return head + _quantize(values, minimum, value_range, 65535).astype("<u2").tobytes()
    return head + _quantize(values, minimum, value_range, 255).astype(np.uint8).tobytes()


def _read_header(stream: KaldiStream, token: str) -> tuple[np.float32, np.float32, int, int, int]:
    """Minimum, range, rows, columns and the number of bytes that follow."""
    start = stream.offset
    minimum, value_range, rows, columns = HEADER.unpack(stream.read(HEADER.size))
    if rows < 0 or columns < 0:
        raise stream.error(f"sizes of 0 or more after {token}", f"{rows} rows, {columns} columns", offset=start)
    if rows == 0 and columns == 0 and stream.peek(4) == bytes(4):
        # Kaldi writes four bytes too many for an empty matrix, and then cannot read on; no key begins with NUL.
        stream.read(4)
    if columns == 0:
        num_bytes = 0
    elif token == "CM":
        num_bytes = columns * (8 + rows)
    else:
        num_bytes = rows * columns * (2 if token == "CM2" else 1)
    return np.float32(minimum), np.float32(value_range), rows, columns, num_bytes


def _value_range(values: FloatMatrix, method: int) -> tuple[np.float32, np.float32]:
    """Minimum and range that go into the header."""
    if method in FIXED_RANGES:
        low, width = FIXED_RANGES[method]
        return np.float32(low), np.float32(width)
    lowest, highest = values.min(), values.max()
    if highest == lowest:
        # A constant matrix needs a range above zero as well.
        highest = np.float32(np.float64(lowest) + (1.0 + abs(np.float64(lowest))))
    with np.errstate(over="ignore"):
        value_range = highest - lowest
    if not np.isfinite(value_range):
        raise TableFormatError("values too far apart to be compressed; write without compression")
    return lowest, value_range


def _quantize(values: FloatMatrix, minimum: np.float32, value_range: np.float32, steps: int) -> NDArray[np.int64]:
    # i = int(clamp((value - minimum) / range, 0, 1) * steps + 0.499); float32 up to the product, float64 for the sum.
    with np.errstate(over="ignore"):
        fraction = np.clip((values - minimum) / value_range, np.float32(0), np.float32(1))
    scaled = fraction * np.float32(steps)
    numbers: NDArray[np.int64] = (scaled.astype(np.float64) + 0.499).astype(np.int64)
    return numbers


def _line(start: np.float32, slope: np.float32, numbers: NDArray[np.integer]) -> FloatMatrix:
    """start + slope * number, rounded to float32 once: a Kaldi built with fused multiply-add gives the same floats."""
    values = numbers.astype(np.float64)
    values *= np.float64(slope)
    values += np.float64(start)
    return values.astype(np.float32)


def _percentile_values(minimum: np.float32, value_range: np.float32, percentiles: NDArray[np.integer]) -> FloatMatrix:
    """Values [D, 4] at the percentiles of every column, from the stored numbers [D, 4]."""
    return _line(minimum, value_range * np.float32(1.52590218966964e-05), percentiles)


def _decode_by_percentiles(
    minimum: np.float32, value_range: np.float32, percentiles: NDArray[np.uint16], codes: NDArray[np.uint8]
) -> FloatMatrix:
    """Matrix [T, D] from codes [D, T]: straight lines between the percentiles at codes 0, 64, 192 and 255."""
    columns, rows = codes.shape
    matrix = np.empty((rows, columns), np.float32)
    code = np.arange(256)
    with np.errstate(all="ignore"):  # a damaged header may hold any float
        for start in range(0, columns, COLUMNS_PER_BLOCK):
            block = slice(start, start + COLUMNS_PER_BLOCK)
            p0, p25, p75, p100 = np.split(_percentile_values(minimum, value_range, percentiles[block]), 4, axis=1)
            # Kaldi multiplies the float32 difference by the code in float32, then goes on in float64.
            low = p0 + ((p25 - p0) * code[:65].astype(np.float32)) * np.float64(1 / 64)
            middle = p25 + ((p75 - p25) * (code[65:193] - 64).astype(np.float32)) * np.float64(1 / 128)
            high = p75 + ((p100 - p75) * (code[193:] - 192).astype(np.float32)) * np.float64(1 / 63)
            table = np.concatenate([low, middle, high], axis=1).astype(np.float32)
            matrix[:, block] = np.take_along_axis(table, codes[block].astype(np.intp), axis=1).T
    return matrix


def _encode_by_percentiles(minimum: np.float32, value_range: np.float32, values: FloatMatrix) -> bytes:
    """Percentiles of every column, then the codes column by column."""
    stored, codes = [], []
    for start in range(0, values.shape[1], COLUMNS_PER_BLOCK):
        columns = np.ascontiguousarray(values[:, start : start + COLUMNS_PER_BLOCK].T)
        percentiles = _column_percentiles(minimum, value_range, columns)
        stored.append(percentiles.astype("<u2").tobytes())
        codes.append(_codes_by_percentiles(columns, _percentile_values(minimum, value_range, percentiles)))
    return b"".join(stored + codes)


def _codes_by_percentiles(columns: FloatMatrix, bounds: FloatMatrix) -> bytes:
    """Codes of columns [D, T]: straight lines between the bounds [D, 4], where the codes are 0, 64, 192 and 255."""
    first_codes, code_counts = np.array([0, 64, 192]), np.array([64, 128, 63])
    interval = (columns >= bounds[:, 1:2]).astype(np.intp) + (columns >= bounds[:, 2:3])
    left = np.take_along_axis(bounds, interval, axis=1)
    width = np.take_along_axis(np.diff(bounds), interval, axis=1)
    count = code_counts.astype(np.float32)[interval]
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        codes = np.trunc(((columns - left) / width * count).astype(np.float64) + 0.5)
    # Where both bounds are the same float the fraction is not finite, and C++ ends up at the first code.
    codes[~np.isfinite(codes)] = 0
    whole: NDArray[np.uint8] = (np.clip(codes, 0, count) + first_codes[interval]).astype(np.uint8)
    return whole.tobytes()


def _column_percentiles(minimum: np.float32, value_range: np.float32, columns: FloatMatrix) -> NDArray[np.int64]:
    """Stored percentiles [D, 4], each at least one above the one before; short columns leave the rest one apart."""
    num_columns, rows = columns.shape
    quarter = rows // 4
    ranks = [0, quarter, 3 * quarter, rows - 1] if rows >= 5 else list(range(rows))
    numbers = _quantize(np.sort(columns, axis=1)[:, ranks], minimum, value_range, 65535)
    percentiles = np.zeros((num_columns, 4), np.int64)
    previous = np.full(num_columns, -1, np.int64)
    for index, highest in enumerate((65532, 65533, 65534, 65535)):
        number = numbers[:, index] if index < len(ranks) else previous + 1
        previous = np.minimum(np.maximum(number, previous + 1), highest)
        percentiles[:, index] = previous
    return percentiles
