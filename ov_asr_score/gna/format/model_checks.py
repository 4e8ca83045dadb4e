"""Checks that a GNA model can be run: operands lie inside the memory image, and sizes and types match.

The contents of the memory image are not checked: any weights, biases and segments are valid.
"""

from __future__ import annotations

from itertools import pairwise
from math import prod
from typing import NoReturn

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import BlobFormatError
from ov_asr_score.gna.format.blob_reader import DAMAGED
from ov_asr_score.gna.format.layout import MAX_OPERATIONS
from ov_asr_score.gna.format.memory_ranges import (
    READ,
    Accesses,
    Range,
    Ranges,
    each_read,
    endpoint_range,
    meet,
    operand_range,
    written,
)
from ov_asr_score.gna.format.operation_checks import MAX_VECTORS, OPERAND_NAMES, check_operation
from ov_asr_score.gna.model import (
    BIASES,
    BUFFER_ALIGNMENT,
    INPUT,
    INTERLEAVED,
    NOT_INTERLEAVED,
    OUTPUT,
    PAGE,
    PRECISION_FP32,
    SEGMENTS,
    UNKNOWN_ORIENTATION,
    WEIGHTS,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaState,
    GnaTensor,
    OperationType,
)

_STATE_ALIGNMENT = 64
_LEAST_SCALE_FACTOR, _GREATEST_SCALE_FACTOR = 1e-20, 1e20
# Bytes; rows are padded to multiples of 8, a part of a longer buffer is read with a few bytes more, and for an odd
# number of vectors only every 64th row begins at a multiple of 64 bytes.
_PADDING = 448
_WITH_CHANGING_WEIGHTS = (OperationType.AFFINE, OperationType.ELEMENTWISE)
_TWO_PARTS_SINCE = (2, 8)
# InferenceEngine's numbers: NCHW, NHWC, SCALAR, C, CHW, HW, NC
_LAYOUTS = frozenset({1, 2, 95, 96, 128, 192, 193})
_ORIENTATIONS = frozenset({UNKNOWN_ORIENTATION, INTERLEAVED, NOT_INTERLEAVED})


def check_model(model: GnaModel, source: str) -> None:
    """Check that ``model`` can be run safely, and is consistent as far as its data tells.

    ``source`` names it in messages. Raises BlobFormatError.
    """
    _Checker(model, source).check()


