"""Frames of nnet1 side by side."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.component_fields import integers
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov


@converts("Splice", generation=1)
def convert_splice(component: Component, x: ov.Output) -> ov.Output:
    """The frames of ``x`` [B, T, D] at t + each offset side by side, [B, T, offsets * D].

    Before the first and after the last frame of ``x`` these are repeated, whatever ``x`` was computed from. Source:
    cudamatrix/cu-math.cc (Splice).
    """
    offsets = integers(component, "FrameOffsets")
    if not offsets.any() and len(offsets) == 1:
        return x
    # One Gather: with slices of a padded input, joined by Concat, the same takes 1.2 to 2 times as long.
    name, width = component.name, int(x.get_partial_shape()[2].get_length())
    count = opset.gather(opset.shape_of(x, "i64"), _int(1), _int(0))
    times = opset.range(_int(0), count, _int(1), "i64", name=f"{name}.times")
    wanted = opset.add(opset.unsqueeze(times, _int(1)), opset.constant(offsets.astype(np.int64).reshape(1, -1)))
    nearest = opset.minimum(opset.maximum(wanted, _int(0)), opset.subtract(count, _int(1)), name=f"{name}.nearest")
    frames = opset.gather(x, nearest, _int(1))
    frames.set_friendly_name(f"{name}.frames")
    row = opset.constant(np.array([0, 0, width * len(offsets)], np.int64))
    return opset.reshape(frames, row, special_zero=True, name=name).output(0)


def _int(value: int) -> ov.Node:
    return opset.constant(np.array(value, np.int64))
