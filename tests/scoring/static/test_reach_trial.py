"""How far scores look is found for graphs whose reach is known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.reach.reach_bound import reach_bound
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import EqualWindows
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.static.reach_trial import blocks_agree, find_windows, rows_factors
from tests.scoring.tiny_models import WIDTH, input_of, integers, model_of, utterances

FIT = InputFit("x", "time", WIDTH, (1, -1, WIDTH))
CORE = ov.Core()


def convolved(x: Any, kernel: int, stride: int = 1, dilation: int = 1, pads: tuple[int, int] = (0, 0)) -> Any:
    """A convolution of each column by itself along the second axis."""
    weights = np.random.default_rng(kernel).uniform(0.5, 1.0, (WIDTH, 1, 1, kernel)).astype(np.float32)
    turned = op.transpose(x, integers(0, 2, 1))
    begin, end = pads
    y = op.group_convolution(turned, op.constant(weights), [stride], [begin], [end], [dilation], "explicit")
    return op.transpose(y, integers(0, 2, 1))


def blocks_of_four(x: Any) -> Any:
    """Each frame with the mean of its four: the same place of every block, one row per frame."""
    blocks = op.reshape(x, integers(1, -1, 4, WIDTH), False)
    return op.reshape(op.add(blocks, op.reduce_mean(blocks, integers(2), True)), integers(1, -1, WIDTH), False)


def padded_blocks_of_four(x: Any) -> Any:
    """The same for any number of frames: zeros fill up the last block, and are cut off again."""
    length = op.gather(op.shape_of(x), integers(1), op.constant(np.int64(0)))
    more = op.floor_mod(op.negative(length), integers(4))
    ends = op.concat([integers(0), more, integers(0)], 0)
    full = op.pad(x, integers(0, 0, 0), ends, "constant", op.constant(np.float32(0)))
    return op.slice(blocks_of_four(full), integers(0), length, integers(1), integers(1))


def model(graph: Callable[[Any], Any]) -> ov.Model:
    x = input_of((1, -1, WIDTH))
    return model_of(graph(x), [x])


def windows_of(graph: Callable[[Any], Any], frames: int = 0) -> EqualWindows | None:
    made = model(graph)
    factors = rows_factors(made, [FIT], [0])
    assert factors is not None
    runner = OpenVinoRunner(CORE.compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}))
    return find_windows(runner, [FIT], factors, reach_bound(made), utterances(300)[0], frames)


GRAPHS: dict[str, tuple[Callable[[Any], Any], tuple[int, int, int]]] = {
    "a frame": (op.tanh, (0, 0, 1)),
    "three frames": (lambda x: convolved(x, 3, pads=(1, 1)), (1, 1, 1)),
    "dilated": (lambda x: convolved(x, 5, dilation=4, pads=(8, 8)), (8, 8, 1)),
    "back only": (lambda x: convolved(x, 4, pads=(3, 0)), (3, 0, 1)),
    "ahead only": (lambda x: convolved(x, 4, pads=(0, 3)), (0, 3, 1)),
    "without padding": (lambda x: convolved(x, 4), (0, 3, 1)),
    "every fourth": (lambda x: convolved(x, 5, stride=4, pads=(2, 2)), (4, 2, 4)),
    "every second of every second": (lambda x: convolved(convolved(x, 3, 2), 3, 2), (0, 6, 4)),
    "far": (lambda x: convolved(x, 3, dilation=90, pads=(90, 90)), (90, 90, 1)),
    "far, with a gap": (lambda x: convolved(x, 2, dilation=500, pads=(500, 0)), (500, 0, 1)),
    "through a ReLU": (lambda x: convolved(op.relu(convolved(x, 3, pads=(1, 1))), 3, pads=(1, 1)), (2, 2, 1)),
    "the largest of five": (
        lambda x: op.transpose(
            op.max_pool(op.transpose(x, integers(0, 2, 1)), [1], [1], [2], [2], [5]).output(0), integers(0, 2, 1)
        ),
        (2, 2, 1),
    ),
    "blocks": (padded_blocks_of_four, (4, 3, 4)),
}


@pytest.mark.parametrize("name", GRAPHS)
def test_reach_is_found(name: str) -> None:
    graph, expected = GRAPHS[name]
    windows = windows_of(graph)
    assert windows is not None
    assert (windows.left, windows.right, windows.alignment) == expected
    assert windows.frames - windows.left - windows.right >= 128


@pytest.mark.parametrize("channels", [1, 2])
def test_reach_is_found_where_one_frame_of_many_counts(channels: int) -> None:
    for seed in range(20):
        weights = np.random.default_rng(seed).standard_normal((WIDTH, channels)).astype(np.float32)

        def largest(x: Any, weights: Any = weights) -> Any:
            turned = op.transpose(op.matmul(x, op.constant(weights), False, False), integers(0, 2, 1))
            return op.transpose(op.max_pool(turned, [1], [1], [20], [20], [41]).output(0), integers(0, 2, 1))

        windows = windows_of(largest)
        assert windows is not None
        assert (windows.left, windows.right) == (20, 20)


def test_windows_that_are_asked_for_are_long_enough_or_as_short_as_can_be() -> None:
    graph, _ = GRAPHS["dilated"]
    for asked, given in ((40, 40), (17, 17), (5, 17)):
        windows = windows_of(graph, asked)
        assert windows is not None and windows.frames == given


@pytest.mark.parametrize(
    "graph",
    [
        lambda x: op.cum_sum(x, op.constant(np.int64(1))),
        lambda x: op.add(x, op.reduce_max(x, integers(1), True)),
        lambda x: op.softmax(x, 1),
        lambda x: op.multiply(x, op.constant(np.float32(0))),
        lambda x: op.divide(x, op.constant(np.float32(0))),
        lambda x: op.add(x, op.convert(op.gather(op.shape_of(x), integers(1), op.constant(np.int64(0))), "f32")),
        lambda x: convolved(x, 2, dilation=4000, pads=(4000, 0)),
    ],
    ids=["running sum", "largest", "softmax", "nothing", "infinite", "length", "too far"],
)
def test_what_has_no_bound_has_no_windows(graph: Callable[[Any], Any]) -> None:
    assert windows_of(graph) is None


@pytest.mark.parametrize(
    ("graph", "factors"),
    [
        (lambda x: x, (1,)),
        (lambda x: convolved(x, 5, stride=3), (3,)),
        (lambda x: op.reduce_mean(x, integers(1), True), None),
        (lambda x: op.concat([x, x], 1), None),
        (lambda x: op.reshape(x, integers(1, -1, 2), False), None),
        (blocks_of_four, None),
        (lambda x: convolved(x, 200), None),
    ],
    ids=["each frame", "every third", "mean", "twice", "three rows a frame", "not for every length", "not for short"],
)
def test_frames_per_row(graph: Callable[[Any], Any], factors: tuple[int, ...] | None) -> None:
    assert rows_factors(model(lambda x: op.tanh(graph(x))), [FIT], [0]) == factors


def test_blocks_of_a_model_with_variables() -> None:
    def states(carries: bool) -> OpenVinoRunner:
        x = input_of((1, -1, WIDTH))
        kept = op.read_value(op.constant(np.zeros((1, 1, WIDTH), np.float32)), "kept")
        before = kept if carries else op.multiply(kept, op.constant(np.float32(0)))
        spliced = op.concat([before, x], 1)
        score = op.subtract(x, op.slice(spliced, integers(0), integers(-1), integers(1), integers(1)))
        last = op.slice(spliced, integers(-1), integers(2**31), integers(1), integers(1))
        made = model_of(score, [x], [op.assign(last, "kept")])
        return OpenVinoRunner(CORE.compile_model(made, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}))

    assert blocks_agree(states(True), [FIT], 16, 1, None)
    assert not blocks_agree(states(False), [FIT], 16, 1, None)


def test_a_model_that_does_not_take_noise_has_no_windows() -> None:
    class Refusing(OpenVinoRunner):
        def run(self, slot: int) -> None:
            raise DeviceError("no such symbol")

        def start(self, slot: int) -> None:
            self.run(slot)

    refusing = Refusing(CORE.compile_model(model(op.tanh), "CPU"))
    assert find_windows(refusing, [FIT], (1,), 0, None) is None
