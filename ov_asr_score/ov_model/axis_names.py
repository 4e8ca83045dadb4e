"""Names of axes in an ONNX file (``dim_param``), which the runtime leaves out when it reads one.

Only the few fields on the way to them are looked at (github.com/onnx/onnx, onnx.proto); weights are jumped over.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from pathlib import Path

from ov_asr_score.ov_model.protobuf_fields import protobuf_fields

AxisNames = tuple[str, ...]
"""A name for each axis, empty for an axis that has none or whose length is fixed."""

# Fields of the messages ModelProto, GraphProto, ValueInfoProto, TypeProto, TypeProto.Tensor and TensorShapeProto.
_GRAPH, _INPUT, _OUTPUT, _NAME, _TYPE, _TENSOR, _SHAPE, _DIMENSION, _DIMENSION_NAME = 7, 11, 12, 1, 2, 1, 2, 1, 2

_BATCH = re.compile(r"n|b|bs|n?_?batch(_?size|_?dim)?|num_batch(es)?|batches|n_utts?|num_utterances")
_TIME = re.compile(
    r"t|(n|num|input|audio|feat(ure)?s?|max)?_?(time|times|frames?|time_?steps?|seq|seq_?len(gth)?|"
    r"sequence(_?len(gth)?)?|len(gth)?|t)"
)


def read_axis_names(path: Path) -> dict[str, AxisNames]:
    """The names of the axes of every input and output of an ONNX file; empty for a file that is not a whole one."""
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            names: dict[str, AxisNames] = {}
            for field, start, end in protobuf_fields(data, 0, len(data)):
                if field == _GRAPH:
                    names |= _names_in_graph(data, start, end)
            return names
    except (OSError, ValueError):  # whether it is damaged is for the runtime to say
        return {}


def letter_of(name: str) -> str:
    """``N`` or ``T`` for a name that says batch or time, ``?`` for any other."""
    plain = name.strip().lower().replace("-", "_").replace(" ", "_")
    if _BATCH.fullmatch(plain):
        return "N"
    return "T" if _TIME.fullmatch(plain) else "?"


def _names_in_graph(data: mmap.mmap, start: int, end: int) -> dict[str, AxisNames]:
    names = {}
    for field, first, last in protobuf_fields(data, start, end):
        if field in (_INPUT, _OUTPUT):
            port, axes = "", list[str]()
            for inner, begin, stop in protobuf_fields(data, first, last):
                if inner == _NAME:
                    port = data[begin:stop].decode("utf-8", "replace")
                elif inner == _TYPE:
                    axes = _axes(data, begin, stop)
            names[port] = tuple(axes)
    return names


def _axes(data: mmap.mmap, start: int, end: int) -> list[str]:
    axes = []
    for tensor in _inside(data, start, end, _TENSOR):
        for shape in _inside(data, *tensor, _SHAPE):
            for dimension in _inside(data, *shape, _DIMENSION):
                parts = [data[begin:stop] for begin, stop in _inside(data, *dimension, _DIMENSION_NAME)]
                axes.append(parts[-1].decode("utf-8", "replace") if parts else "")
    return axes


def _inside(data: mmap.mmap, start: int, end: int, wanted: int) -> Iterator[tuple[int, int]]:
    return ((first, last) for field, first, last in protobuf_fields(data, start, end) if field == wanted)
