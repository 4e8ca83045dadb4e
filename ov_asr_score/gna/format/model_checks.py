"""Checks that a GNA model can be run: what Intel's plugin or library refuses, and what would read outside memory.

Comments name the check of theirs (openvino 2023.3, src/plugins/intel_gna; intel/gna, src/gna-lib), or the reason why no
value can be computed. Everything else that looks unusual is a note (``model_oddities``). The contents of the memory
image are not checked: any weights, biases and segments are valid.
"""

from __future__ import annotations

from math import isfinite, prod
from typing import NoReturn

from ov_asr_score.errors import BlobFormatError
from ov_asr_score.gna.format.blob_reader import DAMAGED
from ov_asr_score.gna.format.layout import MAX_OPERATIONS
from ov_asr_score.gna.format.memory_ranges import READ, meet, operand_range
from ov_asr_score.gna.format.model_oddities import oddities
from ov_asr_score.gna.format.operation_checks import OPERAND_NAMES, check_operation
from ov_asr_score.gna.format.runnable import RunnableModel, runnable, settled_operation
from ov_asr_score.gna.model import (
    OUTPUT,
    PRECISION_FP32,
    PRECISION_I8,
    PRECISION_I16,
    PRECISION_I32,
    PRECISION_U8,
    SEGMENTS,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaState,
    OperationType,
)

_MOST_DIMENSIONS = 4
_PRECISIONS = {
    "input": {PRECISION_FP32: "FP32", PRECISION_I16: "I16", PRECISION_U8: "U8", PRECISION_I8: "I8"},
    "output": {PRECISION_FP32: "FP32", PRECISION_I32: "I32"},
}


def check_model(model: GnaModel, source: str) -> tuple[str, ...]:
    """Check that ``model`` can be run safely; notes on what is unusual in it, and may be damage.

    ``source`` names it in messages. Raises BlobFormatError.
    """
    return oddities(_Checker(model, source).check())


class _Checker:
    def __init__(self, model: GnaModel, source: str) -> None:
        self.model, self.source = model, source
        self.place = "model"

    def check(self) -> RunnableModel:
        model = self.model
        for kind, count in (("input", len(model.inputs)), ("output", len(model.outputs))):
            if not count:  # nothing to score, or no scores
                self.fail("", f"at least one {kind}", "none")
        if len(model.operations) > MAX_OPERATIONS:  # HardwareCapabilities::ValidateOperationCount
            self.fail("", f"at most {MAX_OPERATIONS} operations", len(model.operations))
        for index, operation in enumerate(model.operations):
            self.place = f"operation {index} ({operation.type.name.lower()})"
            settled = settled_operation(operation)
            check_operation(settled, len(model.memory), self.fail)
            self.check_own_overlap(settled)
        for kind, endpoints in (("input", model.inputs), ("output", model.outputs)):
            names: set[str] = set()
            for index, endpoint in enumerate(endpoints):
                self.place = f"{kind} {index}"
                if not endpoint.name or endpoint.name in names:  # GnaNetworkInfo::operator[]: one record for each name
                    self.fail("name", "a unique name", repr(endpoint.name))
                names.add(endpoint.name)
                self.check_endpoint(kind, endpoint)
        for index, state in enumerate(model.states):
            self.place = f"state {index}"
            self.check_state(state)
        settled_model = runnable(model, self.fail_at)
        for kind, ports in (("input", settled_model.inputs), ("output", settled_model.outputs)):
            for index, port in enumerate(ports):
                self.place = f"{kind} {index}"
                self.check_extent(port.extent(settled_model.num_vectors))
        return settled_model

    def check_endpoint(self, kind: str, endpoint: GnaEndpoint) -> None:
        if not isfinite(endpoint.scale_factor) or not endpoint.scale_factor:  # no number can come of it
            self.fail("scale factor", "a number other than 0", f"{endpoint.scale_factor:g}")
        # InputOutputDataHandler::import_frames writes int8 or int16, GnaDesc::set_precision knows 1, 2 and 4 bytes
        sizes = (1, 2) if kind == "input" else (1, 2, 4)
        if endpoint.element_bytes not in sizes:
            self.fail("bytes of an element", " or ".join(map(str, sizes)), endpoint.element_bytes)
        # InputOutputDataHandler::import_frames and export_scores
        precisions = _PRECISIONS[kind]
        if endpoint.precision not in precisions:
            expected = " or ".join(f"{number} ({name})" for number, name in precisions.items())
            self.fail("precision", expected, endpoint.precision, "export it with FP32 inputs and outputs")
        shape = f"[{','.join(map(str, endpoint.shape))}]"
        # GNAPlugin: GetLayoutForDims; an input is no scalar (QueueInference); no values are no frame
        fewest = 1 if kind == "input" else 0
        if not fewest <= len(endpoint.shape) <= _MOST_DIMENSIONS or not all(endpoint.shape):
            self.fail("shape", f"{fewest} to {_MOST_DIMENSIONS} dimensions of at least 1", shape)
        count = prod(endpoint.shape)
        if kind == "input" and len(endpoint.shape) != 3 and endpoint.num_elements < count:  # GNAPlugin::QueueInference
            self.fail("elements", f"{count:,} or more for the shape {shape}", f"{endpoint.num_elements:,}")
        self.check_extent((endpoint.offset, endpoint.offset + count * endpoint.element_bytes))

    def check_extent(self, extent: tuple[int, int]) -> None:
        """Check that no byte outside the memory image is read or written."""
        if extent[1] > len(self.model.memory):
            expected = f"{extent[1] - extent[0]:,} bytes within {len(self.model.memory):,} of the memory image"
            self.fail("buffer", expected, f"offset {extent[0]:,}")

    def check_state(self, state: GnaState) -> None:
        self.check_extent((state.offset, state.offset + state.num_bytes))

    def check_own_overlap(self, operation: GnaOperation) -> None:
        """Check that an operation does not write what it still reads.

        The value would depend on the kernel. With segments there is no danger, because libgna keeps the sums elsewhere.
        """
        output = operand_range(operation, OUTPUT)
        if output is None or operation.operand(SEGMENTS) is not None:
            return
        by_elements = operation.type in (OperationType.ELEMENTWISE, OperationType.COPY)
        for number in READ:
            extent = operand_range(operation, number)
            if meet(extent, output) and not (by_elements and extent == output):
                self.fail("output", f"a buffer separate from the {OPERAND_NAMES[number]}", f"offset {output[0]:,}")

    def fail_at(self, place: str, what: str, expected: str, found: object, mend: str) -> NoReturn:
        self.place = place
        self.fail(what, expected, found, mend or DAMAGED)

    def fail(self, what: str, expected: str, found: object, mend: str = DAMAGED) -> NoReturn:
        label = self.place.split(" (", maxsplit=1)[0]
        at = f" at byte {self.model.places[label]}" if label in self.model.places else ""
        where = ": ".join(text for text in (f"{self.place}{at}", what) if text)
        raise BlobFormatError(f"{self.source}: {where}: expected {expected}, found {found}; {mend}")
