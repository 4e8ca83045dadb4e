"""Integers and single numbers as constants of a graph: axes, shapes, bounds, factors; one vector for every frame."""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.network import FloatArray
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


def constant_frames(name: str, x: ov.Output, values: FloatArray) -> ov.Output:
    """The vector ``values`` [D] for each frame of ``x`` [B, T, any], [B, T, D]."""
    shape = opset.shape_of(x, "i64", name=f"{name}.input_shape")
    bounds = int_vector(0), int_vector(2), int_vector(1)
    frames = opset.slice(shape, *bounds, name=f"{name}.frames")
    target = opset.concat([frames, int_vector(len(values))], 0, name=f"{name}.shape")
    row = opset.constant(values.reshape(1, 1, -1), name=f"{name}.output")
    return opset.broadcast(row, target, name=name).output(0)
