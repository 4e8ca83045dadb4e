"""A GNA model prepared to run bit for bit as in Intel's library, in any number of lanes."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.exact.image import INTEGERS, Image, ImageLayout
from ov_asr_score.gna.exact.kernels import Counts
from ov_asr_score.gna.exact.piecewise import OUTPUT_RANGES, Scratch
from ov_asr_score.gna.exact.steps import make_step
from ov_asr_score.gna.format.runnable import RunnableEndpoint, runnable
from ov_asr_score.gna.model import (
    INPUT,
    INTERLEAVED,
    PRECISION_I16,
    PRECISION_I32,
    WEIGHTS,
    DataType,
    GnaModel,
    GnaTensor,
)
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import EXECUTED, LayerTime

Float32Array = NDArray[np.float32]


class ExactMemory:
    """Everything that changes while a program runs in ``lanes`` lanes; for one thread at a time.

    ``counts`` are the saturations of each operation, ``clipped`` the number of values of each input that were clipped
    to its integer type: over all runs and all lanes, including those that only fill up a request. ``seconds`` of each
    operation are measured while ``watches`` is set.
    """

    def __init__(self, program: ExactProgram, lanes: int) -> None:
        """Buffers as exported, states at zero."""
        self.lanes = lanes
        self.num_runs = 0
        self.watches = False
        groups = max(1, -(-lanes // program.num_vectors))
        self.image = Image(program.layout, groups)
        self.counts = [Counts() for _ in program.steps]
        self.clipped = [0] * len(program.inputs)
        self.seconds = [0.0] * len(program.steps)
        scratch = Scratch()
        pairs = zip(program.steps, self.counts, strict=True)
        self.runs = [step.bind(self.image, scratch, counts) for step, counts in pairs]
        self.sources = [_Port(program.num_vectors, endpoint, self.image) for endpoint in program.settled.inputs]
        self.targets = [_Port(program.num_vectors, endpoint, self.image) for endpoint in program.settled.outputs]
        self.states = [
            self.image.elements(state.offset, state.num_bytes, DataType.INT8)
            for state in program.model.states
            if state.num_bytes
        ]
        for state in self.states:
            state[...] = 0


class ExactProgram:
    """A model in integer arithmetic; see :class:`ov_asr_score.gna.execution.Program`."""

    inputs: tuple[PortInfo, ...]
    outputs: tuple[PortInfo, ...]
    is_stateful: bool

    def __init__(self, model: GnaModel, source: str = "the GNA model", names: Mapping[int, str] | None = None) -> None:
        """Prepare a model that has passed ``check_model``; ``source`` names it in messages.

        ``names`` of operations by index, such as the layers that they came from, are used for layer times.

        Raises UnsupportedModelError.
        """
        self.settled = runnable(model, partial(_refuse, source))
        self.model, self.names = self.settled.model, dict(names or {})
        model = self.model
        self.num_vectors = self.settled.num_vectors
        self.is_stateful = bool(model.states)
        if self.is_stateful and self.num_vectors > 1:
            raise UnsupportedModelError(
                f"{source}: expected one frame per request in a model with states, found {self.num_vectors}; "
                "export it with batch size 1"
            )
        self.layout = ImageLayout(self.settled)
        self.steps = [
            make_step(operation, self.layout, f"{source}: operation {index}")
            for index, operation in enumerate(model.operations)
        ]
        self.inputs = tuple(map(_port_info, self.settled.inputs))
        self.outputs = tuple(map(_port_info, self.settled.outputs))

    def new_memory(self, lanes: int) -> ExactMemory:
        """Memory for ``lanes`` utterances, each at its beginning."""
        return ExactMemory(self, lanes)

    def restart(self, memory: ExactMemory, lanes: NDArray[np.bool_]) -> None:
        """Reset the states of the lanes where the mask ``lanes`` [lanes] is true: a new utterance begins in them."""
        if lanes.all():
            for state in memory.states:
                state[...] = 0
        elif lanes.any():
            for state in memory.states:
                state[lanes] = 0

    def run(self, memory: ExactMemory, inputs: Sequence[Float32Array]) -> list[Float32Array]:
        """The outputs, float32 [lanes, N], for one frame of each lane: float32 [lanes, D] for each input."""
        memory.num_runs += 1
        for index, (port, values) in enumerate(zip(memory.sources, inputs, strict=True)):
            memory.clipped[index] += port.write(values)
        if memory.watches:
            for index, run in enumerate(memory.runs):
                started = time.perf_counter()
                run()
                memory.seconds[index] += time.perf_counter() - started
        else:
            for run in memory.runs:
                run()
        return [port.read(memory.lanes) for port in memory.targets]

    def value(self, memory: ExactMemory, tensor: GnaTensor) -> NDArray[Any]:
        """A copy of the integers of ``tensor`` after a run, [lanes, n].

        In a request with several vectors, each lane has its own n elements.
        """
        stored = memory.image.tensor(tensor)
        if self.num_vectors > 1 and tensor.shape[-1] == self.num_vectors:
            lanes = _lanes_of(stored, self.num_vectors, interleaved=True)
            return lanes.reshape(-1, lanes.shape[-1])[: memory.lanes]
        return np.repeat(stored, self.num_vectors, axis=0)[: memory.lanes]

    def layer_times(self, memory: ExactMemory) -> list[LayerTime]:
        """Wall time of each operation over the runs in which ``watches`` was set."""
        times = []
        for index, (operation, seconds) in enumerate(zip(self.model.operations, memory.seconds, strict=True)):
            operands = [operation.operand(number) for number in (INPUT, WEIGHTS)]
            types = "_".join(tensor.type.name.lower() for tensor in operands if tensor is not None)
            kind, microseconds = operation.type.name.capitalize(), 1e6 * seconds
            name = self.names.get(index, f"operation {index}")
            times.append(LayerTime(name, kind, types, EXECUTED, microseconds, microseconds, memory.num_runs))
        return times


class _Port:
    """An endpoint in an image: float32 [lanes, D] outside, integers inside."""

    def __init__(self, num_vectors: int, port: RunnableEndpoint, image: Image) -> None:
        """Locate the integers of all lanes."""
        endpoint = port.endpoint
        # as InputOutputDataHandler has it: 16-bit integers are stored as they are, integer scores are truncated
        is_stored_as_is = endpoint.precision == PRECISION_I16 and endpoint.element_bytes == 2
        self.scale = np.float32(1.0 if is_stored_as_is else endpoint.scale_factor)
        self.truncates = endpoint.precision == PRECISION_I32
        self.size, self.stored, self.order = port.size, port.stored, port.order
        type_ = INTEGERS[endpoint.element_bytes]
        self.low, self.high = OUTPUT_RANGES[type_]
        stored = image.elements(endpoint.offset, port.stored * num_vectors * type_.num_bytes, type_)
        self.integers = _lanes_of(stored, num_vectors, endpoint.orientation == INTERLEAVED)
        self.groups, self.vectors = image.groups, num_vectors
        self.halves: Float32Array | None = None
        self.scaled: Float32Array | None = None

    def write(self, values: Float32Array) -> int:
        """Quantize ``values`` into the image; the number of those that were out of range."""
        if self.scaled is None or self.halves is None:
            self.scaled = np.zeros((self.groups * self.vectors, self.size), np.float32)
            self.halves = np.empty_like(self.scaled)
        scaled, halves = self.scaled[: len(values)], self.halves[: len(values)]
        with np.errstate(invalid="ignore", over="ignore"):
            np.multiply(values, self.scale, out=scaled)
            np.copysign(np.float32(0.5), scaled, out=halves)
            np.add(scaled, halves, out=scaled)
            clipped = 0
            if not (scaled.max() < self.high + 1 and scaled.min() > self.low - 1):
                clipped = int(np.count_nonzero((scaled >= self.high + 1) | (scaled <= self.low - 1)))
                np.clip(scaled, self.low, self.high, out=scaled)
                np.nan_to_num(scaled, copy=False, nan=0.0)
            self._store(scaled)
        return clipped

    def _store(self, scaled: Float32Array) -> None:
        if self.vectors > 1:
            assert self.scaled is not None
            scaled = self.scaled  # of all lanes, also of those that only fill up a request
        if self.order is not None:
            scaled = scaled[:, self.order]
        np.copyto(self.integers, scaled.reshape(self.integers.shape), casting="unsafe")

    def read(self, lanes: int) -> Float32Array:
        """A float32 copy of the endpoint, [lanes, D]."""
        values = np.empty(self.integers.shape, np.float32)
        np.copyto(values, self.integers, casting="unsafe")
        with np.errstate(over="ignore"):  # a tiny scale factor makes infinities
            np.divide(values, self.scale, out=values)
        if self.truncates:
            np.trunc(values, out=values)
        frames = values.reshape(-1, self.stored)[:lanes]
        return frames if self.order is None else frames[:, self.order]


def _lanes_of(stored: NDArray[Any], vectors: int, interleaved: bool) -> NDArray[Any]:
    """A view [groups, vectors, n] ([lanes, n] for one vector) of elements that are stored for each group."""
    if vectors == 1:
        return stored
    if interleaved:
        return stored.reshape(len(stored), -1, vectors).transpose(0, 2, 1)
    return stored.reshape(len(stored), vectors, -1)


def _port_info(port: RunnableEndpoint) -> PortInfo:
    names = port.endpoint.tensor_names
    return PortInfo(
        name=names[0] if names else port.endpoint.name,
        layer=port.endpoint.name,
        port=0,
        names=names,
        shape=(None, port.size),
        element_type="f32",
        layout="NC",
    )


def _refuse(source: str, place: str, what: str, expected: str, found: object, mend: str) -> NoReturn:
    raise UnsupportedModelError(f"{source}: {place}: {what}: expected {expected}, found {found}; {mend}")
