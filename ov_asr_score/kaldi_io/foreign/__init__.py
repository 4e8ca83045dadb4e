"""What a file is that was given where a model, a table or another file is expected, in a sentence.

Nothing is refused here: whoever reads a file asks after it failed, or before it would ask other libraries to read what
they cannot read. What tells the kinds apart is loaded when it is first asked for.

Tests: tests/kaldi_io/foreign/test_recognition.py
"""

from __future__ import annotations

import re
from pathlib import Path

MODEL = "a Kaldi, OpenVINO IR or ONNX model"
"""What is said to be expected where a model of any kind may be given."""

NETWORK = "a neural network (nnet1, nnet2 or nnet3)"
"""What is said to be expected where a Kaldi model is read."""

BLOB = "an exported blob"

TABLE = "a table of matrices or vectors"
"""What is said to be expected where features, i-vectors or scores are read."""

OPTIONS = "a file of options for a program of Kaldi"
"""What is said to be expected where options are read, such as those of compute-mfcc-feats."""

START_BYTES = 4096

# ir_version, then another field of a model (onnx.proto3): the graph, or the program that wrote it.
ONNX_START = re.compile(rb"\x08[\x01-\x14][\x12\x1a\x22\x28\x32\x3a\x42]")


def describe_start(start: bytes, name: str, expected: str, *, whole: bool = False) -> str:
    """``is a Git LFS pointer, …``: what a file is instead of what is ``expected``; empty if unknown, or as expected.

    ``start`` are its first bytes: START_BYTES are enough, 512 mostly; ``whole`` says that there are no more. Of
    ``name`` only the suffix counts. ``expected`` is MODEL, NETWORK, BLOB, TABLE or other words for what was to be read.
    """
    from ov_asr_score.kaldi_io.foreign.recognition import foreign_kind

    kind = foreign_kind(start, name, whole=whole)
    return "" if kind is None else kind.sentence(expected)


def describe_file(path: str | Path, expected: str) -> str:
    """As ``describe_start``, of the file at ``path``, of a gzip file by its content.

    Never raises: a file that cannot be read is not described.
    """
    try:
        with Path(path).open("rb") as file:
            start = file.read(START_BYTES)
            whole = not file.read(1)
    except (OSError, ValueError):
        return ""
    return describe_start(start, str(path), expected, whole=whole)
