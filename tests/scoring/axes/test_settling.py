"""Models whose shapes do not say which axis is time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper, numpy_helper

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.plan import UtterancePlan
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.scoring.tiny_models import (
    WIDTH,
    affine_model,
    affine_scores,
    assert_close,
    make_scorer,
    running_sum_model,
    score_with,
    utterances,
)

LENGTHS = (5, 0, 1, 30, 2)
HIDDEN = 4


def lstm_file(folder: Path, batch_first: bool) -> Path:
    """An ONNX LSTM, as PyTorch exports it: [T, N, D] inside, transposed around for ``batch_first``."""
    generator = np.random.default_rng(3)
    weights: dict[str, Any] = {
        "w": generator.standard_normal((1, 4 * HIDDEN, WIDTH)).astype(np.float32),
        "r": generator.standard_normal((1, 4 * HIDDEN, HIDDEN)).astype(np.float32),
        "axes": np.array([1], dtype=np.int64),
    }
    swap: dict[str, Any] = {"perm": [1, 0, 2]}
    nodes = [
        helper.make_node("Transpose" if batch_first else "Identity", ["x"], ["x_in"], **(swap if batch_first else {})),
        helper.make_node("LSTM", ["x_in", "w", "r"], ["all"], hidden_size=HIDDEN),
        helper.make_node("Squeeze", ["all", "axes"], ["y_flat"]),
        helper.make_node(
            "Transpose" if batch_first else "Identity", ["y_flat"], ["y"], **(swap if batch_first else {})
        ),
    ]
    graph = helper.make_graph(
        nodes,
        "lstm",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["a", "b", WIDTH])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["a", "b", HIDDEN])],
        [numpy_helper.from_array(array, name) for name, array in weights.items()],
    )
    path = folder / "lstm.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("layout", ["", "given"])
def test_a_recurrent_model_gets_its_frames_along_time(batch_first: bool, layout: str, tmp_path: Path) -> None:
    path = lstm_file(tmp_path, batch_first)
    given = utterances(*LENGTHS)
    options: dict[str, Any] = {"layout": "[NTC]" if batch_first else "[TNC]"} if layout else {}
    results = score_with(path, given, **options)
    request = ov.Core().compile_model(str(path), "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
    for utterance, result in zip(given, results, strict=True):
        x = utterance.features["x"]
        if len(x):
            whole = request.infer({0: x[np.newaxis] if batch_first else x[:, np.newaxis]})[0]
            assert_close(result.scores["y"], whole.reshape(-1, HIDDEN))


@pytest.mark.parametrize(("batch_first", "layout"), [(True, "NTC"), (False, "TNC")])
def test_the_input_says_what_its_axes_are_and_how_that_was_found(
    batch_first: bool, layout: str, tmp_path: Path
) -> None:
    path, first = lstm_file(tmp_path, batch_first), utterances(5)[0]
    (fit,) = make_scorer(path, first).fits
    assert (fit.layout, fit.source) == (layout, "by a trial")
    (fit,) = make_scorer(path, first, layout=f"[{layout}]").fits
    assert (fit.layout, fit.source) == (layout, "as given")


def test_a_model_that_looks_along_neither_axis(tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    for utterance, result in zip(given, score_with(affine_model([-1, -1, WIDTH]), given, tmp_path), strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]))


@pytest.mark.parametrize("axis", [0, 1])
def test_a_sum_along_either_axis(axis: int, tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    results = score_with(running_sum_model([-1, -1, WIDTH], axis), given, tmp_path)
    for utterance, result in zip(given, results, strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]).cumsum(0), 1e-4)


def test_what_cannot_be_told_must_be_said(tmp_path: Path) -> None:
    first = utterances(5)[0]
    both = running_sum_model([-1, -1, WIDTH], 0)
    node = both.outputs[0].get_node().input_value(0)
    total = op.cum_sum(node, op.constant(np.int64(1)))
    total.output(0).get_tensor().set_names({"total"})
    model = ov.Model([op.result(total)], both.get_parameters(), "both")
    with pytest.raises(
        UnsupportedModelError, match=r"cannot tell what the axes mean .*; say it with layout x\[NTC\] or x\[TNC\]$"
    ):
        make_scorer(model, first, tmp_path)
    assert isinstance(make_scorer(model, first, tmp_path, layout="[NTC]").plan, UtterancePlan)


def test_one_frame_first_does_not_hide_what_depends_on_what(tmp_path: Path) -> None:
    """Its values are all alike, so that noise of their deviation would be nothing."""
    given = [Utterance("one", {"x": np.full((1, WIDTH), 0.1, np.float32)}, 1), *utterances(30)]
    for utterance, result in zip(
        given, score_with(running_sum_model([-1, -1, WIDTH], 0), given, tmp_path), strict=True
    ):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]).cumsum(0), 1e-4)
