"""How large states are when an utterance begins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import helper

from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.filled_inputs.fillings import StatePair
from ov_asr_score.ov_model.filled_inputs.state_shapes import first_shapes
from tests.ov_model.filled_inputs.onnx_models import cell_model, lstm_model, onnx_model, read_onnx, wenet_model

CHUNK = {"chunk": (1, -1, 4)}
CACHE = [StatePair("att_cache", "r_att_cache")]


def cache_model(kept: Any, frames: int | str = "T", batch: int | str = 1) -> Any:
    """x [N,T,4] and a cache [N,C,4]: the new one is what ``kept`` makes of both."""
    nodes = [
        helper.make_node("Concat", ["cache", "x"], ["seen"], axis=1),
        *kept,
        helper.make_node("Relu", ["x"], ["out"]),
    ]
    ends = {"three": [-3], "end": [1 << 40], "axis": [1]}
    read = {name for node in nodes for name in node.input}
    return onnx_model(
        nodes,
        [("x", [batch, frames, 4]), ("cache", [batch, "C", 4])],
        [("out", [batch, frames, 4]), ("new_cache", [batch, "C2", 4])],
        **{name: value for name, value in ends.items() if name in read},
    )


GROWING = [helper.make_node("Identity", ["seen"], ["new_cache"])]
LAST_THREE = [helper.make_node("Slice", ["seen", "three", "end", "axis"], ["new_cache"])]
AS_BEFORE = [helper.make_node("Identity", ["cache"], ["new_cache"])]
LAST_CHUNK = [helper.make_node("Identity", ["x"], ["new_cache"])]


def shape_of_cache(model: ov.Model, request: tuple[int, ...] = (1, -1, 4)) -> tuple[int, ...]:
    return first_shapes(model, [StatePair("cache", "new_cache")], {"x": request})[0]


def test_fixed_shapes_are_taken_as_they_are(tmp_path: Path) -> None:
    model = read_onnx(cell_model(), tmp_path)
    assert first_shapes(model, [StatePair("h_in", "h_out")], {"x": (1, 4)}) == [(1, 5)]


def test_the_batch_is_one(tmp_path: Path) -> None:
    pairs = [StatePair("h0", "hn"), StatePair("c0", "cn")]
    assert first_shapes(read_onnx(lstm_model(), tmp_path), pairs, {"x": (1, -1, 4)}) == [(1, 1, 5), (1, 1, 5)]
    cells = read_onnx(cell_model("N"), tmp_path)
    assert first_shapes(cells, [StatePair("h_in", "h_out")], {"x": (-1, 4)}) == [(1, 5)]
    growing = read_onnx(cache_model(GROWING, batch="N"), tmp_path)
    assert shape_of_cache(growing) == (1, 0, 4)


def test_caches_that_grow_begin_empty(tmp_path: Path) -> None:
    assert first_shapes(read_onnx(wenet_model(), tmp_path), CACHE, CHUNK) == [(1, 1, 0, 4)]
    assert shape_of_cache(read_onnx(cache_model(LAST_THREE), tmp_path)) == (1, 0, 4)  # and are full soon
    # the number of frames may be fixed
    assert first_shapes(read_onnx(wenet_model(3), tmp_path), CACHE, {"chunk": (1, 3, 4)}) == [(1, 1, 0, 4)]
    assert shape_of_cache(read_onnx(cache_model(GROWING), tmp_path)) == (1, 0, 4)


def test_subsampling_does_not_hide_growth() -> None:
    x, cache = (opset.parameter(ov.PartialShape([1, -1, 4]), np.float32, name=name) for name in ("x", "cache"))
    ends = [opset.constant(np.array([number], np.int64)) for number in (3, 1 << 40, 4, 1)]
    fewer = opset.slice(x, *ends)
    seen = opset.concat([cache, fewer], 1)
    for node, name in ((x, "x"), (cache, "cache"), (seen, "new_cache")):
        node.output(0).get_tensor().set_names({name})
    assert shape_of_cache(ov.Model([opset.result(seen), opset.result(fewer)], [x, cache])) == (1, 0, 4)


@pytest.mark.parametrize("kept", [AS_BEFORE, LAST_CHUNK])
def test_what_does_not_settle_the_length_is_asked_for(kept: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        shape_of_cache(read_onnx(cache_model(kept), tmp_path))
    assert str(caught.value) == (
        "states: cannot tell how long axis 2 of 'cache' [1,?,4] is when an utterance begins; "
        "say it with states 'cache=new_cache[1,N,4]', with a number for N"
    )


@pytest.mark.parametrize("kept", [AS_BEFORE, LAST_CHUNK])
def test_a_length_that_is_asked_for(kept: Any, tmp_path: Path) -> None:
    """A cache that holds the chunk before begins with as many zeros as are asked for."""
    exported = cache_model(kept)
    model = read_onnx(exported, tmp_path)
    pair = StatePair("cache", "new_cache", shape=(1, 2, 4))
    assert first_shapes(model, [pair], {"x": (1, -1, 4)}) == [(1, 2, 4)]


def test_caches_of_one_length_begin_with_it() -> None:
    """What a convolution needs of the frames before, whatever the model is given."""
    x, cache = (opset.parameter(ov.PartialShape([1, -1, 4]), np.float32, name=name) for name in ("x", "cache"))
    padded = opset.pad(x, *(opset.constant(np.array([0, count, 0], np.int64)) for count in (3, 0)), "constant")
    seen = opset.concat([cache, padded], 1)
    last = opset.slice(seen, *(opset.constant(np.array([number], np.int64)) for number in (-3, 1 << 40, 1, 1)))
    for node, name in ((x, "x"), (cache, "cache"), (last, "new_cache")):
        node.output(0).get_tensor().set_names({name})
    assert shape_of_cache(ov.Model([opset.result(last), opset.result(opset.relu(x))], [x, cache])) == (1, 3, 4)
