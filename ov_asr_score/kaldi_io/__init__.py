"""Kaldi tables and files: bytes to arrays and back. Depends on numpy and kaldiio only."""

from ov_asr_score.kaldi_io.files.input import open_input
from ov_asr_score.kaldi_io.files.output import OutputFile, atomic_output, open_output
from ov_asr_score.kaldi_io.matrices.matrix import encode_array, load_array, read_array, skip_array, write_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import (
    Range,
    ReadSpecifier,
    WriteSpecifier,
    apply_range,
    parse_range,
    parse_read_specifier,
    parse_write_specifier,
)
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.random_access import KeyedTable, open_table
from ov_asr_score.kaldi_io.tables.sequential import read_table
from ov_asr_score.kaldi_io.tables.sharding import with_frames
from ov_asr_score.kaldi_io.tables.size import estimate_utterances
from ov_asr_score.kaldi_io.tables.writer import TableWriter

__all__ = [
    "KaldiStream",
    "KeyedTable",
    "OutputFile",
    "Range",
    "ReadSpecifier",
    "TableWriter",
    "WriteSpecifier",
    "apply_range",
    "atomic_output",
    "encode_array",
    "estimate_utterances",
    "load_array",
    "open_input",
    "open_output",
    "open_stream",
    "open_table",
    "parse_range",
    "parse_read_specifier",
    "parse_write_specifier",
    "read_array",
    "read_table",
    "read_token_table",
    "skip_array",
    "with_frames",
    "write_array",
]
