"""``HETERO:GNA_SW_EXACT,CPU``: parts of a model in integers, parts on the CPU plugin, one after the other.

Tests: tests/cli/test_gna_scores.py
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.device.input_scale_factors import largest_value, scale_factor
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.execution import Program
from ov_asr_score.gna.graphs.partition import ModelPart, Partition
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ov_model.preparation import with_leading_dimension
from ov_asr_score.ports import PortInfo
from ov_asr_score.settings.device import DeviceSettings

Float32Array = NDArray[np.float32]

# Frames of the first utterances that tell how large the values between parts are.
_MOST_FRAMES = 1000
_TOLERANCE = 1e-3


@dataclass(slots=True)
class PartsMemory:
    """What the parts remember, and the values of the last frame by name."""

    lanes: int
    memories: list[Any]
    values: dict[str, Float32Array] = field(default_factory=dict)


class PartsProgram:
    """An :class:`~ov_asr_score.gna.execution.Program` made of others: each takes values by name and leaves others."""

    def __init__(
        self,
        partition: Partition,
        programs: Sequence[Program],
        inputs: Sequence[PortInfo],
        outputs: Sequence[PortInfo],
    ) -> None:
        """Parts with the programs that run them; ``inputs`` and ``outputs`` are those of the whole model."""
        self.partition, self.programs = partition, list(programs)
        self.inputs, self.outputs = tuple(map(_one_frame, inputs)), tuple(map(_one_frame, outputs))
        self.is_stateful = any(program.is_stateful for program in programs)

    def new_memory(self, lanes: int) -> PartsMemory:
        """Memory for ``lanes`` utterances that begin."""
        return PartsMemory(lanes, [program.new_memory(lanes) for program in self.programs])

    def restart(self, memory: PartsMemory, lanes: NDArray[np.bool_]) -> None:
        """Set the states of those lanes to zero."""
        for program, own in zip(self.programs, memory.memories, strict=True):
            program.restart(own, lanes)

    def run(self, memory: PartsMemory, inputs: Sequence[Float32Array]) -> list[Float32Array]:
        """Outputs [lanes, N] for one frame [lanes, D] of each lane."""
        memory.values = dict(zip(self.partition.inputs, inputs, strict=True))
        for part, program, own in zip(self.partition.parts, self.programs, memory.memories, strict=False):
            outputs = program.run(own, [memory.values[name] for name in part.inputs])
            memory.values.update(zip(part.outputs, outputs, strict=True))
        return [memory.values[name] for name in self.partition.outputs if name in memory.values]


class CpuProgram:
    """A part of a model on the CPU plugin; variables are kept in one infer request for each lane."""

    def __init__(self, core: ov.Core, model: ov.Model, settings: DeviceSettings) -> None:
        """Compile ``model``, which takes one frame. Raises DeviceError."""
        self.is_stateful = bool(model.get_sinks())
        self.shapes = [shape_of(port.get_partial_shape()) or () for port in model.inputs]
        self.takes_lanes = not self.is_stateful and all(len(shape) > 1 and shape[0] == 1 for shape in self.shapes)
        if self.takes_lanes:
            try:
                model = with_leading_dimension(model, list(range(len(model.inputs))), None)
            except UnsupportedModelError:
                self.takes_lanes = False
        inputs, outputs = describe_ports(model)
        self.inputs, self.outputs = tuple(map(_one_frame, inputs)), tuple(map(_one_frame, outputs))
        self.compiled = compile_model(core, model, replace(settings, device="CPU"))

    def new_memory(self, lanes: int) -> list[ov.InferRequest]:
        """Infer requests: one for all lanes, or for each."""
        return [self.compiled.create_infer_request() for _ in range(lanes if self.is_stateful else 1)]

    def restart(self, memory: list[ov.InferRequest], lanes: NDArray[np.bool_]) -> None:
        """Reset the variables of those lanes."""
        for index in np.flatnonzero(lanes) if self.is_stateful else ():
            memory[index].reset_state()

    def run(self, memory: list[ov.InferRequest], inputs: Sequence[Float32Array]) -> list[Float32Array]:
        """Outputs [lanes, N] for one frame [lanes, D] of each lane."""
        lanes = len(inputs[0])
        if self.takes_lanes:
            return self._infer(memory[0], inputs, lanes)
        rows = [
            self._infer(memory[lane % len(memory)], [array[lane : lane + 1] for array in inputs], 1)
            for lane in range(lanes)
        ]
        return [np.concatenate(arrays) for arrays in zip(*rows, strict=True)]

    def _infer(self, request: ov.InferRequest, inputs: Sequence[Float32Array], lanes: int) -> list[Float32Array]:
        held = []  # the runtime reads the arrays in place
        for index, (array, shape) in enumerate(zip(inputs, self.shapes, strict=True)):
            whole = (lanes, *shape[1:]) if self.takes_lanes else shape
            held.append(np.ascontiguousarray(array, np.float32).reshape([length or 1 for length in whole]))
            request.set_input_tensor(index, ov.Tensor(held[-1], shared_memory=True))
        request.infer()
        outputs = [request.get_output_tensor(index).data for index in range(len(self.outputs))]
        return [np.array(values, np.float32).reshape(lanes, -1) for values in outputs]


def frames_are_independent(core: ov.Core, model: ov.Model) -> bool:
    """Whether two frames in one request of ``model`` get the scores that each gets alone, found by trying.

    True for models whose inputs have no axis of free length, [1, T, D] or [N, D].
    """
    shapes = [shape_of(port.get_partial_shape()) or () for port in model.inputs]
    if model.get_sinks() or all(_frame_axis(shape) is None for shape in shapes):
        return True
    try:
        request = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"}).create_infer_request()
        random = np.random.default_rng(0)
        pairs = [random.standard_normal(_pair_of_frames(shape)).astype(np.float32) for shape in shapes]
        together = [np.array(values) for values in request.infer(pairs).values()]
        apart = [
            [np.array(values) for values in request.infer(_frame_of(pairs, shapes, frame)).values()] for frame in (0, 1)
        ]
    except RUNTIME_ERRORS:
        return True  # a model that does not take two frames has nothing to mix
    return all(
        both.size == one.size + other.size
        and np.allclose(both.reshape(-1), np.concatenate([one.reshape(-1), other.reshape(-1)]), _TOLERANCE, _TOLERANCE)
        for both, one, other in zip(together, *apart, strict=True)
    )


def make_parts(
    partition: Partition,
    make: Callable[[ModelPart, Mapping[str, float]], Program],
    inputs: Sequence[PortInfo],
    outputs: Sequence[PortInfo],
    factors: Mapping[str, float],
    frames: Sequence[Float32Array],
) -> PartsProgram:
    """All parts made ready with ``make``, which gets the scale factors of their inputs.

    Those of the model are in ``factors`` by name; for what goes from one part to the next, ``frames`` ([T, D] for each
    input) are sent through the parts before.
    """
    programs: list[Program] = []
    known = dict(factors)
    steps = [array[:_MOST_FRAMES] for array in frames]
    for part in partition.parts:
        missing = [name for name in part.inputs if name not in known]
        if part.device == "GNA" and missing:
            known |= _measured(PartsProgram(partition, programs, inputs, outputs), steps, missing)
        programs.append(make(part, {name: known[name] for name in part.inputs if name in known}))
    return PartsProgram(partition, programs, inputs, outputs)


def _measured(before: PartsProgram, frames: Sequence[Float32Array], names: Sequence[str]) -> dict[str, float]:
    """Scale factors of values that the parts so far leave."""
    largest = dict.fromkeys(names, 0.0)
    count = len(frames[0]) if frames else 0
    width = 1 if before.is_stateful else max(1, count)
    memory = before.new_memory(width)
    for first in range(0, count, width):
        before.run(memory, [array[first : first + width] for array in frames])
        largest = {name: max(so_far, largest_value(memory.values[name])) for name, so_far in largest.items()}
    return {name: scale_factor(value) for name, value in largest.items()}


def _frame_axis(shape: Sequence[int | None]) -> int | None:
    """The axis that frames lie along: the second of three where it is free, else the first if that is."""
    if len(shape) > 2 and shape[1] is None:
        return 1
    return 0 if len(shape) > 1 and shape[0] is None else None


def _pair_of_frames(shape: Sequence[int | None]) -> tuple[int, ...]:
    along = _frame_axis(shape)
    return tuple((2 if axis == along else 1) if length is None else length for axis, length in enumerate(shape))


def _frame_of(pairs: Sequence[Float32Array], shapes: Sequence[Sequence[int | None]], frame: int) -> list[Float32Array]:
    return [
        pair if axis is None else np.ascontiguousarray(pair.take([frame], axis))
        for pair, axis in zip(pairs, map(_frame_axis, shapes), strict=True)
    ]


def _one_frame(port: PortInfo) -> PortInfo:
    """The port as one vector for each lane."""
    values = 1
    for length in port.shape or ():
        values *= length or 1
    return replace(port, shape=(None, values), layout="NC", element_type="f32")
