"""Layout of the fields of an exported blob (GNAM) in each version of the format from 2.1 to 2.9.

Little endian. Headers are packed, everything else is aligned as by C++ compilers. Order in the file: header, names of
inputs, transpositions of inputs and outputs, endpoints of inputs, names of outputs, endpoints of outputs, operations,
states, memory image, and in later files of version 2.8 the versions of the programs that wrote them. Since 2.9, models
that run before inputs and after outputs follow their endpoints, in the place of transpositions.

Tests: tests/gna/format/test_blob.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

MAGIC = b"GNAM"
MAJOR = 2
NEWEST_MINOR = 9
"""The newest minor version that can be read; version 2.8 is written."""
WRITTEN_MINOR = 8

NAMES_SINCE = 3
TURNING_SINCE, TURNING_UNTIL = 5, 8
STATE_NAMES_SINCE = 6
SHAPES_SINCE = 7
TENSOR_NAMES_SINCE = 8
VERSIONS_SINCE = 8
PROCESSING_MODELS_SINCE = 9

START = Struct("<4sIHI")
"""Magic bytes, size of the header in bytes, version."""

COUNT = Struct("<I")
TURNED_PART = Struct("<B7xQQ")
TENSOR = Struct("<9Ii8si4xQ")
"""Number of dimensions, eight dimensions, mode, layout, type, byte offset."""
SHAPE = Struct("<9I")
STATE = Struct("<QI")
SCALE_FACTOR = Struct("<f")
CONSTANTS_SIZE = Struct("<Q")
"""Size of the constants of a processing model, which follow its text."""
MAX_DIMENSIONS = 8
MAX_OPERATIONS = 8192
"""The limit of the newest devices."""


@dataclass(frozen=True, slots=True)
class RecordLayout:
    """Names of consecutive fields, and their binary layout."""

    names: tuple[str, ...]
    struct: Struct

    def pack(self, fields: dict[str, int | float]) -> bytes:
        """The packed fields; missing ones are 0."""
        return self.struct.pack(*(fields.get(name, 0) for name in self.names))

    def named(self, values: Sequence[int | float]) -> dict[str, int | float]:
        """The unpacked ``values`` by field name."""
        return dict(zip(self.names, values, strict=True))


def header_layout(minor: int) -> RecordLayout:
    """The part of the header behind magic bytes, header size and version."""
    fields = [("memory_bytes", "Q"), ("operations", "Q"), ("group", "I"), ("rows", "I"), ("columns", "I")]
    if minor >= 2:
        fields.append(("is_turned", "B"))
    fields += [("inputs", "I"), ("outputs", "I")]
    if minor >= 4:
        fields += [("output_rows", "I"), ("output_columns", "I"), ("is_output_turned", "B")]
    if minor >= TURNING_SINCE:
        fields += [("turned_inputs", "I"), ("turned_outputs", "I")]
    return _layout(fields)


def header_bytes(minor: int) -> int:
    """Size of the whole header in bytes: 50 in version 2.1, 68 since 2.5."""
    return START.size + header_layout(minor).struct.size


def endpoint_layout(minor: int) -> RecordLayout:
    """Endpoint of an input or output: 40 bytes up to 2.6, 80 since 2.7. Its pointer has no meaning in a file."""
    fields = [("scale_factor", "f4x"), ("pointer", "Q"), ("element_bytes", "I"), ("num_elements", "I"), ("offset", "Q")]
    if minor >= SHAPES_SINCE:
        fields += [("rank", "I"), *((f"dimension{index}", "I") for index in range(MAX_DIMENSIONS))]
        fields += [("layout", "B"), ("precision", "B")]
        fields += [("tensor_names", "Bx")] if minor >= TENSOR_NAMES_SINCE else [("padding", "H")]
    fields.append(("orientation", "I4x"))
    return _layout(fields)


def shape_parameter(dimensions: Sequence[int]) -> bytes:
    """A shape encoded as a parameter (Gna2Shape, 36 bytes)."""
    return SHAPE.pack(len(dimensions), *dimensions, *[0] * (MAX_DIMENSIONS - len(dimensions)))


def read_shape_parameter(parameter: bytes) -> tuple[int, ...]:
    """The dimensions of a shape parameter; unused slots behind them are ignored.

    Raises ValueError if it is not 36 bytes long or names more dimensions than there are slots.
    """
    if len(parameter) != SHAPE.size:
        raise ValueError(f"expected a shape of {SHAPE.size} bytes, found {len(parameter)}")
    rank, *dimensions = SHAPE.unpack(parameter)
    if rank > MAX_DIMENSIONS:
        raise ValueError(f"expected at most {MAX_DIMENSIONS} dimensions, found {rank}")
    return tuple(dimensions[:rank])


def _layout(fields: Sequence[tuple[str, str]]) -> RecordLayout:
    return RecordLayout(tuple(name for name, _ in fields), Struct("<" + "".join(kind for _, kind in fields)))
