"""Models for many utterances at a time: every lane gives what the model gives for one, from where it begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.convert.tensors.tensor_iterator import loop_with_states
from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.batch_lanes import with_lanes
from tests.places import ROOT
from tests.scoring.tiny_models import (
    SCORES,
    WEIGHTS,
    WIDTH,
    affine,
    affine_model,
    decay_model,
    input_of,
    integers,
    model_of,
    splice_model,
)

MODELS = ROOT / "models"
STARTS = (0, 3, 1)  # the step at which the utterance of a lane begins
STEPS = 6
CONFIG = {"INFERENCE_PRECISION_HINT": "f32"}
RANDOM = np.random.default_rng(11)


def constant(*shape: int) -> Any:
    return op.constant(RANDOM.standard_normal(shape).astype(np.float32))


def remembered(value: Any, width: int, shape: Any = None) -> tuple[Any, Any]:
    """The value of the frame before, and what keeps it."""
    declared = [] if shape is None else [np.float32, ov.PartialShape(shape)]
    before = op.read_value(op.constant(np.ones((1, width), np.float32)), "before", *declared)
    return before, op.assign(value, "before")


def declared_model(shape: list[int]) -> ov.Model:
    x = input_of([1, WIDTH])
    before, keep = remembered(x, WIDTH, shape)
    return model_of(affine(op.add(before, x)), [x], [keep])


def rows_model() -> ov.Model:
    """Rows of a lane are taken by number, among constants that stand beside them, and go back into one row."""
    x = input_of([1, 2, WIDTH])
    flat = op.reshape(x, integers(1, 2 * WIDTH), special_zero=False)
    before, keep = remembered(flat, 2 * WIDTH)
    rows = op.reshape(before, integers(2, WIDTH), special_zero=False)
    chosen = op.gather(rows, integers(1, 0, 1), integers(0))
    together = op.concat([op.reshape(chosen, integers(1, 3, WIDTH), special_zero=False), x, constant(1, 1, WIDTH)], 1)
    cut = op.strided_slice(together, integers(0, 1, 0), integers(1, 6, WIDTH), integers(1, 1, 1), [0, 0, 1], [0, 0, 1])
    taken = op.slice(cut, integers(0, 0), integers(1, 4), integers(1, 1), integers(0, 1))
    return model_of(affine(taken), [x], [keep])


def chosen_model() -> ov.Model:
    """The numbers of rows depend on the frames."""
    x = input_of([1, 4, WIDTH])
    before, keep = remembered(op.reduce_sum(x, integers(1)), WIDTH)
    best = op.topk(
        op.reduce_sum(op.add(x, op.unsqueeze(before, integers(1))), integers(2)),
        op.constant(np.int64(2)),
        1,
        "max",
        "none",
    )
    rows = op.reshape(x, integers(4, WIDTH), special_zero=False)
    return model_of(affine(op.gather(rows, best.output(1), integers(0))), [x], [keep])


def broadcast_model() -> ov.Model:
    """What is made as long as the input is, and what is made for a batch of one."""
    x = input_of([1, 3, WIDTH])
    before, keep = remembered(op.reduce_max(x, integers(1)), WIDTH)
    rows = op.broadcast(op.unsqueeze(before, integers(1)), integers(1, 3, WIDTH))
    ones = op.broadcast(op.constant(np.float32(1)), op.shape_of(x))
    return model_of(affine(op.concat([op.add(rows, x), ones], 1)), [x], [keep])


def loop_model() -> ov.Model:
    """A loop that begins with a constant, and whose body has constants for a batch of one."""
    x = input_of([1, 3, WIDTH])
    before, keep = remembered(op.reduce_sum(x, integers(1)), WIDTH)

    def step(frames: list[Any], states: list[Any]) -> tuple[list[Any], list[Any]]:
        flat = op.reshape(op.add(frames[0], states[0]), integers(1, WIDTH), special_zero=False)
        new = op.reshape(op.tanh(flat), integers(1, 1, WIDTH), special_zero=False).output(0)
        return [new], [new]

    seen = op.add(x, op.unsqueeze(before, integers(1)))
    _, outputs = loop_with_states([seen.output(0)], [constant(1, 1, WIDTH).output(0)], step, name="loop")
    return model_of(affine(outputs[0]), [x], [keep])


def sequence_model() -> ov.Model:
    x = input_of([1, 3, WIDTH])
    before, keep = remembered(op.reduce_sum(x, integers(1)), WIDTH)
    weights = [constant(1, 4 * 5, WIDTH), constant(1, 4 * 5, 5), constant(1, 4 * 5)]
    states = [constant(1, 1, 5), constant(1, 1, 5)]
    seen = op.add(x, op.unsqueeze(before, integers(1)))
    lstm = op.lstm_sequence(seen, *states, integers(3), *weights, 5, "FORWARD")
    score = op.squeeze(lstm.output(0), integers(1))
    return model_of(score, [x], [keep])


def check_lanes(model: ov.Model, one_lane: ov.Model | None = None) -> None:
    for each in filter(None, (model, one_lane)):
        repair_memory_concats(each)
    core, lanes = ov.Core(), len(STARTS)
    laned = with_lanes(model, lanes)
    assert [port.get_any_name() for port in laned.inputs][-1] == "restart"
    single = core.compile_model(one_lane or model, "CPU", CONFIG).create_infer_request()
    many = core.compile_model(laned, "CPU", CONFIG).create_infer_request()
    random = np.random.default_rng(1)
    inputs = random.standard_normal((lanes, STEPS, *tuple(model.inputs[0].shape)[1:])).astype(np.float32)
    expected: list[list[Any]] = []
    for lane in inputs:
        single.reset_state()
        expected.append([np.array(single.infer([frame[None]])[0][0]) for frame in lane])
    # before its utterance begins, a lane holds something else
    fed = random.standard_normal(inputs.shape).astype(np.float32)
    for lane, start in enumerate(STARTS):
        fed[lane, start:] = inputs[lane, : STEPS - start]
    for step in range(STEPS):
        restart = np.array([[step == start] for start in STARTS], np.float32)
        scores = many.infer([fed[:, step], restart])[0]
        for lane, start in enumerate(STARTS):
            if step >= start:
                np.testing.assert_allclose(scores[lane], expected[lane][step - start], rtol=0, atol=1e-5)


@pytest.mark.parametrize(
    "make",
    [
        decay_model,
        splice_model,
        lambda: declared_model([1, WIDTH]),
        rows_model,
        chosen_model,
        broadcast_model,
        loop_model,
        sequence_model,
    ],
    ids=["decay", "splice", "declared", "rows", "chosen", "broadcast", "loop", "sequence"],
)
def test_each_lane_is_an_utterance_of_its_own(make: Callable[[], ov.Model]) -> None:
    check_lanes(make())


@pytest.mark.parametrize("name", ["lstm_mem", "tdnn_al"])
def test_lanes_of_shipped_models(name: str) -> None:
    check_lanes(ov.Core().read_model(MODELS / f"{name}.xml"))


def test_lanes_of_a_variable_of_any_batch() -> None:
    check_lanes(declared_model([-1, WIDTH]), declared_model([1, WIDTH]))


def test_the_model_itself_stays_as_it_is() -> None:
    model = decay_model()
    with_lanes(model, 4)
    assert [list(port.shape) for port in model.inputs] == [[1, WIDTH]]
    assert with_lanes(model, 3).inputs[0].shape[0] == 3


def two_axes(along: Callable[[Any], Any]) -> ov.Model:
    x = input_of([1, 4, WIDTH])
    before, keep = remembered(op.reduce_sum(x, integers(1)), WIDTH)
    return model_of(along(op.add(x, op.unsqueeze(before, integers(1)))), [x], [keep])


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: affine_model([WIDTH]), r"input 'x' \[6\] has no axis for several utterances"),
        (lambda: decay_model((4, WIDTH)), r"input 'x' \[4,6\] has no axis"),
        (lambda: two_axes(lambda x: op.reduce_mean(x, integers(0), keep_dims=True)), "works along the first axis"),
        (lambda: two_axes(lambda x: op.transpose(x, integers(1, 0, 2))), "Transpose"),
        (lambda: two_axes(lambda x: op.squeeze(x, integers(0))), "Squeeze"),
        (lambda: two_axes(lambda x: op.unsqueeze(x, integers(0))), "Unsqueeze"),
        (lambda: two_axes(lambda x: op.split(x, op.constant(np.int64(0)), 1)), "Split"),
        (lambda: two_axes(lambda x: op.concat([x, x], 0)), "Concat"),
        (lambda: two_axes(lambda x: op.slice(x, integers(-1), integers(9), integers(1), integers(0))), "Slice"),
        (
            lambda: two_axes(lambda x: op.matmul(op.constant(np.ones((3, 1, 4), np.float32)), x, False, False)),
            "MatMul",
        ),
    ],
)
def test_what_cannot_have_lanes_is_refused(model: Callable[[], ov.Model], message: str) -> None:
    with pytest.raises(UnsupportedModelError, match=message) as caught:
        with_lanes(model(), 5)
    assert "\n" not in str(caught.value)


def test_scores_without_a_batch_are_refused() -> None:
    x = input_of([1, WIDTH])
    before, keep = remembered(x, WIDTH)
    score = op.reshape(op.matmul(op.add(before, x), op.constant(WEIGHTS), False, False), integers(SCORES), False)
    with pytest.raises(UnsupportedModelError, match=r"'score' would be \[12\]"):
        with_lanes(model_of(score, [x], [keep]), 4)
