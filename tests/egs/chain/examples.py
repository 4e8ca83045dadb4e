"""Scores and supervision of the chain examples in data/, whose input is taken for the output of a network."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.chain.supervision import ChainSupervision, read_supervision
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.token_reader import ModelReader

DATA = Path(__file__).parent / "data"
SUBSAMPLING = 3


def stream_at(path: Path, marker: bytes) -> KaldiStream:
    """Stream that stands in front of the first ``marker``."""
    data = path.read_bytes()
    stream = KaldiStream(io.BytesIO(data), path.name)
    stream.read(data.index(marker))
    return stream


def read_example(path: Path) -> tuple[NDArray[np.float32], ChainSupervision]:
    """Scores [frames, sequences, pdfs] and supervision of the only example in a binary file."""
    supervision = read_supervision(ModelReader(stream_at(path, b"<Supervision>"), binary=True))
    # Rows of the input come sequence by sequence, frames after each other.
    rows = ModelReader(stream_at(path, b"FM "), binary=True).read_matrix()
    by_sequence = rows.reshape(supervision.num_sequences, -1, rows.shape[1])[:, ::SUBSAMPLING]
    return np.ascontiguousarray(by_sequence.transpose(1, 0, 2)), supervision


def log_softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Logarithm of the softmax over the last axis."""
    with np.errstate(invalid="ignore"):
        shifted = scores - scores.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), np.float32)
