"""Examples of nnet3 and of chain training: the bytes that nnet3-get-egs and nnet3-chain-get-egs write.

Sources: nnet3/nnet-example.cc, nnet3/nnet-chain-example.cc. All functions raise ModelFormatError and TableFormatError.

Tests: tests/egs/test_archives.py, tests/egs/test_example_table.py
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.egs.example import Example, ExampleIo
from ov_asr_score.egs.example_values import read_general_matrix, read_indexes
from ov_asr_score.kaldi_model.token_reader import ModelReader

MOST_IOS = 1_000_000
"""Kaldi reads no example with more inputs and outputs."""


def read_nnet3_example(reader: ModelReader, key: str, place: str) -> Example:
    """The example that follows its token ``<Nnet3Eg>``."""
    ios = tuple(read_io(reader) for _ in range(read_count(reader, "<NumIo>")))
    reader.expect_token("</Nnet3Eg>")
    return Example("nnet3", key, place, ios)


def read_io(reader: ModelReader) -> ExampleIo:
    """One input or output."""
    reader.expect_token("<NnetIo>")
    name = reader.read_name()
    start = reader.offset
    indexes = read_indexes(reader)
    features = read_general_matrix(reader)
    if len(indexes) != features.shape[0]:
        # NnetIo::Read does not look; NnetComputer::AcceptInputs and ComputeAccuracy do.
        raise reader.error(f"{len(indexes)} rows in '{name}'", str(features.shape[0]), offset=start)
    reader.expect_token("</NnetIo>")
    return ExampleIo(name, np.ascontiguousarray(indexes), features)


def read_count(reader: ModelReader, token: str) -> int:
    """The number of inputs or outputs that follows ``token``."""
    reader.expect_token(token)
    offset = reader.offset
    count = reader.read_int()
    if not 1 <= count <= MOST_IOS:
        raise reader.error(f"1 to {MOST_IOS} behind {token}", str(count), "the file is damaged", offset=offset)
    return count
