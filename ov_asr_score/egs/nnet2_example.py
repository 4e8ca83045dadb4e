"""Examples of nnet2: the bytes that nnet-get-egs writes. Source: nnet2/nnet-example.cc.

Tests: tests/egs/test_archives.py, tests/egs/test_example_table.py
"""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.example import Example, ExampleIo, SparseLabels
from ov_asr_score.kaldi_io.matrices.compressed import encode_compressed, read_compressed
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.network import FloatArray
from ov_asr_score.kaldi_model.token_reader import ModelReader

_PAIR = np.dtype([("column_size", "u1"), ("column", "<i4"), ("value_size", "u1"), ("value", "<f4")])
_ANY_DIM = 1 << 31


def read_nnet2_example(reader: ModelReader, key: str, place: str) -> Example:
    """The example that follows its token ``<NnetExample>``. Raises ModelFormatError, TableFormatError.

    Labels of several frames are rows of ``output`` at frames 0, 1, ...; what is known of the speaker stands behind the
    features of each row of ``input``.
    """
    labels = _read_labels(reader)
    reader.expect_token("<InputFrames>")
    start = reader.offset
    features = _read_features(reader)
    reader.expect_token("<LeftContext>")
    offset = reader.offset
    left = reader.read_int()
    if not 0 <= left <= max(len(features) - 1, 0):
        raise reader.error(f"a left context below {len(features)} frames", str(left), offset=offset)
    reader.expect_token("<SpkInfo>")
    speaker = reader.read_vector()
    reader.expect_token("</NnetExample>")
    if not len(features):
        raise reader.error("frames of input", "none", offset=start)
    if len(speaker):
        features = np.hstack([features, np.broadcast_to(speaker, (len(features), len(speaker)))])
    return Example(
        "nnet2",
        key,
        place,
        (
            ExampleIo("input", _frames(-left, len(features)), np.ascontiguousarray(features)),
            ExampleIo("output", _frames(0, labels.shape[0]), labels),
        ),
    )


def _read_features(reader: ModelReader) -> FloatArray:
    """The features as Kaldi holds them: compressed when they are read, unless they were in the file."""
    compressed = reader.binary and reader.stream.peek(2) == b"CM"
    features = reader.read_matrix()
    if compressed or not features.size or not np.isfinite(features).all():
        return features
    data = encode_compressed(features, 1)
    token, _, rest = data.partition(b" ")
    return read_compressed(KaldiStream(BytesIO(rest), reader.source), token.decode())


def _frames(first: int, count: int) -> NDArray[np.int32]:
    indexes = np.zeros((count, 3), np.int32)
    indexes[:, 1] = np.arange(first, first + count)
    return indexes


def _read_labels(reader: ModelReader) -> SparseLabels:
    token = reader.expect_token("<Lab1>", "<Lab2>", "<Labels>")
    start = reader.offset
    if token == "<Lab1>":
        columns = reader.read_ints()
        starts = np.arange(len(columns) + 1)
        return _labels(reader, starts, columns, np.ones(len(columns), np.float32), start)
    count = reader.read_int() if token == "<Lab2>" else 1
    if count < 1:
        raise reader.error("labels of one frame at least", str(count), "the file is damaged", offset=start)
    lengths, columns_of, values_of = [0], [], []
    # Every frame takes some bytes: a damaged count ends with the file.
    for _ in range(count):
        offset = reader.offset
        length = reader.read_int()
        if length < 0:
            raise reader.error("a number of labels of 0 or more", str(length), "the file is damaged", offset=offset)
        columns, values = _read_pairs(reader, length)
        lengths.append(length)
        columns_of.append(columns)
        values_of.append(values)
    return _labels(reader, np.cumsum(lengths), np.concatenate(columns_of), np.concatenate(values_of), start)


def _read_pairs(reader: ModelReader, length: int) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    if reader.binary:
        offset = reader.offset
        pairs = reader.stream.read_bytes(length * _PAIR.itemsize).view(_PAIR)
        if not ((pairs["column_size"] == 4) & (pairs["value_size"] == 4)).all():
            raise reader.error("pdfs and float32 weights of four bytes", "other sizes", offset=offset)
        return pairs["column"], pairs["value"]
    read = [(reader.read_int(), reader.read_float()) for _ in range(length)]
    with np.errstate(over="ignore"):
        values = np.array([value for _, value in read], np.float64).astype(np.float32)
    return np.array([column for column, _ in read], np.int32), values


def _labels(
    reader: ModelReader,
    starts: NDArray[np.integer],
    columns: NDArray[np.integer],
    values: NDArray[np.float32],
    start: int,
) -> SparseLabels:
    if len(columns) and int(columns.min()) < 0:
        raise reader.error("pdfs of 0 or more", str(int(columns.min())), "the file is damaged", offset=start)
    return SparseLabels(_ANY_DIM, starts.astype(np.int64), columns.astype(np.int64), values)
