"""Examples of chain training: the bytes that nnet3-chain-get-egs writes. Source: nnet3/nnet-chain-example.cc.

Tests: tests/egs/test_archives.py, tests/egs/test_example_table.py
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.egs.chain.supervision import ChainSupervision, read_supervision
from ov_asr_score.egs.example import ChainOutput, Example, IndexArray
from ov_asr_score.egs.example_values import read_byte_vector, read_indexes
from ov_asr_score.egs.nnet3_example import read_count, read_io
from ov_asr_score.kaldi_model.token_reader import ModelReader


def read_chain_example(reader: ModelReader, key: str, place: str) -> Example:
    """The example that follows its token ``<Nnet3ChainEg>``. Raises ModelFormatError, TableFormatError."""
    inputs = tuple(read_io(reader) for _ in range(read_count(reader, "<NumInputs>")))
    outputs = tuple(_read_output(reader) for _ in range(read_count(reader, "<NumOutputs>")))
    reader.expect_token("</Nnet3ChainEg>")
    return Example("chain", key, place, inputs, outputs)


def _read_output(reader: ModelReader) -> ChainOutput:
    """One output. The weights of its frames only change derivatives, and are passed over."""
    reader.expect_token("<NnetChainSup>")
    name = reader.read_name()
    start = reader.offset
    indexes = read_indexes(reader)
    supervision = read_supervision(reader)
    _check_indexes(reader, name, indexes, supervision, start)
    token = reader.expect_token("<DW>", "<DW2>", "</NnetChainSup>")
    if token != "</NnetChainSup>":
        offset = reader.offset
        weights = read_byte_vector(reader) if token == "<DW>" else reader.read_vector()
        if len(weights) not in (0, len(indexes)) or not (weights >= 0).all():
            found = f"{len(weights)}" + ("" if (weights >= 0).all() else ", some below 0")
            raise reader.error(f"{len(indexes)} weights of 0 or more, or none", found, offset=offset)
        reader.expect_token("</NnetChainSup>")
    return ChainOutput(name, indexes, supervision)


def _check_indexes(
    reader: ModelReader, name: str, indexes: IndexArray, supervision: ChainSupervision, start: int
) -> None:
    """Rows must come frame by frame, and within a frame sequence by sequence (``NnetChainSupervision::CheckDim``)."""
    sequences, frames = supervision.num_sequences, supervision.frames_per_sequence
    if len(indexes) != sequences * frames or frames < 2:
        expected = f"rows of {sequences} sequences of {frames} frames in '{name}', and 2 frames at least"
        raise reader.error(expected, f"{len(indexes)} rows", offset=start)
    grid = indexes.reshape(frames, sequences, 3).astype(np.int64)
    first, step = grid[0, 0, 1], grid[1, 0, 1] - grid[0, 0, 1]
    times = first + step * np.arange(frames)
    ordered = (grid[:, :, 0] == np.arange(sequences)) & (grid[:, :, 1] == times[:, None]) & (grid[:, :, 2] == 0)
    if not ordered.all():
        row = int(np.argmin(ordered.reshape(-1)))
        raise reader.error(
            f"rows of '{name}' frame by frame", f"row {row} with n, t, x = {indexes[row].tolist()}", offset=start
        )
