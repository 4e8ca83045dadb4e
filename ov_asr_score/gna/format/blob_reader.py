"""Reads an exported blob (GNAM) of any version; every error names the byte.

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
    GnaState,
    GnaTensor,
    GnaTransposition,
    OperationType,
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
        if self.minor <= layout.TURNING_UNTIL:
            inputs_turned = self.turnings("input", turned_inputs)
            outputs_turned = self.turnings("output", turned_outputs)
        elif turned_inputs or turned_outputs:
            self.fail(
                self.offset, "header", "no transposed inputs and outputs since 2.9", turned_inputs or turned_outputs
            )
        group = int(header["group"]) if self.minor < layout.SHAPES_SINCE else 1
        inputs = tuple(self.endpoint("input", index, name, group) for index, name in enumerate(input_names))
        output_names = self.names("output", num_outputs)
        outputs = tuple(self.endpoint("output", index, name, group) for index, name in enumerate(output_names))
        num_operations = int(header["operations"])
        self.check_count("operations", num_operations, _FEWEST_OPERATION_BYTES)
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
        known = layout.header_bytes(self.minor)
        if not known <= size <= len(self.data):
            self.fail(4, "header", f"{known} bytes of header, or more within the file", size)
        fields = layout.header_layout(self.minor)
        header = fields.named(self.take(fields.struct, "header"))
        for name in ("is_turned", "is_output_turned"):
            if header.get(name, 0) not in (0, 1):
                self.fail(layout.START.size, "header", "0 or 1 as the flag of transposed values", header[name])
        if self.minor < layout.SHAPES_SINCE and not 1 <= header["group"] <= 8:
            self.fail(layout.START.size, "header", "1 to 8 vectors in a request (group)", header["group"])
        # a newer writer may have appended fields
        self.offset = size
        return header

    def names(self, kind: str, count: int) -> list[str]:
        if self.minor < layout.NAMES_SINCE:
            return [f"{kind}{index}" for index in range(count)]
        return [self.text(f"name of {kind} {index}") for index in range(count)]

    def turnings(self, kind: str, count: int) -> tuple[GnaTransposition, ...]:
        self.check_count(f"turned {kind}s", count, 2 * layout.COUNT.size)
        return tuple(self.turning(f"turned {kind} {index}") for index in range(count))

    def turning(self, what: str) -> GnaTransposition:
        start = self.offset
        length = self.number(what)
        name = self.decoded(self.take_bytes(length, what), start, what)
        count = self.number(what)
        self.check_count(f"parts of {what}", count, layout.TURNED_PART.size)
        parts = [self.take(layout.TURNED_PART, what) for _ in range(count)]
        return GnaTransposition(name, tuple((bool(flag), rows, columns) for flag, rows, columns in parts))

    def endpoint(self, kind: str, index: int, name: str, group: int) -> GnaEndpoint:
        what = f"{kind} {index}"
        self.places[what] = start = self.offset
        fields = layout.endpoint_layout(self.minor)
        values = fields.named(self.take(fields.struct, what))
        whole = {field: int(value) for field, value in values.items() if field != "scale_factor"}
        if self.minor >= layout.SHAPES_SINCE:
            if whole["rank"] > layout.MAX_DIMENSIONS:
                self.fail(start, what, f"at most {layout.MAX_DIMENSIONS} dimensions", whole["rank"])
            shape = tuple(whole[f"dimension{axis}"] for axis in range(whole["rank"]))
        else:
            shape = (group, whole["num_elements"] // group)
        tensor_names = tuple(self.text(f"tensor name of {what}") for _ in range(whole.get("tensor_names", 0)))
        if self.minor >= layout.PROCESSING_MODELS_SINCE and self.text(f"processing of {what}"):
            mend = "score its IR instead, or export it with OpenVINO 2022"
            self.fail(start, what, "a model without pre- or postprocessing outside GNA", "such a model", mend)
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
        )

    def operation(self, index: int) -> GnaOperation:
        what = f"operation {index}"
        self.places[what] = start = self.offset
        number, num_operands = self.number(what), self.number(what)
        known = {kind.value: kind for kind in OperationType}
        kind = known.get(number)
        if kind in (None, OperationType.GMM, OperationType.RECURRENT):
            found = f"{number} ({kind.name.lower()})" if kind else number
            expected = "a type of operation that Intel's plugin exports (1, 2, 3, 4 or 7)"
            self.fail(start, what, expected, found, "score the IR from which the blob was made")
        self.check_count(f"operands of {what}", num_operands, layout.TENSOR.size, layout.MAX_OPERANDS)
        operands = tuple(self.tensor(f"operand {operand} of {what}") for operand in range(num_operands))
        num_parameters = self.number(what)
        self.check_count(f"parameters of {what}", num_parameters, layout.COUNT.size, layout.MAX_PARAMETERS)
        parameters = []
        for parameter in range(num_parameters):
            of_what = f"parameter {parameter} of {what}"
            parameters.append(self.take_bytes(self.number(of_what), of_what))
        return GnaOperation(OperationType(kind), operands, tuple(parameters))

    def tensor(self, what: str) -> GnaTensor | None:
        start = self.offset
        rank, *others = self.take(layout.TENSOR, what)
        dimensions, (mode, name, number, offset) = others[: layout.MAX_DIMENSIONS], others[layout.MAX_DIMENSIONS :]
        if rank > layout.MAX_DIMENSIONS:
            self.fail(start, what, f"at most {layout.MAX_DIMENSIONS} dimensions", rank)
        if not (rank or mode or number or offset or name[0]):
            return None
        if number not in {kind.value for kind in DataType}:
            self.fail(start + 48, what, "an element type (0, 3 to 6 or 8 to 14)", number)
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
        """Versions of OpenVINO and of Intel's library, which writers since 2022.2 append."""
        end = self.offset
        versions: tuple[str, ...] = ()
        if end < len(self.data) and self.minor >= layout.VERSIONS_SINCE:
            try:
                versions = (self.text("version of OpenVINO"), self.text("version of libgna"))
            except BlobFormatError:
                self.offset = end
        if self.offset != len(self.data):
            left = f"{len(self.data) - end:,} bytes more"
            self.fail(end, "memory image", "the end of the file behind it, or the versions of its writers", left)
        return versions

    def number(self, what: str) -> int:
        return int(self.take(layout.COUNT, what)[0])

    def text(self, what: str) -> str:
        """A name; its stored length includes a NUL at its end."""
        start = self.offset
        length = self.number(what)
        content = self.take_bytes(length, what)
        if not content.endswith(b"\0"):
            self.fail(start, what, "a text terminated by NUL", repr(content[-1:])[1:] if content else "nothing")
        return self.decoded(content[:-1], start, what)

    def decoded(self, content: bytes, start: int, what: str) -> str:
        try:
            text = content.decode()
        except UnicodeDecodeError:
            text = "\0"
        if not text.isprintable():
            self.fail(start, what, "printable characters in UTF-8", repr(content[:20])[1:])
        return text

    def take(self, fields: Struct, what: str) -> tuple[Any, ...]:
        return fields.unpack(self.take_bytes(fields.size, what))

    def take_bytes(self, count: int, what: str) -> bytes:
        left = len(self.data) - self.offset
        if count > left:
            self.fail(self.offset, what, f"{count:,} bytes", f"{left:,} until the end of the file")
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def check_count(self, what: str, count: int, fewest_bytes: int, most: int = layout.MAX_OPERATIONS) -> None:
        left = len(self.data) - self.offset
        if count * fewest_bytes > left:
            self.fail(self.offset, what, f"at most as many as fit in {left:,} bytes", f"{count:,}")
        if count > most:
            self.fail(self.offset, what, f"at most {most:,} of them", f"{count:,}")

    def fail(self, offset: int, what: str, expected: str, found: object, mend: str = DAMAGED) -> NoReturn:
        raise BlobFormatError(f"{self.source}: {what} at byte {offset}: expected {expected}, found {found}; {mend}")
