"""The runner of GNA programs: slots, lanes, layer times, errors."""

from __future__ import annotations

import gc

import numpy as np
import pytest
from numpy.typing import NDArray
from threadpoolctl import threadpool_info

from ov_asr_score.errors import DeviceError
from ov_asr_score.gna.exact.program import ExactMemory, ExactProgram
from ov_asr_score.gna.gna_runner import GnaRunner
from ov_asr_score.scoring.requests.runner import Runner
from tests.gna.random_models import INT16, INT32, affine_model
from tests.gna.small_blob import small_model

Floats = NDArray[np.float32]


def feed_forward() -> ExactProgram:
    return ExactProgram(affine_model(np.random.default_rng(0), 16, 5, 1, (INT16, INT16, INT32), 3))


def frames(seed: int, lanes: int, size: int) -> Floats:
    return np.random.default_rng(seed).normal(0, 8, (lanes, size)).astype(np.float32)


def direct(program: ExactProgram, values: list[Floats]) -> Floats:
    return program.run(program.new_memory(len(values[0])), values)[0]


def test_runner_ports() -> None:
    runner = GnaRunner(ExactProgram(small_model()), num_slots=2, block=3, restart="restart")
    engine_runner: Runner = runner
    assert [port.shape for port in engine_runner.inputs] == [(3, 8), (3, 16), (3, 1)]
    assert [port.name for port in runner.inputs] == ["left", "right", "restart"]
    assert [port.shape for port in runner.outputs] == [(3, 16), (3, 8)]
    assert GnaRunner(ExactProgram(small_model()), wanted=[1]).outputs[0].name == "second"


def test_concurrent_slots_score_as_one() -> None:
    program = feed_forward()
    runner = GnaRunner(program, num_slots=3, block=4)
    given = [frames(slot, 4, 16) for slot in range(3)]
    for slot in range(3):
        runner.bind(slot, [given[slot]])
    for turn in range(5):
        for slot in range(3):
            given[slot][...] = frames(10 * turn + slot, 4, 16)
            runner.start(slot)
        for slot in range(3):
            assert runner.finish(slot) > 0
            assert runner.results(slot)[0].tobytes() == direct(program, [given[slot]]).tobytes()
    assert runner.num_runs == 15


def test_lanes_restart() -> None:
    program = ExactProgram(small_model())
    given = [frames(1, 2, 8), frames(2, 2, 16)]
    restart = np.ones((2, 1), np.float32)
    runner = GnaRunner(program, block=2, restart="restart")
    runner.bind(0, [*given, restart])
    seen = []
    for begins in ([1, 1], [0, 0], [0, 1], [0, 0]):
        restart[:, 0] = begins
        runner.run(0)
        seen.append(runner.results(0)[0])
    assert seen[0].tobytes() == direct(program, given).tobytes()
    assert seen[2][1].tobytes() == seen[0][1].tobytes()
    assert seen[3][1].tobytes() == seen[1][1].tobytes()
    assert seen[1][1].tobytes() != seen[0][1].tobytes()  # the state is of some use

    plain = GnaRunner(program, block=2)
    plain.bind(0, given)
    for turn in range(3):
        plain.run(0)
        assert plain.results(0)[0].tobytes() == (seen[0] if turn != 1 else seen[1]).tobytes()
        if turn == 1:
            plain.reset_state(0)


def test_layer_times_with_profiling() -> None:
    program = ExactProgram(small_model())
    silent = GnaRunner(program, block=2)
    runner = GnaRunner(program, num_slots=2, block=2, profiling=True)
    for one in (silent, runner):
        for slot in range(one.num_slots):
            one.bind(slot, [frames(1, 2, 8), frames(2, 2, 16)])
            one.run(slot)
    assert silent.averaged_layer_times() == []
    runner.forget_layer_times()
    assert runner.averaged_layer_times() == []
    runner.run(0)
    runner.run(1)
    runner.run(1)
    times = runner.averaged_layer_times()
    assert len(times) == len(program.steps)
    assert all(layer.calls == 3 and layer.real_microseconds > 0 for layer in times)
    assert ("operation 0", "Affine", "int16_int8") in {(layer.name, layer.type, layer.exec_type) for layer in times}
    assert list(runner.layer_records(0)) == []


def test_thread_error_is_raised_by_finish() -> None:
    class Failing(ExactProgram):
        def run(self, memory: ExactMemory, inputs: object) -> list[Floats]:
            raise DeviceError("no more")

    runner = GnaRunner(Failing(small_model()), block=1)
    runner.bind(0, [frames(1, 1, 8), frames(2, 1, 16)])
    runner.start(0)
    with pytest.raises(DeviceError, match="no more"):
        runner.finish(0)


def test_blas_is_limited_to_one_thread() -> None:
    def threads() -> list[int]:
        numpys = (each for each in threadpool_info() if each["user_api"] == "blas" and "numpy" in each["filepath"])
        return [int(library["num_threads"]) for library in numpys]

    gc.collect()
    before = threads()
    first, second = GnaRunner(feed_forward()), GnaRunner(feed_forward())
    assert set(threads()) <= {1}
    del first
    gc.collect()
    assert set(threads()) <= {1}
    del second
    gc.collect()
    assert threads() == before
