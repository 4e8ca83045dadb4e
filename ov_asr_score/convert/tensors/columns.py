"""Columns of values [B, N, D]: side by side, and parts of them.

What was put side by side is taken apart without any operation, so that gates and cells of recurrent layers, which Kaldi
keeps in one row, cost no copies.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

import numpy as np

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
    """Neighbouring columns of ``value``, as many as each of ``widths`` says; ``name`` is for what splits them."""
    begin, cuts = 0, [0, *accumulate(widths)]
    found: list[ov.Output] = []
    for part in _parts(value):
        end = begin + width_of(part)
        inside = [width for width, start in zip(widths, cuts, strict=False) if begin <= start < end]
        if sum(inside) != end - begin:
            return _split(value, widths, name)
        found += _split(
            part, inside, f"{name}_{len(found)}" if found else name
        )  # the CPU plugin of 2023.3 knows by name
        begin = end
    return found


def _parts(value: ov.Output) -> list[ov.Output]:
    """What was put side by side to make ``value``; ``value`` itself if it was made otherwise."""
    node = value.get_node()
    if node.get_type_name() != "Concat" or node.get_attributes()["axis"] not in (2, -1):
        return [value]
    return [port.get_source_output() for port in node.inputs()]


def _sliced(value: ov.Output, start: int, stop: int) -> ov.Output:
    if (start, stop) == (0, width_of(value)):
        return value
    one = opset.constant(np.array([1], np.int64))
    return opset.slice(value, _ints(start), _ints(stop), one, _ints(2)).output(0)


def _split(value: ov.Output, widths: Sequence[int], name: str) -> list[ov.Output]:
    if len(widths) == 1:
        return [value]
    axis, lengths = opset.constant(np.array(2, np.int64)), opset.constant(np.array(widths, np.int64))
    return list(opset.variadic_split(value, axis, lengths, name=name).outputs())


def _ints(value: int) -> ov.Node:
    return opset.constant(np.array([value], np.int64))
