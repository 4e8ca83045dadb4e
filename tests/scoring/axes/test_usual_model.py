"""Scores of models with all orders of axes are those of plain numpy, whatever is turned inside the graph."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset as op
from tests.scoring.tiny_models import (
    WEIGHTS,
    WIDTH,
    assert_close,
    input_of,
    integers,
    make_scorer,
    model_of,
    score_with,
    utterances,
)

ORDERS = ["".join(order) for order in permutations("NTC")]
WITH_ONE = ["N1TC", "NTC1", "NC1T", "1NCT", "T1NC", "1TC", "CT", "TC"]


def running_model(order: str, out: str, fixed: dict[str, int] | None = None) -> Any:
    """Running sums of x W along time for an input with axes ``order``, given back with axes ``out``."""
    lengths = {"N": -1, "T": -1, "C": WIDTH, "1": 1, **(fixed or {})}
    x = input_of([lengths[letter] for letter in order])
    ones = [axis for axis, letter in enumerate(order) if letter == "1"]
    value = op.squeeze(x, integers(*ones)) if ones else x
    kept = [letter for letter in order if letter != "1"]
    if "N" not in kept:
        value, kept = op.unsqueeze(value, integers(0)), ["N", *kept]
    usual = op.transpose(value, integers(*(kept.index(letter) for letter in "NTC")))
    sums = op.cum_sum(op.matmul(usual, op.constant(WEIGHTS), False, False), op.constant(np.int64(1)))
    letters = out.replace("1", "")
    if "N" not in letters:
        sums = op.squeeze(sums, integers(0))
    present = "NTC" if "N" in letters else "TC"
    turned = op.transpose(sums, integers(*map(present.index, letters)))
    for axis, letter in enumerate(out):
        if letter == "1":
            turned = op.unsqueeze(turned, integers(axis))
    return model_of(turned, [x])


def expected(utterance: Any) -> Any:
    return (utterance.features["x"].astype(np.float64) @ WEIGHTS).cumsum(0)


@pytest.mark.parametrize("order", [*ORDERS, *WITH_ONE])
@pytest.mark.parametrize("out", ["NTC", "NCT", "CT", "N1TC"])
def test_orders_that_a_trial_finds(order: str, out: str, tmp_path: Path) -> None:
    given = utterances(5, 0, 17, 1)
    for utterance, result in zip(given, score_with(running_model(order, out), given, tmp_path), strict=True):
        assert_close(result.scores["score"], expected(utterance), 1e-4)


@pytest.mark.parametrize("order", [*ORDERS, *WITH_ONE])
def test_orders_that_are_given(order: str, tmp_path: Path) -> None:
    given = utterances(6, 3)
    out = "NCT" if "N" in order else "CT"
    model = running_model(order, out)
    results = score_with(model, given, tmp_path, layout=f"x[{order}]")
    for utterance, result in zip(given, results, strict=True):
        assert_close(result.scores["score"], expected(utterance), 1e-4)
    (fit,) = make_scorer(model, given[0], tmp_path, layout=f"x[{order}]").fits
    assert (fit.layout, fit.source) == (order, "as given")


def test_one_value_for_each_frame(tmp_path: Path) -> None:
    x = input_of([-1, -1, WIDTH])
    given = utterances(4, 9)
    model = model_of(op.reduce_sum(op.cum_sum(x, op.constant(np.int64(1))), integers(2)), [x])
    for utterance, result in zip(given, score_with(model, given, tmp_path), strict=True):
        sums = utterance.features["x"].astype(np.float64).cumsum(0).sum(1, keepdims=True)
        assert_close(result.scores["score"], sums, 1e-4)


@pytest.mark.parametrize("shape", [[-1, -1, WIDTH], [1, -1, WIDTH], [-1, WIDTH]])
@pytest.mark.parametrize("keep", [False, True])
def test_one_vector_for_an_utterance(shape: list[int], keep: bool, tmp_path: Path) -> None:
    x = input_of(shape)
    pooled = op.reduce_mean(op.matmul(x, op.constant(WEIGHTS), False, False), integers(len(shape) - 2), keep)
    given = utterances(4, 9, 1)
    model = model_of(pooled, [x])
    scorer = make_scorer(model, given[0], tmp_path)
    assert scorer.vector_outputs == {"score"}
    for utterance, result in zip(given, scorer.score(given), strict=True):
        assert_close(result.scores["score"], (utterance.features["x"] @ WEIGHTS).mean(0, keepdims=True))


def test_heads_are_refused_unless_all_are_taken(tmp_path: Path) -> None:
    x = input_of([-1, -1, WIDTH])
    heads = op.transpose(op.reshape(x, integers(0, 0, 2, WIDTH // 2), True), integers(0, 2, 1, 3))
    model, given = model_of(op.relu(heads), [x]), utterances(5)
    message = r"values along axes 2 and 4.* score\[0\] to score\[1\] as its name in outputs.* layout score\[NCTC\]"
    with pytest.raises(UnsupportedModelError, match=message):
        make_scorer(model, given[0], tmp_path)
    (result,) = score_with(model, given, tmp_path, layout="score[NCTC]")
    assert_close(result.scores["score"], np.maximum(given[0].features["x"], 0))


def test_one_head_is_chosen_by_its_number(tmp_path: Path) -> None:
    x = input_of([-1, -1, WIDTH])
    heads = op.transpose(op.reshape(x, integers(0, 0, 2, WIDTH // 2), True), integers(0, 2, 1, 3))
    model, given = model_of(op.relu(heads), [x]), utterances(5, 0, 2)
    results = score_with(model, given, tmp_path, outputs=("score[1]", "score[0]"))
    for utterance, result in zip(given, results, strict=True):
        value = np.maximum(utterance.features["x"], 0)
        assert list(result.scores) == ["score[1]", "score[0]"]
        assert_close(result.scores["score[1]"], value[:, WIDTH // 2 :])
        assert_close(result.scores["score[0]"], value[:, : WIDTH // 2])
    with pytest.raises(UnsupportedModelError, match=r"has 2 entries along axis 2, \[0\] to \[1\]; found \[2\]"):
        score_with(model, given, tmp_path, outputs=("score[2]",))
    with pytest.raises(UnsupportedModelError, match="no axis beside those of frames and values"):
        score_with(model_of(op.relu(x), [x]), given, tmp_path, outputs=("score[0]",))
