"""Columns of values [B, N, D]: side by side, some of them, and in another order.

Columns that were put side by side are taken apart without any operation, so that gates and cells of recurrent layers,
which Kaldi keeps in one row, cost no copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.openvino_api import opset, ov


def append_columns(values: Sequence[ov.Output]) -> ov.Output:
    """The values side by side, [B, N, sum of D]."""
    return values[0] if len(values) == 1 else opset.concat(list(values), 2).output(0)


def width_of(value: ov.Output) -> int:
    """D of a value [B, N, D]."""
    return int(value.get_partial_shape()[2].get_length())


def slice_columns(value: ov.Output, start: int, stop: int) -> ov.Output:
    """``value[:, :, start:stop]`` of [B, T, D]."""
    begin = 0
    for part in _parts(value):
        end = begin + width_of(part)
        if begin <= start and stop <= end:
            return _sliced(part, start - begin, stop - begin)
        begin = end
    return _sliced(value, start, stop)


def split_columns(value: ov.Output, widths: Sequence[int], name: str) -> list[ov.Output]:
    """The columns of ``value`` [B, N, sum of ``widths``] in parts so wide; what splits them is called ``name``."""
    begin, cuts = 0, [0, *accumulate(widths)]
    split: list[ov.Output] = []
    for part in _parts(value):
        end = begin + width_of(part)
        inside = [width for width, start in zip(widths, cuts, strict=False) if begin <= start < end]
        if sum(inside) != end - begin:
            return _split(value, widths, name)
        # The CPU plugin of 2023.3 tells operations apart by their names.
        split += _split(part, inside, f"{name}_{len(split)}" if split else name)
        begin = end
    return split


def take_columns(name: str, x: ov.Output, columns: Sequence[int]) -> ov.Output:
    """Those ``columns`` of ``x`` [B, T, D], in that order; any may come more than once."""
    indices = opset.constant(np.array(columns, np.int64), name=f"{name}.columns")
    taken = opset.gather(x, indices, int_scalar(2))
    # OpenVINO 2023.3 takes no name here.
    taken.set_friendly_name(name)
    return taken.output(0)


def _parts(value: ov.Output) -> list[ov.Output]:
    """What was put side by side to make ``value``; ``value`` itself if it was made otherwise."""
    node = value.get_node()
    if node.get_type_name() != "Concat" or node.get_attributes()["axis"] not in (2, -1):
        return [value]
    return [port.get_source_output() for port in node.inputs()]


def _sliced(value: ov.Output, start: int, stop: int) -> ov.Output:
    if (start, stop) == (0, width_of(value)):
        return value
    one = int_vector(1)
    return opset.slice(value, int_vector(start), int_vector(stop), one, int_vector(2)).output(0)


def _split(value: ov.Output, widths: Sequence[int], name: str) -> list[ov.Output]:
    if len(widths) == 1:
        return [value]
    return list(opset.variadic_split(value, int_scalar(2), int_vector(*widths), name=name).outputs())
