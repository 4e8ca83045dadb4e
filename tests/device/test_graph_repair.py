"""Graphs that keep a model input in a variable: the mended model against numpy, for every shape of graph."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.graph_repair import repair_memory_concats
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.ov_model.preparation import use_float32_ports

WIDTH, KEPT = 4, 3
# exact in float16
FRAMES = np.round(np.random.default_rng(0).standard_normal((7, WIDTH)) * 16).astype(np.float32) / 16
WEIGHTS = np.random.default_rng(1).standard_normal((5 * WIDTH, 5)).astype(np.float32)


def integers(*values: int) -> Any:
    return op.constant(np.array(values, dtype=np.int64))


def input_of(dtype: Any = np.float32, name: str = "x") -> Any:
    return op.parameter([1, WIDTH], dtype, name=name)


def variable(width: int, name: str = "v", dtype: Any = np.float32) -> Any:
    return op.read_value(op.constant(np.zeros((1, width), dtype)), name)


def columns(node: Any, begin: int, end: int) -> Any:
    return op.slice(node, integers(begin), integers(end), integers(1), integers(1))


def weighted(node: Any, width: int) -> Any:
    return op.matmul(node, op.constant(WEIGHTS[:width]), False, False)


def frame_scores(model: ov.Model) -> Any:
    """Outputs [T, N] of FRAMES, one request after the other."""
    compiled = ov.Core().compile_model(use_float32_ports(model), "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    request = compiled.create_infer_request()
    rows = []
    for frame in FRAMES:
        request.infer([frame[np.newaxis]] * len(compiled.inputs))
        rows.append(request.get_output_tensor(0).data.reshape(-1).copy())
    return np.array(rows)


def check_mended(model: ov.Model, expected: Any, edges: int | None = None) -> None:
    count = repair_memory_concats(model)
    assert count > 0 if edges is None else count == edges
    np.testing.assert_allclose(frame_scores(model), expected, rtol=0, atol=2e-5)


def splice(frames: Any, kept: int = KEPT) -> Any:
    """Row t holds frames t - kept + 1 … t, zeros before the first."""
    padded = np.concatenate([np.zeros((kept - 1, frames.shape[1]), np.float32), frames])
    return np.stack([padded[t : t + kept].reshape(-1) for t in range(len(frames))])


HALF = WIDTH // 2
VIEWS: dict[str, tuple[Callable[[Any], Any], slice]] = {
    "direct": (lambda x: x, slice(WIDTH)),
    "reshape": (
        lambda x: op.reshape(op.reshape(x, integers(WIDTH, 1), False), integers(1, WIDTH), False),
        slice(WIDTH),
    ),
    "squeeze": (lambda x: op.unsqueeze(op.squeeze(x, integers(0)), integers(0)), slice(WIDTH)),
    "transpose": (lambda x: op.transpose(op.reshape(x, integers(WIDTH, 1), False), integers(1, 0)), slice(WIDTH)),
    "split": (lambda x: op.split(x, op.constant(np.int64(1)), 2).output(0), slice(HALF)),
    "variadic split": (
        lambda x: op.variadic_split(x, op.constant(np.int64(1)), integers(HALF, HALF)).output(1),
        slice(HALF, WIDTH),
    ),
    "strided slice": (
        lambda x: op.strided_slice(x, integers(0, 0), integers(1, WIDTH), integers(1, 1), [0, 0], [0, 0]),
        slice(WIDTH),
    ),
    "slice": (lambda x: columns(x, 0, HALF), slice(HALF)),
    "gather of all": (lambda x: op.gather(x, integers(*range(WIDTH)), op.constant(np.int64(1))), slice(WIDTH)),
    "tile once": (lambda x: op.tile(x, integers(1, 1)), slice(WIDTH)),
    "broadcast to itself": (lambda x: op.broadcast(x, integers(1, WIDTH)), slice(WIDTH)),
    "pad by nothing": (
        lambda x: op.pad(x, integers(0, 0), integers(0, 0), "constant", op.constant(np.float32(0))),
        slice(WIDTH),
    ),
    "plus zero": (lambda x: op.add(x, op.constant(np.zeros((1, WIDTH), np.float32))), slice(WIDTH)),
    "times one": (lambda x: op.multiply(x, op.constant(np.ones((1, WIDTH), np.float32))), slice(WIDTH)),
    "concat of its parts": (lambda x: op.concat([columns(x, 0, HALF), columns(x, HALF, WIDTH)], 1), slice(WIDTH)),
}


@pytest.mark.parametrize("new_first", [False, True])
@pytest.mark.parametrize("view", VIEWS)
def test_a_splice_memory_of_the_input(view: str, new_first: bool) -> None:
    look, part = VIEWS[view]
    x = input_of()
    width = FRAMES[0, part].size
    memory = variable(KEPT * width)
    old = columns(memory, 0, (KEPT - 1) * width) if new_first else columns(memory, width, KEPT * width)
    spliced = op.concat([look(x), old] if new_first else [old, look(x)], 1)
    model = ov.Model([op.result(weighted(spliced, KEPT * width))], [op.assign(spliced, "v")], [x])
    seen = splice(FRAMES[:, part])
    if new_first:
        seen = seen.reshape(-1, KEPT, width)[:, ::-1].reshape(seen.shape)
    check_mended(model, seen @ WEIGHTS[: KEPT * width])


def three_parts() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(3 * WIDTH)
    spliced = op.concat([columns(memory, WIDTH, 2 * WIDTH), columns(memory, 2 * WIDTH, 3 * WIDTH), x], 1)
    model = ov.Model([op.result(weighted(spliced, 3 * WIDTH))], [op.assign(spliced, "v")], [x])
    return model, splice(FRAMES) @ WEIGHTS[: 3 * WIDTH]


def input_twice() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(3 * WIDTH)
    spliced = op.concat([columns(memory, 2 * WIDTH, 3 * WIDTH), x, x], 1)
    model = ov.Model([op.result(weighted(spliced, 3 * WIDTH))], [op.assign(spliced, "v")], [x])
    last = splice(FRAMES, 2)
    return model, np.hstack([last, FRAMES]) @ WEIGHTS[: 3 * WIDTH]


def memory_of_another_rank() -> tuple[ov.Model, Any]:
    x = input_of()
    memory = op.read_value(op.constant(np.zeros((1, KEPT, WIDTH), np.float32)), "v")
    old = op.slice(memory, integers(1), integers(KEPT), integers(1), integers(1))
    spliced = op.concat([old, op.reshape(x, integers(1, 1, WIDTH), False)], 1)
    flat = op.reshape(spliced, integers(1, KEPT * WIDTH), False)
    model = ov.Model([op.result(weighted(flat, KEPT * WIDTH))], [op.assign(spliced, "v")], [x])
    return model, splice(FRAMES) @ WEIGHTS[: KEPT * WIDTH]


def memory_is_the_output() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(KEPT * WIDTH)
    spliced = op.concat([columns(memory, WIDTH, KEPT * WIDTH), x], 1)
    return ov.Model([op.result(spliced)], [op.assign(spliced, "v")], [x]), splice(FRAMES)


def output_of_parts() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(KEPT * WIDTH)
    spliced = op.concat([columns(memory, WIDTH, KEPT * WIDTH), x], 1)
    ends = op.concat([columns(spliced, 0, WIDTH), columns(spliced, 2 * WIDTH, 3 * WIDTH)], 1)
    model = ov.Model([op.result(weighted(ends, 2 * WIDTH))], [op.assign(spliced, "v")], [x])
    return model, np.hstack([splice(FRAMES)[:, :WIDTH], FRAMES]) @ WEIGHTS[: 2 * WIDTH]


def memory_in_a_memory() -> tuple[ov.Model, Any]:
    x, inner, outer = input_of(), variable(2 * WIDTH), variable(4 * WIDTH, "w")
    first = op.concat([columns(inner, WIDTH, 2 * WIDTH), x], 1)
    second = op.concat([columns(outer, 2 * WIDTH, 4 * WIDTH), first], 1)
    model = ov.Model([op.result(weighted(second, 4 * WIDTH))], [op.assign(first, "v"), op.assign(second, "w")], [x])
    return model, splice(splice(FRAMES, 2), 2) @ WEIGHTS[: 4 * WIDTH]


def two_memories_of_one_input() -> tuple[ov.Model, Any]:
    x, one, other = input_of(), variable(2 * WIDTH), variable(3 * WIDTH, "w")
    first = op.concat([columns(one, WIDTH, 2 * WIDTH), x], 1)
    second = op.concat([columns(other, WIDTH, 3 * WIDTH), x], 1)
    both = op.concat([first, second], 1)
    model = ov.Model([op.result(weighted(both, 5 * WIDTH))], [op.assign(first, "v"), op.assign(second, "w")], [x])
    return model, np.hstack([splice(FRAMES, 2), splice(FRAMES, 3)]) @ WEIGHTS


def two_inputs_concatenated() -> tuple[ov.Model, Any]:
    x, z, memory = input_of(), input_of(name="z"), variable(4 * WIDTH)
    spliced = op.concat([columns(memory, 2 * WIDTH, 4 * WIDTH), op.concat([x, z], 1)], 1)
    model = ov.Model([op.result(weighted(spliced, 4 * WIDTH))], [op.assign(spliced, "v")], [x, z])
    return model, splice(np.hstack([FRAMES, FRAMES]), 2) @ WEIGHTS[: 4 * WIDTH]


def two_inputs_around_the_memory() -> tuple[ov.Model, Any]:
    x, z, memory = input_of(), input_of(name="z"), variable(4 * WIDTH)
    spliced = op.concat([x, columns(memory, 0, 2 * WIDTH), z], 1)
    model = ov.Model([op.result(weighted(spliced, 4 * WIDTH))], [op.assign(spliced, "v")], [x, z])
    before = np.concatenate([np.zeros((1, WIDTH)), FRAMES[:-1]])
    before2 = np.concatenate([np.zeros((1, WIDTH)), before[:-1]])
    return model, np.hstack([FRAMES, before, before2, FRAMES]) @ WEIGHTS[: 4 * WIDTH]


def rolled_memory() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(KEPT * WIDTH)
    rolled = op.roll(memory, integers(-WIDTH), integers(1))
    spliced = op.concat([columns(rolled, 0, (KEPT - 1) * WIDTH), x], 1)
    model = ov.Model([op.result(weighted(spliced, KEPT * WIDTH))], [op.assign(spliced, "v")], [x])
    return model, splice(FRAMES) @ WEIGHTS[: KEPT * WIDTH]


def difference_to_the_frame_before() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(WIDTH)
    model = ov.Model([op.result(weighted(op.subtract(x, memory), WIDTH))], [op.assign(x, "v")], [x])
    return model, np.diff(FRAMES, axis=0, prepend=np.zeros((1, WIDTH), np.float32)) @ WEIGHTS[:WIDTH]


def delay() -> tuple[ov.Model, Any]:
    x, memory = input_of(), variable(WIDTH)
    return ov.Model([op.result(memory)], [op.assign(x, "v")], [x]), splice(FRAMES, 2)[:, :WIDTH]


def delay_of_two_frames() -> tuple[ov.Model, Any]:
    x, one, two = input_of(), variable(WIDTH), variable(WIDTH, "w")
    score = weighted(op.subtract(two, x), WIDTH)
    model = ov.Model([op.result(score)], [op.assign(x, "v"), op.assign(one, "w")], [x])
    return model, (splice(FRAMES)[:, :WIDTH] - FRAMES) @ WEIGHTS[:WIDTH]


def float16_throughout() -> tuple[ov.Model, Any]:
    x, memory = input_of(np.float16), variable(KEPT * WIDTH, dtype=np.float16)
    spliced = op.concat([columns(memory, WIDTH, KEPT * WIDTH), x], 1)
    score = weighted(op.convert(spliced, "f32"), KEPT * WIDTH)
    return ov.Model([op.result(score)], [op.assign(spliced, "v")], [x]), splice(FRAMES) @ WEIGHTS[: KEPT * WIDTH]


def float16_input() -> tuple[ov.Model, Any]:
    x, memory = input_of(np.float16), variable(KEPT * WIDTH)
    spliced = op.concat([columns(memory, WIDTH, KEPT * WIDTH), op.convert(x, "f32")], 1)
    score = weighted(spliced, KEPT * WIDTH)
    return ov.Model([op.result(score)], [op.assign(spliced, "v")], [x]), splice(FRAMES) @ WEIGHTS[: KEPT * WIDTH]


GRAPHS = [
    three_parts, input_twice, memory_of_another_rank, memory_is_the_output, output_of_parts, memory_in_a_memory,
    two_memories_of_one_input, two_inputs_concatenated, two_inputs_around_the_memory, rolled_memory,
    difference_to_the_frame_before, delay, delay_of_two_frames, float16_throughout, float16_input,
]  # fmt: skip


@pytest.mark.parametrize("make", GRAPHS, ids=lambda make: make.__name__)
def test_other_shapes_of_graph(make: Callable[[], tuple[ov.Model, Any]]) -> None:
    model, expected = make()
    check_mended(model, expected)


def test_values_that_are_not_finite_pass_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    odd = np.array([[np.nan, np.inf, -np.inf, -0.0], [3.4e38, 1e-38, -3.4e38, 0.1], [1, 2, 3, 4]], np.float32)
    monkeypatch.setitem(globals(), "FRAMES", odd)
    model, expected = memory_is_the_output()
    assert repair_memory_concats(model) == 1
    np.testing.assert_array_equal(frame_scores(model), expected)


def untouched() -> Iterator[ov.Model]:
    x = input_of()
    yield ov.Model([op.result(op.concat([x, weighted(x, WIDTH)], 1))], [x])
    x, memory = input_of(), variable(KEPT * WIDTH)
    spliced = op.concat([columns(memory, WIDTH, KEPT * WIDTH), op.relu(x)], 1)
    yield ov.Model([op.result(spliced)], [op.assign(spliced, "v")], [x])
    x, memory = input_of(), variable(5)
    state = op.tanh(op.add(weighted(x, WIDTH), memory))
    yield ov.Model([op.result(op.concat([state, x], 1))], [op.assign(state, "v")], [x])


def test_graphs_without_such_a_memory_are_left_as_they_are() -> None:
    for model in untouched():
        names = [node.get_name() for node in model.get_ordered_ops()]
        assert repair_memory_concats(model) == 0
        assert [node.get_name() for node in model.get_ordered_ops()] == names


def test_a_mended_graph_keeps_its_ports_and_can_be_saved(tmp_path: Path) -> None:
    model, expected = three_parts()
    repair_memory_concats(model)
    ov.save_model(model, tmp_path / "mended.xml", compress_to_fp16=False)
    again = ov.Core().read_model(tmp_path / "mended.xml")
    names = [node.get_friendly_name() for node in again.get_ordered_ops()]
    assert "x/kept_apart_0" in names
    np.testing.assert_allclose(frame_scores(again), expected, rtol=0, atol=2e-5)
