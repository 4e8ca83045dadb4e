"""What is unusual in a GNA model that can be run: Intel's plugin does not write it, and it may be damage.

None of it is a reason to refuse a blob: Intel's plugin and library run it as well.

Tests: tests/gna/format/test_model_checks.py
"""

from __future__ import annotations

from contextlib import suppress
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.format.frame_orders import turned_parts
from ov_asr_score.gna.format.memory_ranges import (
    READ,
    Accesses,
    Range,
    Ranges,
    each_read,
    operand_range,
    written,
)
from ov_asr_score.gna.format.operation_checks import OPERAND_NAMES
from ov_asr_score.gna.format.runnable import RunnableModel
from ov_asr_score.gna.model import (
    BIASES,
    INPUT,
    OUTPUT,
    PAGE,
    PRECISION_FP32,
    PRECISION_I16,
    SEGMENTS,
    WEIGHTS,
    GnaEndpoint,
    GnaModel,
    GnaTensor,
    GnaTransposition,
    OperationType,
)

_MOST_TOLD, _MOST_COUNTED = 3, 1000
# Bytes; rows are padded to multiples of 8, a part of a longer buffer is read with a few bytes more, and for an odd
# number of vectors only every 64th row begins at a multiple of 64 bytes.
_PADDING = 448
_WITH_CHANGING_WEIGHTS = (OperationType.AFFINE, OperationType.ELEMENTWISE)
_TWO_PARTS_SINCE = (2, 8)
# of Intel's readers: rotation flags of older headers are lost (serial/headers/2dot9/gna_model_header.hpp)
_INPUT_ROTATION_SINCE, _OUTPUT_ROTATION_SINCE = (2, 5), (2, 4)


def oddities(settled: RunnableModel) -> tuple[str, ...]:
    """Notes on a model that has passed all checks; none for a model as Intel's plugin writes it."""
    found = _Oddities(settled)
    with suppress(_EnoughOddities):
        found.collect()
    notes = _notes_on_turning(settled.model) + _notes_on_precision(settled.model)
    if settled.model.ignored_bytes:
        notes.append(f"the last {settled.model.ignored_bytes:,} bytes of the blob are ignored, as by Intel's plugin")
    if found.told:
        more = len(found.told) - _MOST_TOLD
        least = "at least " if len(found.told) == _MOST_COUNTED else ""
        listed = "; ".join(found.told[:_MOST_TOLD]) + (f"; and {least}{more} more" if more > 0 else "")
        notes.append(f"unusual for a blob of Intel's plugin, check that it is not damaged: {listed}")
    return tuple(notes)


def _notes_on_turning(model: GnaModel) -> list[str]:
    notes = []
    for kind, endpoints, turnings, by_name in zip(
        ("input", "output"),
        (model.inputs, model.outputs),
        (model.turned_inputs, model.turned_outputs),
        turned_parts(model),
        strict=True,
    ):
        names = {endpoint.name for endpoint in endpoints}
        lost = [turning.name for turning in turnings if turning.name not in names]
        if lost:
            notes.append(f"{kind} {lost[0]!r} is to be transposed, but there is no such {kind}")
        # GNAPlugin::ImportNetwork compares the bytes of names
        ends_in_nul = [
            name for name in by_name if name in names and by_name[name].ends_in_nul and _turns(by_name[name])
        ]
        if ends_in_nul:
            notes.append(
                f"{kind} {ends_in_nul[0]!r} is transposed, as the blob says; OpenVINO 2022 and 2023 overlook that, "
                "because the name ends in NUL there"
            )
    flags = ((2, _INPUT_ROTATION_SINCE, "inputs"), (5, _OUTPUT_ROTATION_SINCE, "outputs"))
    for field, since, kinds in flags:
        if model.rotation[field] and model.version < since:
            notes.append(
                f"{kinds} are transposed, as the header of the blob says; OpenVINO 2022 and 2023 overlook that in "
                "version {}.{}".format(*model.version)
            )
    return notes


def _turns(turning: GnaTransposition) -> bool:
    return any(is_turned for is_turned, _, _ in turning.parts)


def _notes_on_precision(model: GnaModel) -> list[str]:
    notes = []
    for endpoint in model.inputs:
        if endpoint.precision != PRECISION_FP32:
            scaled = "" if endpoint.precision == PRECISION_I16 else "scaled and "
            notes.append(f"input {endpoint.name!r} is one of integers: features are {scaled}rounded")
    notes += [
        f"output {endpoint.name!r} is one of integers: scores are truncated"
        for endpoint in model.outputs
        if endpoint.precision != PRECISION_FP32
    ]
    return notes


class _EnoughOddities(Exception):
    """There is nothing to gain from more of them."""


