"""Frames of values [B, N, D]: some of them, more around them, and a choice for each of them."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.openvino_api import opset, ov

_TO_THE_END = int(np.iinfo(np.int64).max)


def slice_frames(value: ov.Output, start: int, stop: int | None = None, step: int = 1) -> ov.Output:
    """``value[:, start:stop:step]`` of [B, N, D]."""
    end = _TO_THE_END if stop is None else stop
    bounds = int_vector(start), int_vector(end), int_vector(step)
    return opset.slice(value, *bounds, int_vector(1)).output(0)


def pad_frames(value: ov.Output, before: int, after: int, mode: str = "constant") -> ov.Output:
    """``value`` [B, N, D] with frames of zeros (or copies of its edges: ``edge``) before and after it."""
    fill = float_scalar(0) if mode == "constant" else None
    return opset.pad(value, int_vector(0, before, 0), int_vector(0, after, 0), mode, fill).output(0)


def select_frames(mask: ov.Output, value: ov.Output, otherwise: ov.Output | None = None) -> ov.Output:
    """``value`` [B, N, D] where ``mask`` [1 or B, N, 1] is set, else ``otherwise`` (zero)."""
    return opset.select(mask, value, float_scalar(0) if otherwise is None else otherwise).output(0)
