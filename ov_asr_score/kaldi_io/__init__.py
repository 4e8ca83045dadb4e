"""Kaldi tables and files: bytes to arrays and back. Needs numpy and kaldiio only."""

from ov_asr_score.kaldi_io.atomic import OutputFile, atomic_output, open_output
from ov_asr_score.kaldi_io.files import open_input
from ov_asr_score.kaldi_io.keyed_table import KeyedTable, open_table
from ov_asr_score.kaldi_io.matrix import encode_array, load_array, read_array, skip_array, write_array
from ov_asr_score.kaldi_io.sharding import Shard, parse_shard
from ov_asr_score.kaldi_io.specifier import (
    Range,
    ReadSpecifier,
    WriteSpecifier,
    apply_range,
    parse_range,
    parse_read_specifier,
    parse_write_specifier,
)
from ov_asr_score.kaldi_io.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.table import read_table
from ov_asr_score.kaldi_io.table_size import estimate_utterances
from ov_asr_score.kaldi_io.table_writer import TableWriter
from ov_asr_score.kaldi_io.token_table import read_token_table

__all__ = [
    "KaldiStream",
    "KeyedTable",
    "OutputFile",
    "Range",
    "ReadSpecifier",
    "Shard",
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
    "parse_shard",
    "parse_write_specifier",
    "read_array",
    "read_table",
    "read_token_table",
    "skip_array",
    "write_array",
]