class _Oddities:
    def __init__(self, settled: RunnableModel) -> None:
        self.settled, self.model = settled, settled.model
        self.place = ""
        self.told: list[str] = []

    def tell(self, what: str, expected: str, found: object) -> None:
        self.told.append(f"{self.place}: {what}: expected {expected}, found {found}")
        if len(self.told) == _MOST_COUNTED:
            raise _EnoughOddities

    def collect(self) -> None:
        self.look_at_shapes()
        model, vectors = self.model, self.settled.num_vectors
        buffers = [(f"input {index}", port.extent(vectors)) for index, port in enumerate(self.settled.inputs)]
        buffers += [
            (f"state {index}", (state.offset, state.offset + state.num_bytes))
            for index, state in enumerate(model.states)
        ]
        for (first, one), (second, other) in pairwise(sorted(buffers, key=lambda named: named[1])):
            if other[0] < one[1]:
                self.place = second
                self.tell("buffer", f"one separate from that of {first}", f"offset {other[0]:,}")
        outputs = [part for operation in model.operations for part in written(operation)]
        changed = Ranges([*outputs, *(extent for _, extent in buffers)])
        self.look_at_constants(changed, Ranges([(start, end + _PADDING) for start, end in changed]))
        self.look_at_buffers(buffers)
        computed = Ranges(outputs)
        for index, port in enumerate(self.settled.outputs):
            self.place = f"output {index}"
            if not computed.holds(port.extent(vectors)):
                self.tell("buffer", "one that operations write", f"offset {port.offset:,}")
        self.look_at_element_sizes()

    def look_at_shapes(self) -> None:
        """Weights and biases have the shapes that they are read with."""
        for index, (given, settled) in enumerate(
            zip(self.settled.given.operations, self.model.operations, strict=True)
        ):
            self.place = f"operation {index} ({given.type.name.lower()})"
            for number in (INPUT, WEIGHTS, BIASES):
                one, other = given.operand(number), settled.operand(number)
                if one is None or other is None or one.shape == other.shape or len(other.shape) == 4:
                    continue
                self.tell(OPERAND_NAMES[number], _text(other.shape), _text(one.shape))

    def look_at_buffers(self, buffers: list[tuple[str, Range]]) -> None:
        """Inputs are read, states are read and written."""
        reads = Accesses([(index, *extent) for index, extent in each_read(self.model)])
        operations = enumerate(self.model.operations)
        writes = Accesses([(index, *part) for index, operation in operations for part in written(operation)])
        for name, extent in buffers:
            self.place = name
            if reads.first(extent) is None:
                self.tell("buffer", "one that an operation reads", f"offset {extent[0]:,}")
            if name.startswith("state") and writes.first(extent) is None:
                self.tell("buffer", "one that an operation writes", f"offset {extent[0]:,}")

    def look_at_constants(self, changed: Ranges, padded: Ranges) -> None:
        """Constants lie behind everything written, each separate from the others or shared."""
        has_parts = self.model.version >= _TWO_PARTS_SINCE and changed.ends
        written_bytes = -(-changed.ends[-1] // PAGE) * PAGE if has_parts else 0
        constants: dict[tuple[Range, int], str] = {}
        for index, operation in enumerate(self.model.operations):
            self.place = f"operation {index} ({operation.type.name.lower()})"
            for number in (INPUT, WEIGHTS, BIASES, SEGMENTS):
                extent = operand_range(operation, number)
                tensor = operation.operand(number)
                if extent is None or tensor is None:
                    continue
                may_change = number == INPUT or (number != SEGMENTS and operation.type in _WITH_CHANGING_WEIGHTS)
                if may_change and changed.covers(extent[0]):
                    if not padded.holds(extent):
                        expected = "values that operations write, or inputs and states, throughout"
                        self.tell(OPERAND_NAMES[number], expected, f"{extent[0]:,} to {extent[1]:,}")
                    continue
                place = f"offset {extent[0]:,}"
                if changed.meets(extent):
                    expected = "constants separate from written values, inputs and states"
                    self.tell(OPERAND_NAMES[number], expected, place)
                elif extent[0] < written_bytes:
                    expected = f"written values, or constants behind the {written_bytes:,} bytes that are written"
                    self.tell(OPERAND_NAMES[number], expected, place)
                if number != INPUT:
                    constants.setdefault((extent, tensor.type), self.place)
        for ((one, _), first), ((other, _), second) in pairwise(sorted(constants.items())):
            if other[0] < one[1]:
                self.place = second
                self.tell("constants", f"an offset behind those of {first}", f"offset {other[0]:,}")

    def look_at_element_sizes(self) -> None:
        """Every value that is read was last written with elements of the same size."""
        model = self.model
        vectors = self.settled.num_vectors
        writes = [(*port.extent(vectors), port.endpoint.element_bytes) for port in self.settled.inputs]
        first = len(writes)
        for operation in model.operations:
            start, end = operand_range(operation, OUTPUT) or (0, 0)
            writes.append((start, end, _element_bytes(operation.operand(OUTPUT))))
        writers = np.array(writes, np.int64).reshape(-1, 3)
        for index, operation in enumerate(model.operations):
            for number in READ:
                tensor = operation.operand(number)
                if tensor is None:
                    continue
                size = _last_written(writers, tensor.offset, first + index)
                if size not in (None, _element_bytes(tensor)):
                    self.place = f"operation {index} ({operation.type.name.lower()})"
                    expected = f"elements of {size} bytes, as written"
                    self.tell(OPERAND_NAMES[number], expected, f"{_element_bytes(tensor)} bytes")
        for index, endpoint in enumerate(model.outputs):
            self.place = f"output {index}"
            self.look_at_size(endpoint, _last_written(writers, endpoint.offset, len(writers)))

    def look_at_size(self, endpoint: GnaEndpoint, size: int | None) -> None:
        if size not in (None, endpoint.element_bytes):
            self.tell("bytes of an element", f"{size}, as written", endpoint.element_bytes)


def _last_written(writers: NDArray[np.int64], offset: int, before: int) -> int | None:
    """Element bytes of the last write to ``offset`` before an operation, in this or the last frame; None: never."""
    covering = np.flatnonzero((writers[:, 0] <= offset) & (offset < writers[:, 1]))
    if not len(covering):
        return None
    earlier = covering[covering < before]
    return int(writers[earlier[-1] if len(earlier) else covering[-1], 2])


def _text(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"


def _element_bytes(tensor: GnaTensor | None) -> int:
    return tensor.type.num_bytes if tensor is not None else 0
