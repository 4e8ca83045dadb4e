"""Where the fields of an exported blob (GNAM) are, in each version of the format from 2.1 to 2.9.

Little endian. Headers are packed, everything else is aligned as C++ compilers do it. The order in the file: header,
names of inputs, how inputs and outputs are turned, endpoints of inputs, names of outputs, their endpoints, operations,
states, memory image, and in later files of 2.8 the versions of what wrote them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct

MAGIC = b"GNAM"
MAJOR = 2
NEWEST_MINOR = 9
"""The newest that can be read; 2.8 is what is written."""
WRITTEN_MINOR = 8

NAMES_SINCE = 3
TURNING_SINCE, TURNING_UNTIL = 5, 8
STATE_NAMES_SINCE = 6
SHAPES_SINCE = 7
TENSOR_NAMES_SINCE = 8
VERSIONS_SINCE = 8
PROCESSING_MODELS_SINCE = 9

START = Struct("<4sIHI")
"""Magic, bytes of the header, version."""

COUNT = Struct("<I")
TURNED_PART = Struct("<B7xQQ")
TENSOR = Struct("<9Ii8si4xQ")
"""Number of dimensions, eight dimensions, mode, layout, type, offset."""
SHAPE = Struct("<9I")
STATE = Struct("<QI")
SCALE_FACTOR = Struct("<f")
MAX_DIMENSIONS = 8
MAX_OPERATIONS = 8192
"""As many as the newest devices take; inputs, outputs and states are not more."""
MAX_OPERANDS = MAX_PARAMETERS = 8


@dataclass(frozen=True, slots=True)
class Layout:
    """Names of the fields in a row, and where they are."""

    names: tuple[str, ...]
    struct: Struct

    def pack(self, fields: dict[str, int | float]) -> bytes:
        """Bytes of the fields; those that are not given are 0."""
        return self.struct.pack(*(fields.get(name, 0) for name in self.names))

    def named(self, values: Sequence[int | float]) -> dict[str, int | float]:
        """Values that the struct gave, by name."""
        return dict(zip(self.names, values, strict=True))


def header_layout(minor: int) -> Layout:
    """What follows the magic, the header's size and the version."""
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
    """Size of the whole header: 50 in 2.1, 68 since 2.5."""
    return START.size + header_layout(minor).struct.size


def endpoint_layout(minor: int) -> Layout:
    """Endpoint of an input or output: 40 bytes until 2.6, 80 since 2.7. The pointer is of no meaning in a file."""
    fields = [("scale_factor", "f4x"), ("pointer", "Q"), ("element_bytes", "I"), ("num_elements", "I"), ("offset", "Q")]
    if minor >= SHAPES_SINCE:
        fields += [("rank", "I"), *((f"dimension{index}", "I") for index in range(MAX_DIMENSIONS))]
        fields += [("layout", "B"), ("precision", "B")]
        fields += [("tensor_names", "Bx")] if minor >= TENSOR_NAMES_SINCE else [("padding", "H")]
    fields.append(("orientation", "I4x"))
    return _layout(fields)


def shape_parameter(dimensions: Sequence[int]) -> bytes:
    """A parameter that is a shape (Gna2Shape, 36 bytes)."""
    return SHAPE.pack(len(dimensions), *dimensions, *[0] * (MAX_DIMENSIONS - len(dimensions)))


def read_shape_parameter(parameter: bytes) -> tuple[int, ...]:
    """Dimensions in a parameter that is a shape; the slots behind them may hold anything.

    Raises ValueError: not 36 bytes, or more dimensions than there are slots.
    """
    if len(parameter) != SHAPE.size:
        raise ValueError(f"expected a shape of {SHAPE.size} bytes, found {len(parameter)}")
    rank, *dimensions = SHAPE.unpack(parameter)
    if rank > MAX_DIMENSIONS:
        raise ValueError(f"expected at most {MAX_DIMENSIONS} dimensions, found {rank}")
    return tuple(dimensions[:rank])


def _layout(fields: Sequence[tuple[str, str]]) -> Layout:
    return Layout(tuple(name for name, _ in fields), Struct("<" + "".join(kind for _, kind in fields)))
