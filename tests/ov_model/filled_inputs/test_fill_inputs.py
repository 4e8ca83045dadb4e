"""Whole models of toolkits, filled in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from ov_asr_score.errors import UnknownNameError
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.filling_plan import GivenInputs, plan_fillings
from ov_asr_score.ov_model.filled_inputs.fillings import NOTHING_TO_FILL, Filling, FillingPlan, StatePair
from ov_asr_score.ov_model.model_description import describe_ports
from tests.ov_model.filled_inputs.onnx_models import (
    WIDTH,
    features,
    first_output,
    icefall_encoder,
    nemo_encoder,
    read_onnx,
    request_of,
    run_onnx,
    wenet_encoder,
    wenet_model,
)

WENET = FillingPlan((StatePair("att_cache", "r_att_cache"),), (Filling("offset", "position"),))
CHUNK = {"chunk": (1, -1, 4)}


@pytest.mark.parametrize(("limit", "pieces"), [(0, (3, 1, 5)), (4, (3, 1, 5))])
def test_chunks_of_wenet(limit: int, pieces: tuple[int, ...], tmp_path: Path) -> None:
    """The cache begins empty, and the offset grows by the rows of each chunk, as wenet's own runtime feeds them."""
    exported = wenet_model(limit=limit)
    filled = fill_inputs(read_onnx(exported, tmp_path), WENET, CHUNK)
    assert filled.states == ((1, 1, 0, WIDTH),)
    assert filled.notes == (
        "output 'r_att_cache' is the next state of input 'att_cache', which starts each utterance as [1,1,0,4] zeros",
        "input 'offset' is filled in with the number of rows of scores that the utterance has had so far",
    )
    request = request_of(filled.model)
    x = features(sum(pieces))[None]
    for _ in range(2):
        request.reset_state()
        cache, start = np.zeros((1, 1, 0, WIDTH), np.float32), 0
        for length in pieces:
            chunk = x[:, start : start + length]
            feeds = {"chunk": chunk, "offset": np.array(start), "att_cache": cache}
            np.testing.assert_allclose(first_output(request, chunk), run_onnx(exported, feeds), rtol=0, atol=1e-6)
            cache, start = run_onnx(exported, feeds, "r_att_cache"), start + length


@pytest.mark.parametrize(("branches", "size"), [(False, 4), (False, 1000), (True, -1), (True, 4)])
def test_all_inputs_of_wenet(branches: bool, size: int, tmp_path: Path) -> None:
    """Lengths of caches that follow from a number, too, which shapes alone do not tell where there are branches."""
    exported = wenet_encoder(branches=branches)
    model = read_onnx(exported, tmp_path)
    words = {"required_cache_size": f"value:{size}"}
    plan = plan_fillings(*describe_ports(model), GivenInputs(unnamed=1, words=words))
    filled = fill_inputs(model, plan, CHUNK)
    assert filled.states == ((1, 1, 0, WIDTH), (1, 1, WIDTH, 2))
    request = request_of(filled.model)
    x, start = features(11)[None], 0
    caches = [np.zeros((1, 1, 0, WIDTH), np.float32), np.zeros((1, 1, WIDTH, 2), np.float32)]
    for length in (3, 4, 4):
        chunk = x[:, start : start + length]
        feeds = {
            **{"chunk": chunk, "offset": np.array(start), "required_cache_size": np.array(size)},
            **{"att_cache": caches[0], "cnn_cache": caches[1], "att_mask": np.ones((1, 1, length), np.bool_)},
        }
        np.testing.assert_allclose(first_output(request, chunk), run_onnx(exported, feeds), rtol=0, atol=1e-6)
        caches = [run_onnx(exported, feeds, name) for name in ("r_att_cache", "r_cnn_cache")]
        start += length


@pytest.mark.parametrize(("exported", "axis"), [(icefall_encoder(), 1), (nemo_encoder(), 2)], ids=["icefall", "nemo"])
def test_encoders_of_other_toolkits(exported: Any, axis: int, tmp_path: Path) -> None:
    """All inputs but the features are settled, and pieces are scored as onnxruntime does that gets the states again."""
    model = read_onnx(exported, tmp_path)
    plan = plan_fillings(*describe_ports(model), GivenInputs(unnamed=1))
    name = exported.graph.input[0].name
    filled = fill_inputs(model, plan, {name: (1, -1, WIDTH) if axis == 1 else (1, WIDTH, -1)})
    assert [port.get_any_name() for port in filled.model.inputs] == [name]
    request = request_of(filled.model)
    x, start = features(11)[None], 0
    states = {
        pair.input: np.zeros(shape, np.int64 if len(shape) == 1 else np.float32)
        for pair, shape in zip(plan.states, filled.states, strict=True)
    }
    for length in (3, 4, 4):
        chunk = np.ascontiguousarray(np.moveaxis(x[:, start : start + length], 1, axis))
        feeds = {name: chunk, **states, **({"length": np.array([length])} if axis == 2 else {})}
        np.testing.assert_allclose(first_output(request, chunk), run_onnx(exported, feeds), rtol=0, atol=1e-6)
        states = {pair.input: np.asarray(run_onnx(exported, feeds, pair.output)) for pair in plan.states}
        start += length


def test_rows_may_be_those_of_any_output(tmp_path: Path) -> None:
    model = read_onnx(wenet_model(), tmp_path)
    request = request_of(fill_inputs(model, WENET, CHUNK, rows=("output", 2)).model)
    zeros = np.zeros((1, 3, WIDTH), np.float32)
    np.testing.assert_array_equal(first_output(request, zeros), 0.0)
    np.testing.assert_array_equal(first_output(request, zeros), float(WIDTH))
    with pytest.raises(UnknownNameError, match="has no output 'scores'"):
        fill_inputs(model, WENET, CHUNK, rows=("scores", 1))


def test_rows_lie_along_the_axis_that_is_free(tmp_path: Path) -> None:
    """Wherever the scores of a request have their rows, its frames are counted."""
    exported = wenet_model()
    exported.graph.node.append(helper.make_node("Transpose", ["output"], ["turned"], perm=[0, 2, 1]))
    exported.graph.output[0].CopyFrom(helper.make_tensor_value_info("turned", 1, [1, WIDTH, "T"]))
    request = request_of(fill_inputs(read_onnx(exported, tmp_path), WENET, CHUNK).model)
    zeros = np.zeros((1, 3, WIDTH), np.float32)
    np.testing.assert_array_equal(first_output(request, zeros), 0.0)
    np.testing.assert_array_equal(first_output(request, zeros), 3.0)


def test_the_model_itself_stays_as_it_is(tmp_path: Path) -> None:
    model = read_onnx(wenet_model(), tmp_path)
    fill_inputs(model, WENET, CHUNK)
    assert len(model.inputs) == 3
    assert not model.get_sinks()
    assert fill_inputs(model, NOTHING_TO_FILL, CHUNK).model is model


def test_names_are_checked(tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="has no input 'ofset'"):
        fill_inputs(read_onnx(wenet_model(), tmp_path), FillingPlan(fillings=(Filling("ofset", "position"),)), CHUNK)
