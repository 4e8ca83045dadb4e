"""The largest value of each block of the columns of a frame."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.component_fields import bad_field, integer
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_SMALLEST_MAXIMUM = -1.0e20


@converts("MaxpoolingComponent")
def convert_maxpooling(component: Component, x: ov.Output) -> ov.Output:
    """Maxima over blocks of the columns seen as a box (x, y, z; z changes fastest), none below -1e20.

    ``x`` [B, T, X * Y * Z] gives [B, T, pools]. Source: nnet3/nnet-combined-component.cc (MaxpoolingComponent).
    """
    name = component.name
    sizes, pools, steps = (
        _by_axis(component, "Input{}Dim"),
        _by_axis(component, "Pool{}Size"),
        _by_axis(component, "Pool{}Step"),
    )
    counts = []
    for axis, size, pool, step in zip("XYZ", sizes, pools, steps, strict=True):
        if step < 1 or not 1 <= pool <= size or (size - pool) % step:
            raise bad_field(component, f"Pool{axis}Size", f"blocks of {pool} every {step} columns to cover {size}")
        counts.append(1 + (size - pool) // step)
    # The frames stand where a picture has its colours, so that nothing has to be moved.
    box = opset.reshape(x, _ints(0, 0, *sizes), special_zero=True, name=f"{name}.box")
    largest = opset.max_pool(
        box, steps, [1, 1, 1], [0, 0, 0], [0, 0, 0], pools, "floor", "explicit", "i64", 0, name=f"{name}.max"
    )
    row = opset.reshape(largest.output(0), _ints(0, 0, int(np.prod(counts))), special_zero=True, name=f"{name}.row")
    return opset.maximum(row, opset.constant(np.float32(_SMALLEST_MAXIMUM)), name=name).output(0)


def _by_axis(component: Component, field: str) -> list[int]:
    return [integer(component, field.format(axis)) for axis in "XYZ"]


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))
