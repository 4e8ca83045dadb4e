"""The bound of a graph's reach is never below the reach, and not far above it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.reach.reach_bound import reach_bound

WIDTH = 4


def integers(*values: int) -> Any:
    return op.constant(np.array(values, np.int64))


def turned(x: Any) -> Any:
    return op.transpose(x, integers(0, 2, 1))


def convolved(x: Any, kernel: int, stride: int = 1, dilation: int = 1, pad: int = 0) -> Any:
    weights = op.constant(np.ones((WIDTH, WIDTH, kernel), np.float32))
    return turned(op.convolution(turned(x), weights, [stride], [pad], [pad], [dilation]))


def upsampled(x: Any) -> Any:
    weights = op.constant(np.ones((WIDTH, WIDTH, 4), np.float32))
    return turned(op.convolution_backprop_data(turned(convolved(x, 4, 4)), weights, [4]))


def sliced(x: Any, first: Any) -> Any:
    return op.slice(x, first, integers(2**31 - 1), integers(1), integers(1))


def length_of(x: Any) -> Any:
    return op.gather(op.shape_of(x), integers(1), op.constant(np.int64(0)))


def steps_of(x: Any) -> Any:
    zero, one = (op.constant(np.int64(value)) for value in (0, 1))
    return op.range(zero, op.squeeze(length_of(x), integers(0)), one, "i64")


GRAPHS: dict[str, tuple[Callable[[Any], Any], int, int]] = {
    "none": (op.tanh, 0, 0),
    "a slice of values": (lambda x: sliced(turned(x), integers(3)), 0, 0),
    "a strided slice of values": (
        lambda x: op.strided_slice(x, integers(0, 0, 3), integers(0, 0, 4), integers(1, 1, 1), [1, 1, 0], [1, 1, 0]),
        0,
        3,
    ),
    "parts of values": (lambda x: op.variadic_split(x, op.constant(np.int64(2)), integers(3, 1)), 0, 0),
    "one of the values": (lambda x: op.gather(x, integers(3), op.constant(np.int64(2))), 0, 0),
    "kernel": (lambda x: convolved(x, 5, pad=2), 2, 9),
    "gaps": (lambda x: convolved(x, 3, dilation=300), 600, 900),
    "one after the other": (lambda x: convolved(convolved(x, 3), 3), 4, 6),
    "beside each other": (lambda x: op.add(convolved(x, 5, pad=2), convolved(x, 3, pad=1)), 2, 9),
    "strides": (lambda x: convolved(convolved(x, 3, 3), 3, 2), 8, 12),
    "upsampled": (upsampled, 3, 32),
    "a pool": (lambda x: turned(op.max_pool(turned(x), [1], [1], [0], [9], [10]).output(0)), 9, 30),
    "a slice": (lambda x: sliced(x, integers(250)), 250, 260),
    "the last frames": (lambda x: sliced(x, op.subtract(length_of(x), integers(300))), 300, 310),
    "padding": (
        lambda x: op.pad(x, integers(0, 70, 0), integers(0, 0, 0), "edge"),
        70,
        80,
    ),
    "joined": (lambda x: op.concat([op.constant(np.zeros((1, 90, WIDTH), np.float32)), x], 1), 90, 90),
    "frames put together": (lambda x: op.reshape(x, integers(1, -1, 8 * WIDTH), False), 7, 8),
    "a shifted copy": (
        lambda x: op.gather(
            x,
            op.add(
                op.range(
                    op.constant(np.int64(0)), op.squeeze(length_of(x), integers(0)), op.constant(np.int64(1)), "i64"
                ),
                op.constant(np.int64(400)),
            ),
            op.constant(np.int64(1)),
        ),
        400,
        410,
    ),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_bound(name: str) -> None:
    graph, least, most = GRAPHS[name]
    x = op.parameter([1, -1, WIDTH], np.float32, name="x")
    assert least <= reach_bound(ov.Model([op.result(graph(x).output(0))], [x])) <= most


def test_a_table_of_places_is_farther_than_any_trial() -> None:
    x = op.parameter([1, -1, WIDTH], np.float32, name="x")
    table = op.constant(np.arange(100, dtype=np.int64))
    assert reach_bound(ov.Model([op.result(op.gather(x, table, op.constant(np.int64(1))))], [x])) > 100_000
