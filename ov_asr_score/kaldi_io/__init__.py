"""Kaldi tables and files: bytes to arrays and back. Depends on numpy and kaldiio only.

What a name needs is loaded when it is first used: models are read without tables.
"""

from typing import TYPE_CHECKING

from ov_asr_score.lazy_names import lazy_names

if TYPE_CHECKING:
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
    from ov_asr_score.kaldi_io.tables.float_map import read_float_map
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
    "read_float_map",
    "read_table",
    "read_token_table",
    "skip_array",
    "with_frames",
    "write_array",
]

_HOMES = {
    "KaldiStream": "kaldi_io.matrices.stream",
    "KeyedTable": "kaldi_io.tables.random_access",
    "OutputFile": "kaldi_io.files.output",
    "Range": "kaldi_io.specifier",
    "ReadSpecifier": "kaldi_io.specifier",
    "TableWriter": "kaldi_io.tables.writer",
    "WriteSpecifier": "kaldi_io.specifier",
    "apply_range": "kaldi_io.specifier",
    "atomic_output": "kaldi_io.files.output",
    "encode_array": "kaldi_io.matrices.matrix",
    "estimate_utterances": "kaldi_io.tables.size",
    "load_array": "kaldi_io.matrices.matrix",
    "open_input": "kaldi_io.files.input",
    "open_output": "kaldi_io.files.output",
    "open_stream": "kaldi_io.matrices.stream",
    "open_table": "kaldi_io.tables.random_access",
    "parse_range": "kaldi_io.specifier",
    "parse_read_specifier": "kaldi_io.specifier",
    "parse_write_specifier": "kaldi_io.specifier",
    "read_array": "kaldi_io.matrices.matrix",
    "read_float_map": "kaldi_io.tables.float_map",
    "read_table": "kaldi_io.tables.sequential",
    "read_token_table": "kaldi_io.tables.key_value",
    "skip_array": "kaldi_io.matrices.matrix",
    "with_frames": "kaldi_io.tables.sharding",
    "write_array": "kaldi_io.matrices.matrix",
}

__getattr__ = lazy_names(__name__, _HOMES)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
