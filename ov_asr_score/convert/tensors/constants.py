"""Integers and single numbers as constants of a graph: axes, shapes, bounds, factors."""

from __future__ import annotations

import numpy as np

from ov_asr_score.openvino_api import opset, ov


def int_scalar(value: int) -> ov.Node:
    """One integer, int64 scalar."""
    return opset.constant(np.array(value, np.int64))


def int_vector(*values: int) -> ov.Node:
    """Integers next to each other, int64 [N]."""
    return opset.constant(np.array(values, np.int64))


def float_scalar(value: float | np.floating, name: str = "") -> ov.Node:
    """One number, float32 scalar; ``name`` is that of the constant if it shall have one."""
    number = np.float32(value)
    return opset.constant(number, name=name) if name else opset.constant(number)
