"""States as variables: streams of pieces, resets, several utterances side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.batch_lanes import with_lanes
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.fillings import FillingPlan, StatePair
from ov_asr_score.ov_model.filled_inputs.state_variables import make_stateful
from tests.ov_model.filled_inputs.onnx_models import (
    HIDDEN,
    cell_model,
    features,
    first_output,
    lstm_model,
    onnx_model,
    read_onnx,
    request_of,
    run_onnx,
)

ZEROS = np.zeros((1, 1, HIDDEN), np.float32)
PAIRS = [StatePair("h0", "hn"), StatePair("c0", "cn")]
LSTM = FillingPlan(tuple(PAIRS))


def kinds(model: ov.Model) -> list[str]:
    return [node.get_type_name() for node in model.get_ordered_ops()]


def test_a_stream_in_pieces_equals_the_whole(tmp_path: Path) -> None:
    exported = lstm_model()
    x = features(9)[None]
    expected = run_onnx(exported, {"x": x, "h0": ZEROS, "c0": ZEROS})
    filled = fill_inputs(read_onnx(exported, tmp_path), LSTM, {"x": (1, -1, 4)})
    assert filled.states == ((1, 1, HIDDEN), (1, 1, HIDDEN))
    assert [port.get_any_name() for port in filled.model.outputs] == ["out"]
    request = request_of(filled.model)
    for _ in range(2):
        request.reset_state()
        pieces = [first_output(request, x[:, start:end]) for start, end in ((0, 3), (3, 4), (4, 9))]
        np.testing.assert_allclose(np.concatenate(pieces, 1), expected, rtol=0, atol=1e-6)


def test_a_state_that_begins_as_asked(tmp_path: Path) -> None:
    """The chunk before, and first two frames of zeros: scores are the sum of both chunks' means."""
    nodes = [
        helper.make_node("Concat", ["cache", "x"], ["seen"], axis=1),
        helper.make_node("Identity", ["x"], ["new_cache"]),
        helper.make_node("ReduceMean", ["seen"], ["out"], axes=[1], keepdims=1),
    ]
    exported = onnx_model(
        nodes, [("x", [1, "T", 4]), ("cache", [1, "C", 4])], [("out", [1, 1, 4]), ("new_cache", [1, "C2", 4])]
    )
    plan = FillingPlan((StatePair("cache", "new_cache", shape=(1, 2, 4)),))
    filled = fill_inputs(read_onnx(exported, tmp_path), plan, {"x": (1, -1, 4)}).model
    repair_memory_concats(filled)
    request = request_of(filled)
    x = features(9)[None]
    for _ in range(2):
        request.reset_state()
        cache = np.zeros((1, 2, 4), np.float32)
        for start, end in ((0, 3), (3, 4), (4, 9)):
            chunk = x[:, start:end]
            expected = run_onnx(exported, {"x": chunk, "cache": cache})
            np.testing.assert_allclose(first_output(request, chunk), expected, rtol=0, atol=1e-6)
            cache = chunk


def test_the_batch_of_a_state_comes_first(tmp_path: Path) -> None:
    """The importer's transposes around the recurrence are gone, so that lanes find their axis."""
    model = fill_inputs(read_onnx(lstm_model(), tmp_path), LSTM, {"x": (1, -1, 4)}).model
    assert kinds(model).count("Transpose") <= 2  # of the scores, which have no time axis outside
    shapes = [list(node.get_output_shape(0)) for node in model.get_ordered_ops() if node.get_type_name() == "ReadValue"]
    assert shapes == [[1, 1, HIDDEN]] * 2


def test_outputs_of_states_stay_if_they_are_kept(tmp_path: Path) -> None:
    exported = cell_model()
    filled = fill_inputs(
        read_onnx(exported, tmp_path), FillingPlan((StatePair("h_in", "h_out"),)), {"x": (1, 4)}, keep=["h_out"]
    )
    x = features(1)
    request = request_of(filled.model)
    request.infer({0: x})
    expected = run_onnx(exported, {"x": x, "h_in": np.zeros((1, HIDDEN), np.float32)}, "h_out")
    np.testing.assert_allclose(request.get_output_tensor(1).data, expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", [np.int64, np.int32, np.uint8, np.float16, np.float64])
def test_states_of_all_types(kind: Any) -> None:
    """A number that grows by two with each request, beside a state that is handed on from another input."""
    x = opset.parameter([1, 1], np.float32, name="x")
    count, before, last = (
        opset.parameter([1, 1], dtype, name=name)
        for dtype, name in ((kind, "count"), (np.float32, "before"), (np.float32, "last"))
    )
    more = opset.add(count, opset.constant(np.array(2, kind)))
    out = opset.add(opset.add(opset.convert(count, "f32"), before), last)
    results = [opset.result(node) for node in (out, more, x, before)]
    for node, name in ((x, "x"), (count, "count"), (before, "before"), (last, "last"), (out, "out"), (more, "more")):
        node.output(0).get_tensor().set_names({name})
    results[2].set_friendly_name("from_x")
    results[3].set_friendly_name("from_before")
    model = ov.Model(results, [x, count, before, last], "counting")
    pairs = [StatePair("count", "more"), StatePair("before", "from_x"), StatePair("last", "from_before")]
    stateful = make_stateful(model, pairs, [(1, 1)] * 3)
    repair_memory_concats(stateful)
    assert stateful.get_friendly_name() == "counting"
    request = request_of(stateful)
    for _ in range(2):
        request.reset_state()
        given = [7.0, 10.0, 20.0, 40.0]
        scores = [float(first_output(request, np.array([[number]], np.float32))[0, 0]) for number in given]
        assert scores == [0.0, 2.0 + 7.0, 4.0 + 10.0 + 7.0, 6.0 + 20.0 + 10.0]


def test_lanes_of_a_recurrence_are_those_of_single_utterances(tmp_path: Path) -> None:
    exported = cell_model(counter=("cached_len", "new_cached_len"))
    plan = FillingPlan((StatePair("h_in", "h_out"), StatePair("cached_len", "new_cached_len")))
    model = fill_inputs(read_onnx(exported, tmp_path), plan, {"x": (1, 4)}).model
    lanes = 3
    request = request_of(with_lanes(model, lanes))
    x, starts = features(6), (0, 2, 1)
    for step in range(4):
        frames = np.stack([x[max(0, step - start)] for start in starts])
        restart = np.array([[float(step <= start)] for start in starts], np.float32)
        results = first_output(request, frames, restart)
        for lane, start in enumerate(starts):
            if step >= start:
                expected = scores_of_cell(exported, x[: step - start + 1])[-1]
                np.testing.assert_allclose(results[lane], expected, atol=1e-5)


def scores_of_cell(exported: Any, x: Any) -> Any:
    """Scores of one frame after the other by onnxruntime, whose states are handed on."""
    state, count = np.zeros((1, HIDDEN), np.float32), np.zeros((1, 1), np.int64)
    scores = []
    for frame in x:
        feeds = {"x": frame[None], "h_in": state, "cached_len": count}
        scores.append(run_onnx(exported, feeds)[0])
        state, count = run_onnx(exported, feeds, "h_out"), np.asarray(run_onnx(exported, feeds, "new_cached_len"))
    return np.array(scores)
