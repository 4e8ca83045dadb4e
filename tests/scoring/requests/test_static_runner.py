"""Models by the shapes of their requests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.static_runner import Shapes, StaticRunner
from tests.scoring.tiny_models import (
    WIDTH,
    affine_model,
    affine_scores,
    assert_close,
    decay_model,
    decay_scores,
    frames,
)

CORE = ov.Core()


def opener(model: ov.Model, opened: list[Shapes]) -> Callable[[Shapes, int], OpenVinoRunner]:
    def open_runner(shapes: Shapes, slots: int) -> OpenVinoRunner:
        opened.append(shapes)
        changed = model.clone()
        try:
            changed.reshape(list(shapes[0]))
        except RuntimeError as error:
            raise DeviceError("cannot have that shape") from error
        compiled = CORE.compile_model(changed, "CPU", {"PERF_COUNT": True, "INFERENCE_PRECISION_HINT": "f32"})
        return OpenVinoRunner(compiled, slots)

    return open_runner


def shapes(length: int) -> Shapes:
    return ((1, length, WIDTH),)


def test_each_shape_is_compiled_once() -> None:
    opened: list[Shapes] = []
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), opened), shapes(3), 2)
    for slot, length in enumerate([3, 5, 3, 5, 7]):
        values = frames(length, length)[None]
        runner.bind(slot % 2, [values])
        runner.start(slot % 2)
        runner.finish(slot % 2)
        (result,) = runner.results(slot % 2)
        assert_close(np.array(result), affine_scores(values))
    assert opened == runner.compiled_shapes == [shapes(3), shapes(5), shapes(7)]
    assert runner.num_runs == 5
    times = {layer.name: layer for layer in runner.averaged_layer_times()}
    assert max(layer.calls for layer in times.values()) == 5


def test_two_requests_of_different_shapes_are_under_way_together() -> None:
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), []), shapes(3), 2, most_kept=1)
    values = [frames(3)[None], frames(5)[None]]
    for slot in (0, 1):
        runner.bind(slot, [values[slot]])
        runner.start(slot)
    for slot in (0, 1):
        runner.finish(slot)
        assert_close(np.array(runner.results(slot)[0]), affine_scores(values[slot]))


def test_models_used_longest_ago_are_forgotten() -> None:
    opened: list[Shapes] = []
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), opened), shapes(1), 1, most_kept=2)
    for length in (1, 2, 1, 3, 1, 2):
        runner.bind(0, [frames(length)[None]])
        runner.run(0)
    assert [shape[0][1] for shape in opened] == [1, 2, 3, 2]
    assert max(layer.calls for layer in runner.averaged_layer_times()) == 6
    runner.forget_layer_times()
    assert not any(layer.calls for layer in runner.averaged_layer_times())


def test_nothing_is_compiled_for_a_request_that_is_not_run() -> None:
    opened: list[Shapes] = []
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), opened), shapes(1), 1)
    runner.bind(0, [frames(9)[None]])
    assert opened == [shapes(1)]


def test_variables_are_reset_in_the_model_of_the_next_request() -> None:
    runner = StaticRunner(opener(decay_model((1, WIDTH)), []), ((1, WIDTH),), 1)
    values = frames(4)
    for _ in range(2):
        runner.reset_state(0)
        rows = []
        for frame in values:
            runner.bind(0, [frame[None].copy()])
            runner.run(0)
            rows.append(np.array(runner.results(0)[0])[0])
        np.testing.assert_allclose(rows, decay_scores(values), atol=1e-6)


def test_a_renewed_runner_compiles_again() -> None:
    opened: list[Shapes] = []
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), opened), shapes(2), 1)
    runner.bind(0, [frames(2)[None]])
    runner.renew()
    runner.run(0)
    assert opened == [shapes(2), shapes(2)]
    assert_close(np.array(runner.results(0)[0]), affine_scores(frames(2)[None]))


def test_a_shape_that_cannot_be() -> None:
    runner = StaticRunner(opener(affine_model([1, -1, WIDTH]), []), shapes(2), 1)
    runner.bind(0, [np.zeros((1, 2, WIDTH + 1), np.float32)])
    with pytest.raises(DeviceError, match="cannot have that shape"):
        runner.start(0)