class _Checker:
    def __init__(self, model: GnaModel, source: str) -> None:
        self.model, self.source = model, source
        self.place = "model"

    def check(self) -> None:
        model = self.model
        for kind, count in (("input", len(model.inputs)), ("output", len(model.outputs))):
            if not count:
                self.fail("", f"at least one {kind}", "none")
        if not 1 <= len(model.operations) <= MAX_OPERATIONS:
            self.fail("", f"1 to {MAX_OPERATIONS} operations", len(model.operations))
        for index, operation in enumerate(model.operations):
            self.place = f"operation {index} ({operation.type.name.lower()})"
            check_operation(operation, len(model.memory), self.fail)
        self.check_endpoints("input", model.inputs)
        self.check_endpoints("output", model.outputs)
        for index, state in enumerate(model.states):
            self.place = f"state {index}"
            self.check_state(state)
        self.check_turning()
        self.check_overlaps()
        self.check_element_sizes()

    def check_endpoints(self, kind: str, endpoints: tuple[GnaEndpoint, ...]) -> None:
        vectors = self.model.num_vectors
        self.place = "model"
        if not 1 <= vectors <= MAX_VECTORS:
            self.fail("", f"1 to {MAX_VECTORS} vectors in a request", vectors)
        names: set[str] = set()
        for index, endpoint in enumerate(endpoints):
            self.place = f"{kind} {index}"
            if not endpoint.name or endpoint.name in names:
                self.fail("name", "a unique name", repr(endpoint.name))
            names.add(endpoint.name)
            self.check_scale_factor(endpoint.scale_factor)
            sizes = (1, 2) if kind == "input" else (1, 2, 4)
            if endpoint.element_bytes not in sizes:
                self.fail("bytes of an element", " or ".join(map(str, sizes)), endpoint.element_bytes)
            if endpoint.precision != PRECISION_FP32:
                mend = "export it with FP32 inputs and outputs"
                self.fail("precision", f"{PRECISION_FP32} (FP32)", endpoint.precision, mend)
            if endpoint.layout not in _LAYOUTS:
                self.fail("layout", "193 (NC, vectors) or a similar one", endpoint.layout)
            if endpoint.orientation not in _ORIENTATIONS:
                self.fail("orientation", " or ".join(map(str, sorted(_ORIENTATIONS))), endpoint.orientation)
            self.check_elements(kind, endpoint, vectors)

    def check_scale_factor(self, factor: float) -> None:
        if not _LEAST_SCALE_FACTOR <= factor <= _GREATEST_SCALE_FACTOR:
            expected = f"a number from {_LEAST_SCALE_FACTOR:g} to {_GREATEST_SCALE_FACTOR:g}"
            self.fail("scale factor", expected, f"{factor:g}")

    def check_elements(self, kind: str, endpoint: GnaEndpoint, vectors: int) -> None:
        shape = f"[{','.join(map(str, endpoint.shape))}]"
        count = prod(endpoint.shape)
        if not endpoint.shape or not count:
            self.fail("shape", "dimensions of at least 1", shape)
        if (len(endpoint.shape) > 1 and endpoint.shape[0] != vectors) or count % vectors:
            self.fail("shape", f"{vectors} vectors, as in the operations", shape)
        wrong = endpoint.num_elements != count if kind == "input" else endpoint.num_elements * vectors < count
        if wrong:
            self.fail("elements", f"{count} for the shape {shape}", endpoint.num_elements)
        size = count * endpoint.element_bytes
        if endpoint.offset % endpoint.element_bytes or endpoint.offset + size > len(self.model.memory):
            expected = f"{size:,} bytes within {len(self.model.memory):,} of the memory image, aligned to elements"
            self.fail("buffer", expected, f"offset {endpoint.offset:,}")

    def check_state(self, state: GnaState) -> None:
        self.check_scale_factor(state.scale_factor)
        if state.num_bytes < 1 or state.num_bytes % _STATE_ALIGNMENT:
            self.fail("size", f"a multiple of {_STATE_ALIGNMENT} bytes", state.num_bytes)
        if state.offset % 2 or state.offset + state.num_bytes > len(self.model.memory):
            expected = f"{state.num_bytes:,} bytes within {len(self.model.memory):,} of the memory image"
            self.fail("buffer", expected, f"offset {state.offset:,}")

    def check_turning(self) -> None:
        rotation = self.model.rotation
        turned = [
            f"{kind} {name!r}"
            for kind, transpositions in (("input", self.model.turned_inputs), ("output", self.model.turned_outputs))
            for name, parts in ((turning.name, turning.parts) for turning in transpositions)
            if any(is_turned for is_turned, _, _ in parts)
        ]
        turned += [f"every {kind}" for kind, flag in (("input", rotation[2]), ("output", rotation[5])) if flag]
        if turned:
            self.place = "model"
            mend = "score the IR from which the blob was made"
            self.fail("", "values in the order of the model (not transposed)", ", ".join(turned), mend)

    def check_overlaps(self) -> None:
        """Check that no operation writes constants or its own inputs."""
        model = self.model
        buffers = [(f"input {index}", endpoint_range(endpoint)) for index, endpoint in enumerate(model.inputs)]
        buffers += [
            (f"state {index}", (state.offset, state.offset + state.num_bytes))
            for index, state in enumerate(model.states)
        ]
        in_order = sorted(buffers, key=lambda named: named[1])
        for (first, one), (second, other) in pairwise(in_order):
            if other[0] < one[1]:
                self.place = second
                self.fail("buffer", f"one separate from that of {first}", f"offset {other[0]:,}")
        outputs = [part for operation in model.operations for part in written(operation)]
        computed = Ranges(outputs)
        changed = Ranges([*outputs, *(extent for _, extent in buffers)])
        self.check_constants(changed, Ranges([(start, end + _PADDING) for start, end in changed]))
        for index, operation in enumerate(model.operations):
            self.place = f"operation {index} ({operation.type.name.lower()})"
            self.check_own_overlap(operation)
        reads = Accesses([(index, *extent) for index, extent in each_read(model)])
        writes = Accesses(
            [(index, *part) for index, operation in enumerate(model.operations) for part in written(operation)]
        )
        for name, extent in buffers:
            self.place = name
            # a part of a concatenation follows another part, everything else is aligned
            is_placed = extent[0] % BUFFER_ALIGNMENT == 0 or changed.covers(extent[0] - 1)
            if not is_placed or reads.first(extent) is None:
                self.fail("buffer", "one that an operation reads", f"offset {extent[0]:,}")
            if name.startswith("state"):
                self.check_remembered(extent, reads, writes)
        for index, endpoint in enumerate(model.outputs):
            self.place = f"output {index}"
            stored_range = endpoint.offset, endpoint.offset + endpoint.num_elements * endpoint.element_bytes
            if not (computed.holds(endpoint_range(endpoint)) and computed.holds(stored_range)):
                self.fail("buffer", "one that operations write", f"offset {endpoint.offset:,}")

    def check_remembered(self, state: Range, reads: Accesses, writes: Accesses) -> None:
        """Check that a state is read before it is written, and that it is a buffer of its own or begins a write."""
        first_read, first_written = reads.first(state), writes.first(state)
        begins = state[0] % BUFFER_ALIGNMENT == 0 or writes.begins_with(state[0])
        if first_written is None or not begins:
            self.fail("buffer", "one that an operation writes", f"offset {state[0]:,}")
        if first_read is None or first_read > first_written:
            expected = "one that is read before it is written"
            self.fail("buffer", expected, f"offset {state[0]:,}, written by operation {first_written} first")

    def check_constants(self, changed: Ranges, padded: Ranges) -> None:
        """Check that constants lie behind everything written, each separate from the others or shared."""
        has_parts = self.model.version >= _TWO_PARTS_SINCE
        written_bytes = -(-changed.ends[-1] // PAGE) * PAGE if has_parts else 0
        constants: dict[tuple[Range, int], str] = {}
        for index, operation in enumerate(self.model.operations):
            self.place = f"operation {index} ({operation.type.name.lower()})"
            for number in (INPUT, WEIGHTS, BIASES, SEGMENTS):
                extent = operand_range(operation, number)
                if extent is None:
                    continue
                tensor = operation.operand(number)
                assert tensor is not None
                may_change = number == INPUT or (number != SEGMENTS and operation.type in _WITH_CHANGING_WEIGHTS)
                if may_change and changed.covers(extent[0]):
                    if not padded.holds(extent):
                        expected = "values that operations write, or inputs and states, throughout"
                        self.fail(OPERAND_NAMES[number], expected, f"{extent[0]:,} to {extent[1]:,}")
                    continue
                place = f"offset {extent[0]:,}"
                if changed.meets(extent):
                    expected = "constants separate from written values, inputs and states"
                    self.fail(OPERAND_NAMES[number], expected, place)
                if extent[0] < written_bytes:
                    expected = (
                        f"values written before, or constants behind the {written_bytes:,} bytes that are written"
                    )
                    self.fail(OPERAND_NAMES[number], expected, place)
                if number != INPUT:
                    constants.setdefault((extent, tensor.type), self.place)
        for ((one, _), first), ((other, _), second) in pairwise(sorted(constants.items())):
            if other[0] < one[1]:
                self.place = second
                self.fail("constants", f"an offset behind those of {first}", f"offset {other[0]:,}")

    def check_own_overlap(self, operation: GnaOperation) -> None:
        output = operand_range(operation, OUTPUT)
        by_elements = operation.type in (OperationType.ELEMENTWISE, OperationType.COPY)
        for number in READ:
            extent = operand_range(operation, number)
            if output is not None and meet(extent, output) and not (by_elements and extent == output):
                self.fail("output", f"a buffer separate from the {OPERAND_NAMES[number]}", f"offset {output[0]:,}")

    def check_element_sizes(self) -> None:
        """Check that every value read was last written with elements of the same size."""
        model = self.model
        writes = [(*endpoint_range(endpoint), endpoint.element_bytes) for endpoint in model.inputs]
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
                    self.fail(OPERAND_NAMES[number], expected, f"{_element_bytes(tensor)} bytes")
        for index, endpoint in enumerate(model.outputs):
            size = _last_written(writers, endpoint.offset, len(writers))
            if size not in (None, endpoint.element_bytes):
                self.place = f"output {index}"
                self.fail("bytes of an element", f"{size}, as written", endpoint.element_bytes)

    def fail(self, what: str, expected: str, found: object, mend: str = DAMAGED) -> NoReturn:
        label = self.place.split(" (", maxsplit=1)[0]
        at = f" at byte {self.model.places[label]}" if label in self.model.places else ""
        where = ": ".join(text for text in (f"{self.place}{at}", what) if text)
        raise BlobFormatError(f"{self.source}: {where}: expected {expected}, found {found}; {mend}")


def _last_written(writers: NDArray[np.int64], offset: int, before: int) -> int | None:
    """Element bytes of the last write to ``offset`` before an operation, in this or the last frame; None: never."""
    covering = np.flatnonzero((writers[:, 0] <= offset) & (offset < writers[:, 1]))
    if not len(covering):
        return None
    earlier = covering[covering < before]
    return int(writers[earlier[-1] if len(earlier) else covering[-1], 2])


def _element_bytes(tensor: GnaTensor | None) -> int:
    return tensor.type.num_bytes if tensor is not None else 0
