"""The scoring engine's runner for a GNA program: each slot is a memory of the program, run in a thread."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import zip_longest
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from ov_asr_score import blas_threads
from ov_asr_score.gna.execution import Program
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime, LayerTimes

Float32Array = NDArray[np.float32]


@runtime_checkable
class TimedProgram(Protocol):
    """A program that can time its operations; the attribute ``watches`` of its memories turns that on."""

    def layer_times(self, memory: Any) -> list[LayerTime]:
        """Times of the operations, over all runs of ``memory`` in which ``watches`` was on."""


class GnaRunner:
    """``num_slots`` requests of ``block`` lanes of ``program``,
    as :class:`ov_asr_score.scoring.requests.runner.Runner` describes.

    ``restart`` names an additional last input [lanes, 1]: a new utterance begins in the lanes where it is above 0.5.
    Without a name there is no such input, and ``reset_state`` begins an utterance in all lanes. Started slots run
    concurrently, as many at a time as there are processors.
    """

    inputs: Sequence[PortInfo]
    outputs: Sequence[PortInfo]

    def __init__(
        self,
        program: Program,
        num_slots: int = 1,
        block: int = 1,
        restart: str = "",
        wanted: Sequence[int] | None = None,
        profiling: bool = False,
    ) -> None:
        """Make the slots; ``wanted`` are the indices of the outputs to return, None for all."""
        self.program, self.num_slots, self.block = program, num_slots, block
        self.num_runs = 0  # in all slots
        self.profiling = profiling
        self._restart = restart
        self._wanted = tuple(range(len(program.outputs)) if wanted is None else wanted)
        inputs = [replace(port, shape=(block, *(port.shape or ())[1:])) for port in program.inputs]
        if restart:
            inputs.append(PortInfo(restart, restart, 0, (restart,), (block, 1), "f32", "NC"))
        self.inputs = inputs
        outputs = [program.outputs[index] for index in self._wanted]
        self.outputs = [replace(port, shape=(block, *(port.shape or ())[1:])) for port in outputs]
        self._slots = [_Slot() for _ in range(num_slots)]
        blas_threads.hold_while_alive(self)
        self._pool: ThreadPoolExecutor | None = None
        self._clipped: list[int] = []  # in memories that are gone

    @property
    def num_streams(self) -> int:
        """Slots that can run at the same time."""
        return max(1, min(self.num_slots, os.cpu_count() or 1))

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let the slot read its inputs from ``arrays`` [lanes, …]; changing the number of lanes resets all of them."""
        self._slots[slot].arrays = [array.reshape(len(array), -1) for array in arrays]
        self._memory(slot, len(arrays[0]))

    def start(self, slot: int) -> None:
        """Start to score in another thread; ``finish`` raises its errors."""
        self.num_runs += 1
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.num_streams, thread_name_prefix="gna")
        self._slots[slot].under_way = self._pool.submit(self._score, slot)

    def finish(self, slot: int) -> float:
        """Wait for the slot; the seconds that it computed."""
        under_way = self._slots[slot].under_way
        if under_way is None:
            raise RuntimeError(f"slot {slot}: finish() without start()")
        self._slots[slot].under_way = None
        return under_way.result()

    def run(self, slot: int) -> None:
        """Score in the thread of the caller."""
        self.num_runs += 1
        self._score(slot)

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Outputs of the last run."""
        return [self._slots[slot].outputs[index] for index in self._wanted]

    def reset_state(self, slot: int) -> None:
        """Reset the states: a new utterance begins in all lanes of the slot."""
        held = self._slots[slot]
        if held.memory is not None:
            self.program.restart(held.memory, np.ones(held.lanes, np.bool_))

    def clipped(self) -> list[int]:
        """Number of values of each input clipped to its integer type, in all runs; empty if the program counts none."""
        counts = [self._clipped, *(held.memory.clipped for held in self._slots if hasattr(held.memory, "clipped"))]
        return [sum(of_input) for of_input in zip_longest(*counts, fillvalue=0)]

    def renew(self) -> None:
        """Do nothing: slots stay usable after a failure."""

    def layer_records(self, slot: int) -> Iterable[Any]:
        """No records: times are summed over runs, see ``averaged_layer_times``."""
        return ()

    def forget_layer_times(self) -> None:
        """Exclude the runs so far from ``averaged_layer_times``."""
        for held in self._slots:
            held.earlier = self._times_of(held)

    def averaged_layer_times(self) -> list[LayerTime]:
        """Times of the operations over all runs since ``forget_layer_times``; empty without ``profiling``."""
        sums = LayerTimes()
        for held in self._slots:
            before = {layer.name: layer for layer in held.earlier}
            for layer in self._times_of(held):
                if layer.name in before:
                    sums.merge([_difference(layer, before[layer.name])])
                else:
                    sums.merge([layer])
        return sums.slowest_first()

    def _times_of(self, held: _Slot) -> list[LayerTime]:
        if not self.profiling or held.memory is None or not isinstance(self.program, TimedProgram):
            return []
        return self.program.layer_times(held.memory)

    def _memory(self, slot: int, lanes: int) -> None:
        held = self._slots[slot]
        if held.memory is None or held.lanes != lanes:
            if hasattr(held.memory, "clipped"):
                self._clipped = [sum(pair) for pair in zip_longest(self._clipped, held.memory.clipped, fillvalue=0)]
            held.memory, held.lanes, held.earlier = self.program.new_memory(lanes), lanes, []
            if self.profiling and isinstance(self.program, TimedProgram):
                held.memory.watches = True

    def _score(self, slot: int) -> float:
        started = time.perf_counter()
        held = self._slots[slot]
        arrays = held.arrays
        if self._restart:
            *arrays, restart = arrays
            self.program.restart(held.memory, restart.reshape(-1) > 0.5)
        held.outputs = self.program.run(held.memory, arrays)
        return time.perf_counter() - started


class _Slot:
    """The state of one request."""

    def __init__(self) -> None:
        self.arrays: Sequence[Float32Array] = ()
        self.memory: Any = None
        self.lanes = 0
        self.outputs: Sequence[Float32Array] = ()
        self.under_way: Future[float] | None = None
        self.earlier: list[LayerTime] = []


def _difference(layer: LayerTime, before: LayerTime) -> LayerTime:
    return replace(
        layer,
        real_microseconds=layer.real_microseconds - before.real_microseconds,
        cpu_microseconds=layer.cpu_microseconds - before.cpu_microseconds,
        calls=layer.calls - before.calls,
    )
