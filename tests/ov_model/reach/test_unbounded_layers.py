"""Layers that look at all of a free axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.reach.unbounded_layers import unbounded_layer

WIDTH = 4


def integers(*values: int) -> Any:
    return op.constant(np.array(values, np.int64))


def weights(*shape: int) -> Any:
    return op.constant(np.ones(shape, np.float32))


def model_of(graph: Callable[[Any], Any]) -> ov.Model:
    x = op.parameter([1, -1, WIDTH], np.float32, name="x")
    return ov.Model([op.result(graph(x).output(0))], [x])


def turned(x: Any) -> Any:
    return op.transpose(x, integers(0, 2, 1))


def sequence(x: Any, direction: str = "forward") -> Any:
    state = weights(1, 1, WIDTH)
    gates, lengths = 4 * WIDTH, integers(1)
    arrays = weights(1, gates, WIDTH), weights(1, gates, WIDTH), weights(1, gates)
    return op.lstm_sequence(x, state, state, lengths, *arrays, WIDTH, direction)


BOUNDED: dict[str, Callable[[Any], Any]] = {
    "product": lambda x: op.matmul(x, weights(WIDTH, 3), False, False),
    "product of the transposed": lambda x: op.matmul(turned(x), weights(WIDTH, 3), True, False),
    "convolution": lambda x: op.convolution(turned(x), weights(2, WIDTH, 3), [1], [1], [1], [1]),
    "softmax over values": lambda x: op.softmax(x, 2),
    "mean of values": lambda x: op.reduce_mean(x, integers(-1), True),
    "norm of values": lambda x: op.mvn(x, integers(2), True, 1e-5, "inside_sqrt"),
    "frames put together": lambda x: op.reshape(x, integers(1, -1, 2 * WIDTH), False),
    "lengths in products": lambda x: op.reshape(
        x, op.concat([integers(-1), op.reduce_prod(op.shape_of(x), integers(0), True)], 0), False
    ),
}
UNBOUNDED: dict[str, tuple[Callable[[Any], Any], str]] = {
    "attention": (lambda x: op.matmul(op.matmul(x, x, False, True), x, False, False), "MatMul"),
    "sums of products": (lambda x: op.matmul(x, x, True, False), "MatMul"),
    "softmax over frames": (lambda x: op.softmax(x, 1), "Softmax"),
    "mean of frames": (lambda x: op.reduce_mean(x, integers(1), True), "ReduceMean"),
    "largest of all": (lambda x: op.reduce_max(x, integers(0, 1, 2), True), "ReduceMax"),
    "norm of frames": (lambda x: op.mvn(turned(x), integers(-1), True, 1e-5, "inside_sqrt"), "MVN"),
    "running sum": (lambda x: op.cum_sum(x, op.constant(np.int64(1))), "CumSum"),
    "recurrence": (sequence, "LSTMSequence"),
    "halves": (lambda x: op.split(x, op.constant(np.int64(1)), 2), "Split"),
    "order": (lambda x: op.topk(x, op.constant(np.int64(1)), 1, "max", "value"), "TopK"),
}


@pytest.mark.parametrize("name", BOUNDED)
def test_layers_that_look_at_their_frame_or_a_few(name: str) -> None:
    assert unbounded_layer(model_of(BOUNDED[name])) == ""


@pytest.mark.parametrize("name", UNBOUNDED)
def test_layers_that_look_at_all_frames(name: str) -> None:
    graph, kind = UNBOUNDED[name]
    found = unbounded_layer(model_of(graph))
    assert found.endswith(f"({kind})")
    assert "layer '" in found


def test_fixed_shapes_bound_every_layer() -> None:
    model = model_of(sequence)
    model.reshape([1, 20, WIDTH])
    assert unbounded_layer(model) == ""
