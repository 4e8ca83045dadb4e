"""How many earlier frames the variables of a model hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.reach.memory_span import memory_span

MODELS = Path(__file__).parents[3] / "models"
WIDTH = 4


@pytest.mark.parametrize(("name", "span"), [("tdnn_al", 6), ("lstm_mem", None), ("dnn_digits", 0)])
def test_shipped_models(name: str, span: int | None) -> None:
    assert memory_span(ov.Core().read_model(MODELS / f"{name}.xml")) == span


def integers(*values: int) -> Any:
    return op.constant(np.array(values, dtype=np.int64))


def spliced(new: Any, frames: int, name: str, *, new_first: bool = False, parts: int = 1) -> tuple[Any, Any]:
    """A splice memory [1, frames · WIDTH] over ``new``, and its Assign; what it keeps comes in ``parts``."""
    memory = op.read_value(op.constant(np.zeros((1, frames * WIDTH), np.float32)), name)
    begin = 0 if new_first else WIDTH
    step = (frames - 1) * WIDTH // parts
    kept = [
        op.slice(memory, integers(begin + part * step), integers(begin + (part + 1) * step), integers(1), integers(1))
        for part in range(parts)
    ]
    concat = op.concat([new, *kept] if new_first else [*kept, new], 1)
    return concat, op.assign(concat, name)


def hidden(node: Any) -> Any:
    """An affine layer back to WIDTH values."""
    width = node.get_output_shape(0)[1]
    return op.relu(op.matmul(node, op.constant(np.ones((width, WIDTH), np.float32)), False, False))


def model_of(x: Any, score: Any, *sinks: Any) -> ov.Model:
    return ov.Model([op.result(score)], list(sinks), [x])


@pytest.mark.parametrize("frames", [2, 5])
@pytest.mark.parametrize("new_first", [False, True])
def test_one_memory(frames: int, new_first: bool) -> None:
    x = op.parameter([1, WIDTH], np.float32)
    concat, assign = spliced(x, frames, "v", new_first=new_first)
    assert memory_span(model_of(x, concat, assign)) == frames - 1


def test_a_memory_whose_kept_frames_come_in_parts() -> None:
    x = op.parameter([1, WIDTH], np.float32)
    concat, assign = spliced(x, 5, "v", parts=2)
    assert memory_span(model_of(x, concat, assign)) == 4


def test_memories_upon_each_other_add_up_and_of_those_side_by_side_the_longest_counts() -> None:
    x = op.parameter([1, WIDTH], np.float32)
    first, assign = spliced(x, 3, "v")
    upon, assign_upon = spliced(hidden(first), 4, "w")
    beside, assign_beside = spliced(hidden(x), 2, "u")
    score = op.concat([upon, beside], 1)
    assert memory_span(model_of(x, score, assign, assign_upon, assign_beside)) == 2 + 3


def test_views_between_are_looked_through() -> None:
    x = op.parameter([1, WIDTH], np.float32)
    memory = op.read_value(op.constant(np.zeros((1, 3, WIDTH), np.float32)), "v")
    flat = op.reshape(memory, integers(1, 3 * WIDTH), False)
    concat = op.concat([op.slice(flat, integers(WIDTH), integers(3 * WIDTH), integers(1), integers(1)), x], 1)
    assign = op.assign(op.reshape(concat, integers(1, 3, WIDTH), False), "v")
    assert memory_span(model_of(x, concat, assign)) == 2


def test_recurrent_variables_have_no_span() -> None:
    x = op.parameter([1, WIDTH], np.float32)
    state = op.read_value(op.constant(np.zeros((1, WIDTH), np.float32)), "s")
    new_state = op.tanh(op.add(x, state))
    concat, assign = spliced(new_state, 3, "v")
    assert memory_span(model_of(x, concat, assign, op.assign(new_state, "s"))) is None
    # a Concat that keeps the memory itself beside the frame, not a part of it
    memory = op.read_value(op.constant(np.zeros((1, WIDTH), np.float32)), "m")
    mixed = op.concat([op.tanh(memory), x], 1)
    kept = op.slice(mixed, integers(0), integers(WIDTH), integers(1), integers(1))
    assert memory_span(model_of(x, mixed, op.assign(kept, "m"))) is None
