"""The oracle knows the axes: whatever their order, scores of one network are the same, and those of numpy."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tests.axes_proof.building import build
from tests.axes_proof.figures import NAMINGS
from tests.axes_proof.judging import Answer, judge
from tests.axes_proof.oracle import expected_scores, make_tables
from tests.axes_proof.strategies import SAME_LENGTH, sample_models
from tests.axes_proof.truth import PLAIN, TrueModel, TrueOutput


def scores(true: TrueModel) -> dict[str, np.ndarray]:
    return expected_scores(build(true).SerializeToString(), true, make_tables(true))["y"]


def test_scores_are_those_of_numpy() -> None:
    weights, bias, last = map(numpy_helper.to_array, build(PLAIN).graph.initializer)
    for key, found in scores(PLAIN).items():
        features = make_tables(PLAIN)["x"][key]
        np.testing.assert_allclose(found, np.tanh(features @ weights + bias) @ last, atol=1e-6)


@pytest.mark.parametrize("body", ["affine", "both_ways", "half"])
def test_orders_of_axes_give_the_same_scores(body: str) -> None:
    expected = scores(replace(PLAIN, body=body))
    for letters in ("NCT", "TNC", "CTN", "N1TC", "NC1T", "TC", "CT"):
        for output in (letters for letters in SAME_LENGTH if "H" not in letters and "C" in letters):
            true = replace(PLAIN, body=body, letters=letters, outputs=(TrueOutput("y", output, 3),))
            for key, matrix in scores(true).items():
                np.testing.assert_allclose(matrix, expected[key], atol=1e-6, err_msg=f"{letters} {output}")


def test_a_graph_of_some_frames_gets_pieces_and_a_graph_of_some_utterances_gets_one_again_and_again() -> None:
    expected = scores(PLAIN)
    for true in (replace(PLAIN, free="N", frames=3), replace(PLAIN, free="T", batch=8), replace(PLAIN, free="")):
        for key, matrix in scores(true).items():
            np.testing.assert_allclose(matrix, expected[key], atol=1e-6)


def test_models_are_the_same_for_a_seed_and_all_of_them_can_be_run() -> None:
    models = sample_models(300, 5, NAMINGS["layout"])
    assert models == sample_models(300, 5, NAMINGS["layout"])
    for true in models:
        onnx.checker.check_model(build(true))
        for output, table in zip(true.outputs, scores_of_all(true).values(), strict=True):
            for matrix in table.values():
                assert matrix.shape[1] == output.width * output.heads
                assert np.all(np.isfinite(matrix))


def scores_of_all(true: TrueModel) -> dict[str, dict[str, np.ndarray]]:
    return expected_scores(build(true).SerializeToString(), true, make_tables(true))


def test_wrong_scores_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert judge(PLAIN, tmp_path).first == Answer()
    true_scores = scores_of_all(PLAIN)
    other = {"y": {key: matrix + (key == "u1") * 3e-4 for key, matrix in true_scores["y"].items()}}
    monkeypatch.setattr("tests.axes_proof.judging.expected_scores", lambda *_: other)
    judgement = judge(PLAIN, tmp_path)
    assert judgement.kind == "wrong"
    assert judgement.reason.startswith("output y of u1: error 0.0003")
    transposed = {"y": {key: matrix.T for key, matrix in true_scores["y"].items()}}
    monkeypatch.setattr("tests.axes_proof.judging.expected_scores", lambda *_: transposed)
    assert judge(PLAIN, tmp_path).reason == "output y of u0: expected (3, 4), found (4, 3)"
