"""Small models for the tests of this folder, their scores by plain numpy, and a short way to score with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.engine import UtteranceScores
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance

WIDTH, SCORES = 6, 3
GENERATOR = np.random.default_rng(7)
WEIGHTS = (GENERATOR.standard_normal((WIDTH, SCORES)) / 2).astype(np.float32)
BIAS = GENERATOR.standard_normal(SCORES).astype(np.float32)
KEPT = 3  # frames in the splice memory
SPLICE_WEIGHTS = (GENERATOR.standard_normal((KEPT * WIDTH, SCORES)) / 3).astype(np.float32)


def frames(length: int, seed: int = 0, width: int = WIDTH) -> Any:
    return np.random.default_rng(seed).standard_normal((length, width)).astype(np.float32)


def utterances(*lengths: int, name: str = "x") -> list[Utterance]:
    return [Utterance(f"utt{i}", {name: frames(length, i)}, length) for i, length in enumerate(lengths)]


def integers(*values: int) -> Any:
    return op.constant(np.array(values, dtype=np.int64))


def input_of(shape: Sequence[int], name: str = "x", dtype: Any = np.float32) -> Any:
    parameter = op.parameter(list(shape), dtype, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def affine(x: Any) -> Any:
    return op.tanh(op.add(op.matmul(x, op.constant(WEIGHTS), False, False), op.constant(BIAS)))


def affine_scores(values: Any) -> Any:
    """tanh(x W + b) in float64."""
    return np.tanh(np.asarray(values, dtype=np.float64) @ WEIGHTS + BIAS)


def affine_model(shape: Sequence[int], dtype: Any = np.float32) -> ov.Model:
    """Scores of each frame on its own, for an input of any shape that ends with the values of a frame."""
    x = input_of(shape, dtype=dtype)
    return model_of(affine(x if dtype == np.float32 else op.convert(x, "f32")), [x])


def model_of(score: Any, inputs: Sequence[Any], sinks: Sequence[Any] = (), more: Sequence[Any] = ()) -> ov.Model:
    score.output(0).get_tensor().set_names({"score"})
    return ov.Model([op.result(score), *map(op.result, more)], list(sinks), list(inputs))


def splice_model(rows: int = 1) -> ov.Model:
    """The last KEPT frames times SPLICE_WEIGHTS; the model input goes straight into the memory."""
    x = input_of([rows, WIDTH])
    memory = op.read_value(op.constant(np.zeros((rows, KEPT * WIDTH), np.float32)), "memory")
    kept = op.slice(memory, integers(WIDTH), integers(KEPT * WIDTH), integers(1), integers(1))
    spliced = op.concat([kept, x], 1)
    score = op.matmul(spliced, op.constant(SPLICE_WEIGHTS), False, False)
    return model_of(score, [x], [op.assign(spliced, "memory")])


def splice_scores(values: Any) -> Any:
    memory = np.zeros((KEPT, WIDTH))
    rows = []
    for frame in values:
        memory = np.vstack([memory[1:], frame])
        rows.append(memory.reshape(-1) @ SPLICE_WEIGHTS)
    return np.array(rows).reshape(-1, SCORES)


def decay_model(shape: Sequence[int] = (1, WIDTH)) -> ov.Model:
    """state = state / 2 + x W, the score is the state."""
    x = input_of(shape)
    state = op.read_value(op.constant(np.zeros((shape[0], SCORES), np.float32)), "state")
    half = op.multiply(state, op.constant(np.float32(0.5)))
    score = op.add(half, op.matmul(x, op.constant(WEIGHTS), False, False))
    return model_of(score, [x], [op.assign(score, "state")])


def decay_scores(values: Any) -> Any:
    state, rows = np.zeros(SCORES), []
    for frame in values:
        state = state / 2 + frame @ WEIGHTS
        rows.append(state)
    return np.array(rows).reshape(-1, SCORES)


def running_sum_model(shape: Sequence[int], axis: int = 0) -> ov.Model:
    """Sum of the scores of all frames so far: a graph that looks along time and has no variables."""
    x = input_of(shape)
    return model_of(op.cum_sum(affine(x), op.constant(np.int64(axis))), [x])


def with_edges(values: Any, left: int, right: int) -> Any:
    """The frames with the first repeated ``left`` times in front and the last ``right`` times behind."""
    return np.concatenate([values[:1].repeat(left, 0), values, values[-1:].repeat(right, 0)])


def make_scorer(model: ov.Model | Path, first: Utterance | None, folder: Path | None = None, **options: Any) -> Scorer:
    """A scorer for a model file, or for a model that is first written into ``folder``."""
    if isinstance(model, ov.Model):
        assert folder is not None
        path = folder / f"model{len(list(folder.iterdir()))}.xml"
        ov.save_model(model, path, compress_to_fp16=False)
    else:
        path = model
    chosen = ScorerOptions(model=str(path), **options)
    return prepare_scorer(configure_model(load_model(chosen), chosen), chosen, first)


def score_with(
    model: ov.Model | Path, given: Iterable[Utterance], folder: Path | None = None, **options: Any
) -> list[UtteranceScores]:
    listed = list(given)
    first = next((utterance for utterance in listed if utterance.num_frames), None)
    return list(make_scorer(model, first, folder, **options).score(listed))


def assert_close(actual: Any, expected: Any, tolerance: float = 1e-5) -> None:
    assert actual.shape == expected.shape
    assert actual.dtype == np.float32
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance)
