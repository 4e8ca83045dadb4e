"""Reads an exported blob (GNAM) of any version, as Intel's plugin imports it; every error names the byte.

What is refused is what Intel's reader refuses (openvino 2023.3, src/plugins/intel_gna: serial/gna_model_serial.cpp), or
what would read outside the file or divide by zero. Comments name which. Texts may be any bytes: what is not printable
is shown by its escape.

Tests: tests/gna/format/test_blob.py, tests/gna/test_blob_fuzz.py
"""

from __future__ import annotations

from struct import Struct
from typing import Any, NoReturn

from ov_asr_score.errors import BlobFormatError
from ov_asr_score.gna.format import layout
from ov_asr_score.gna.model import (
    LAYOUT_NC,
    PRECISION_FP32,
    DataType,
    GnaEndpoint,
    GnaModel,
    GnaOperation,
    GnaProcessing,
    GnaState,
    GnaTensor,
    GnaTransposition,
    OperationType,
    TensorMode,
)

DAMAGED = "the file is damaged or cut off; export it again"
_FEWEST_OPERATION_BYTES = 12


def read_model(data: bytes, source: str) -> GnaModel:
    """The model in ``data``; ``source`` names it in messages. Raises BlobFormatError."""
    return _Reader(data, source).model()


class _Reader:
    """Reads ``data`` from ``offset`` on; every size is checked against the remaining bytes before it is used."""

    def __init__(self, data: bytes, source: str) -> None:
        self.data, self.source = data, source
        self.offset = 0
        self.minor = 0
        self.places: dict[str, int] = {"model": 0}

    def model(self) -> GnaModel:
        header = self.header()
        num_inputs, num_outputs, turned_inputs, turned_outputs = (
            int(header.get(name, 0)) for name in ("inputs", "outputs", "turned_inputs", "turned_outputs")
        )
        endpoint_bytes = layout.endpoint_layout(self.minor).struct.size
        self.check_count("inputs", num_inputs, endpoint_bytes)
        self.check_count("outputs", num_outputs, endpoint_bytes)
        input_names = self.names("input", num_inputs)
        inputs_turned: tuple[GnaTransposition, ...] = ()
        outputs_turned: tuple[GnaTransposition, ...] = ()
        if self.minor <= layout.TURNING_UNTIL:  # later readers ignore the counts
            inputs_turned = self.turnings("input", turned_inputs)
            outputs_turned = self.turnings("output", turned_outputs)
        group = int(header["group"]) if self.minor < layout.SHAPES_SINCE else 1
        inputs = tuple(self.endpoint("input", index, name, group) for index, name in enumerate(input_names))
        output_names = self.names("output", num_outputs)
        outputs = tuple(self.endpoint("output", index, name, group) for index, name in enumerate(output_names))
        num_operations = int(header["operations"])
        self.check_count("operations", num_operations, _FEWEST_OPERATION_BYTES)
        if num_operations > layout.MAX_OPERATIONS:  # libgna: HardwareCapabilities::ValidateOperationCount
            self.fail(self.offset, "operations", f"at most {layout.MAX_OPERATIONS:,} of them", f"{num_operations:,}")
        operations = tuple(self.operation(index) for index in range(num_operations))
        states = self.states()
        memory = self.memory(int(header["memory_bytes"]))
        made_with = self.made_with()
        rows, columns, output_rows, output_columns = (
            int(header.get(name, 0)) for name in ("rows", "columns", "output_rows", "output_columns")
        )
        # 2.1 has no flag: endpoints with rows and columns are transposed
        is_turned = int(header.get("is_turned", rows and columns and 1))
        rotation = (rows, columns, is_turned, output_rows, output_columns, int(header.get("is_output_turned", 0)))
        return GnaModel(
            version=(layout.MAJOR, self.minor),
            inputs=inputs,
            outputs=outputs,
            operations=operations,
            states=states,
            memory=memory,
            turned_inputs=inputs_turned,
            turned_outputs=outputs_turned,
            rotation=rotation,
            made_with=made_with,
            ignored_bytes=len(self.data) - self.offset,
            places=self.places,
        )

    def header(self) -> dict[str, int | float]:
        if not self.data.startswith(layout.MAGIC):
            found = repr(self.data[:4].decode("latin-1")) if self.data else "an empty file"
            self.fail(
                0, "header", "'GNAM', the first bytes of a GNA blob", found, "give a blob that Intel's plugin exported"
            )
        _, size, major, self.minor = self.take(layout.START, "header")
        if major != layout.MAJOR or not 1 <= self.minor <= layout.NEWEST_MINOR:
            versions = f"version {layout.MAJOR}.1 to {layout.MAJOR}.{layout.NEWEST_MINOR} of the format"
            self.fail(8, "header", versions, f"{major}.{self.minor}", "export it with OpenVINO 2020.1 to 2023.3")
        fields = layout.header_layout(self.minor)
        header = fields.named(self.take(fields.struct, "header"))
        if size > len(self.data):  # Intel's reader seeks beyond the end, and fails to read
            self.fail(4, "header", f"at most {len(self.data):,} bytes of header, as the file has", f"{size:,}")
        if self.minor < layout.SHAPES_SINCE and not header["group"]:  # what the numbers of elements are divided by
            self.fail(layout.START.size, "header", "at least 1 vector in a request (group)", header["group"])
        # a newer writer may have appended fields
        self.offset = max(size, self.offset)
        return header

    def names(self, kind: str, count: int) -> list[str]:
        if self.minor < layout.NAMES_SINCE:
            return [f"{kind}{index}" for index in range(count)]
        return [self.text(f"name of {kind} {index}") for index in range(count)]

    def turnings(self, kind: str, count: int) -> tuple[GnaTransposition, ...]:
        self.check_count(f"turned {kind}s", count, 2 * layout.COUNT.size)
        return tuple(self.turning(f"turned {kind} {index}") for index in range(count))

    def turning(self, what: str) -> GnaTransposition:
        content = self.take_bytes(self.number(what), what)
        name = content.rstrip(b"\0")
        count = self.number(what)
        self.check_count(f"parts of {what}", count, layout.TURNED_PART.size)
        parts = [self.take(layout.TURNED_PART, what) for _ in range(count)]
        turned = tuple((bool(flag), rows, columns) for flag, rows, columns in parts)
        return GnaTransposition(_printable(name), turned, ends_in_nul=name != content)

    def endpoint(self, kind: str, index: int, name: str, group: int) -> GnaEndpoint:
        what = f"{kind} {index}"
        self.places[what] = start = self.offset
        fields = layout.endpoint_layout(self.minor)
        values = fields.named(self.take(fields.struct, what))
        whole = {field: int(value) for field, value in values.items() if field != "scale_factor"}
        if self.minor >= layout.SHAPES_SINCE:
            if whole["rank"] > layout.MAX_DIMENSIONS:  # outside the field
                self.fail(start, what, f"at most {layout.MAX_DIMENSIONS} dimensions", whole["rank"])
            shape = tuple(whole[f"dimension{axis}"] for axis in range(whole["rank"]))
        else:
            shape = (group, whole["num_elements"] // group)
        tensor_names = tuple(self.text(f"tensor name of {what}") for _ in range(whole.get("tensor_names", 0)))
        has_processing = self.minor >= layout.PROCESSING_MODELS_SINCE
        return GnaEndpoint(
            name=name,
            scale_factor=float(values["scale_factor"]),
            element_bytes=whole["element_bytes"],
            num_elements=whole["num_elements"],
            offset=whole["offset"],
            shape=shape,
            layout=whole.get("layout", LAYOUT_NC),
            precision=whole.get("precision", PRECISION_FP32),
            orientation=whole["orientation"],
            tensor_names=tensor_names,
            processing=self.processing(f"processing of {what}") if has_processing else None,
        )

    def processing(self, what: str) -> GnaProcessing | None:
        """The model of 2.9 that processes an input or output on the CPU; it is not read further here."""
        xml = self.text_bytes(what)
        if not xml:
            return None
        size = int(self.take(layout.CONSTANTS_SIZE, what)[0])
        return GnaProcessing(xml, self.take_bytes(size, what))

    def operation(self, index: int) -> GnaOperation:
        what = f"operation {index}"
        self.places[what] = start = self.offset
        number, num_operands = self.number(what), self.number(what)
        known = {kind.value: kind for kind in OperationType}
        kind = known.get(number)
        if kind in (None, OperationType.GMM, OperationType.RECURRENT):  # GNAModelSerial::Import
            found = f"{number} ({kind.name.lower()})" if kind else number
            expected = "a type of operation that Intel's plugin exports (1, 2, 3, 4 or 7)"
            self.fail(start, what, expected, found, "score the IR from which the blob was made")
        self.check_count(f"operands of {what}", num_operands, layout.TENSOR.size)
        operands = tuple(self.tensor(f"operand {operand} of {what}") for operand in range(num_operands))
        num_parameters = self.number(what)
        self.check_count(f"parameters of {what}", num_parameters, layout.COUNT.size)
        parameters = []
        for parameter in range(num_parameters):
            of_what = f"parameter {parameter} of {what}"
            parameters.append(self.take_bytes(self.number(of_what), of_what))
        return GnaOperation(OperationType(kind), operands, tuple(parameters))

    def tensor(self, what: str) -> GnaTensor | None:
        start = self.offset
        rank, *others = self.take(layout.TENSOR, what)
        dimensions, (mode, name, number, offset) = others[: layout.MAX_DIMENSIONS], others[layout.MAX_DIMENSIONS :]
        if rank > layout.MAX_DIMENSIONS:  # outside the field
            self.fail(start, what, f"at most {layout.MAX_DIMENSIONS} dimensions", rank)
        if not (rank or mode or number or offset or name[0]):
            return None
        if number not in {kind.value for kind in DataType}:
            if mode != TensorMode.DISABLED:  # libgna: Tensor::validate
                self.fail(start + 48, what, "an element type (0, 3 to 6 or 8 to 14)", number)
            number = DataType.NONE
        text = name.rstrip(b"\0").decode("latin-1")
        return GnaTensor(tuple(dimensions[:rank]), DataType(number), offset, mode, text)

    def states(self) -> tuple[GnaState, ...]:
        count = self.number("number of states")
        self.check_count("states", count, layout.STATE.size)
        return tuple(self.state(index) for index in range(count))

    def state(self, index: int) -> GnaState:
        what = f"state {index}"
        self.places[what] = self.offset
        offset, num_bytes = self.take(layout.STATE, what)
        if self.minor < layout.STATE_NAMES_SINCE:
            return GnaState(f"state{index}", offset, num_bytes, 1.0)
        name = self.text(f"name of {what}")
        return GnaState(name, offset, num_bytes, float(self.take(layout.SCALE_FACTOR, what)[0]))

    def memory(self, num_bytes: int) -> bytes:
        self.places["memory"] = start = self.offset
        left = len(self.data) - start
        if num_bytes > left:
            self.fail(start, "memory image", f"{num_bytes:,} bytes, as in the header", f"{left:,} bytes")
        return self.take_bytes(num_bytes, "memory image")

    def made_with(self) -> tuple[str, ...]:
        """Versions of OpenVINO and of Intel's library, which writers since 2022.2 append; texts of one or more lines.

        As in GNAVersionSerializer::Import, a zero byte means that there are none, and what follows is ignored.
        """
        first = self.data[self.offset : self.offset + 1]
        if self.minor < layout.VERSIONS_SINCE or first in (b"", b"\0"):
            return ()
        names = ("version of OpenVINO", "version of libgna")
        return tuple(self.text_bytes(name).decode("utf-8", "backslashreplace") for name in names)

    def number(self, what: str) -> int:
        return int(self.take(layout.COUNT, what)[0])

    def text(self, what: str) -> str:
        """A name, in printable letters."""
        return _printable(self.text_bytes(what))

    def text_bytes(self, what: str) -> bytes:
        """A text; its stored length includes a NUL at its end, and whatever is in its place is left out."""
        return self.take_bytes(self.number(what), what)[:-1]

    def take(self, fields: Struct, what: str) -> tuple[Any, ...]:
        return fields.unpack(self.take_bytes(fields.size, what))

    def take_bytes(self, count: int, what: str) -> bytes:
        left = len(self.data) - self.offset
        if count > left:  # Intel's reader fails to read
            self.fail(self.offset, what, f"{count:,} bytes", f"{left:,} until the end of the file")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def check_count(self, what: str, count: int, fewest_bytes: int) -> None:
        left = len(self.data) - self.offset
        if count * fewest_bytes > left:  # work and memory without end
            self.fail(self.offset, what, f"at most as many as fit in {left:,} bytes", f"{count:,}")

    def fail(self, offset: int, what: str, expected: str, found: object, mend: str = DAMAGED) -> NoReturn:
        raise BlobFormatError(f"{self.source}: {what} at byte {offset}: expected {expected}, found {found}; {mend}")


def _printable(content: bytes) -> str:
    """The text in UTF-8; bytes and letters that are not printable become their escapes."""
    text = content.decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
