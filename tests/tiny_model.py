"""A model that compiles instantly and whose scores are easy to compute by hand: scores = 2 · relu(feats · W) + b.

Input ``feats`` [?, 4], inner layer ``hidden`` [?, 3], output ``scores`` [?, 3].
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.openvino_api import opset, ov

NUM_FEATURES, NUM_SCORES = 4, 3
WEIGHTS = np.arange(-6, 6, dtype=np.float32).reshape(NUM_FEATURES, NUM_SCORES)
BIAS = np.array([0.5, -0.25, 4.0], dtype=np.float32)

Table = dict[str, NDArray[Any]]


def save_tiny_model(path: Path) -> str:
    """Path of the IR, written with its weights beside it."""
    feats = opset.parameter([-1, NUM_FEATURES], np.float32, name="feats")
    hidden = opset.relu(opset.matmul(feats, opset.constant(WEIGHTS), False, False), name="hidden")
    scores = opset.add(opset.multiply(hidden, opset.constant(np.float32(2))), opset.constant(BIAS), name="scores_layer")
    for node, name in ((feats, "feats"), (hidden, "hidden"), (scores, "scores")):
        node.output(0).get_tensor().set_names({name})
    ov.save_model(ov.Model([scores], [feats], "tiny"), path, compress_to_fp16=False)
    return str(path)


def tiny_scores(features: NDArray[Any]) -> NDArray[Any]:
    """What the model gives for ``features`` [T, 4]; exact, because all numbers are small multiples of 1/4."""
    return 2 * np.maximum(features @ WEIGHTS, 0) + BIAS


def tiny_features(*lengths: int, seed: int = 1) -> Table:
    """Utterances ``utt1``, ``utt2`` … of so many frames, filled with whole numbers."""
    generator = np.random.default_rng(seed)
    return {
        f"utt{number}": generator.integers(-3, 4, (length, NUM_FEATURES)).astype(np.float32)
        for number, length in enumerate(lengths, start=1)
    }


def write_table(specifier: str | Path, table: Table, **options: Any) -> str:
    """The specifier, after the table was written there."""
    with TableWriter(str(specifier), **options) as writer:
        for key, array in table.items():
            writer.write(key, array)
    return str(specifier)
