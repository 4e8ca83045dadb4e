"""Frames scaled to a given root mean square, and norms of groups of columns."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.component_fields import bad_field, flag, integer, number
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_SQUARED_NORM_FLOOR = 2.0**-66


@converts("NormalizeComponent", generations=(2, 3))
def convert_normalize(component: Component, x: ov.Output) -> ov.Output:
    """Each block of each frame scaled to the target rms; with its log standard deviation behind it if asked for.

    ``x`` [B, T, D] gives [B, T, D], or [B, T, D + blocks] with the logarithms. Sources: cudamatrix/cu-math.cc
    (NormalizePerRow), nnet3/nnet-normalize-component.cc, nnet2/nnet-component.cc (NormalizeComponent: rms 1).
    """
    name, dim = component.name, integer(component, "InputDim", "Dim")
    block = integer(component, "BlockDim", default=dim)
    if block < 1 or dim % block:
        raise bad_field(component, "BlockDim", f"a divisor of <InputDim> {dim}")
    target, add_log = number(component, "TargetRms", 1.0), flag(component, "AddLogStddev")
    blocks = x
    if block != dim:
        shape = opset.constant(np.array([0, 0, dim // block, block], np.int64))
        blocks = opset.reshape(x, shape, special_zero=True, name=f"{name}.blocks").output(0)

    # norm = max(|x|, rms sqrt(D floor));  y = x * rms sqrt(D) / norm;  log stddev = log(norm) - log(D) / 2
    norm = opset.reduce_l2(blocks, opset.constant(np.array([-1], np.int64)), True, name=f"{name}.norm")
    full = target * np.sqrt(block)
    floor = opset.constant(np.float32(full * np.sqrt(_SQUARED_NORM_FLOOR)))
    floored = opset.maximum(norm, floor, name=f"{name}.floored")
    factor = opset.divide(opset.constant(np.float32(full)), floored, name=f"{name}.factor")
    is_last = block == dim and not add_log
    scaled = opset.multiply(blocks, factor, name=name if is_last else f"{name}.scaled").output(0)
    if add_log:
        half_log = opset.constant(np.float32(np.log(block) / 2))
        stddev = opset.subtract(opset.log(floored, name=f"{name}.log"), half_log, name=f"{name}.logstddev").output(0)
        scaled = opset.concat([scaled, stddev], -1, name=name if block == dim else f"{name}.joined").output(0)
    if block == dim:
        return scaled
    width = dim + (dim // block if add_log else 0)
    row = opset.constant(np.array([0, 0, width], np.int64))
    return opset.reshape(scaled, row, special_zero=True, name=name).output(0)


@converts("PnormComponent", generations=(2, 3))
def convert_pnorm(component: Component, x: ov.Output) -> ov.Output:
    """The p-norm of each group of neighbouring columns, [B, T, OutputDim]; p is 2 but for nnet2.

    Sources: matrix/kaldi-vector.cc (Norm), nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (PnormComponent).
    """
    name, p = component.name, number(component, "P", 2.0)
    input_dim, output_dim = integer(component, "InputDim"), integer(component, "OutputDim")
    if output_dim < 1 or input_dim % output_dim:
        raise bad_field(component, "OutputDim", f"a divisor of <InputDim> {input_dim}")
    if not p >= 0:
        raise bad_field(component, "P", "0 or more")
    shape = opset.constant(np.array([0, 0, output_dim, input_dim // output_dim], np.int64))
    groups = opset.reshape(x, shape, special_zero=True, name=f"{name}.groups")
    axis = opset.constant(np.array([3], np.int64))
    if p == 2:
        return opset.reduce_l2(groups, axis, False, name=name).output(0)
    if p == 1:
        return opset.reduce_l1(groups, axis, False, name=name).output(0)
    if p == 0:
        is_set = opset.not_equal(groups, opset.constant(np.float32(0)), name=f"{name}.nonzero")
        return opset.reduce_sum(opset.convert(is_set, "f32"), axis, False, name=name).output(0)
    sizes = opset.absolute(groups, name=f"{name}.sizes")
    largest = opset.reduce_max(sizes, axis, np.isfinite(p), name=f"{name}.largest" if np.isfinite(p) else name)
    if np.isinf(p):
        return largest.output(0)
    # Relative to the largest value, powers neither overflow nor vanish.
    unit = opset.maximum(largest, opset.constant(np.float32(np.finfo(np.float32).tiny)), name=f"{name}.unit")
    powers = opset.power(opset.divide(sizes, unit, name=f"{name}.relative"), opset.constant(np.float32(p)))
    total = opset.power(opset.reduce_sum(powers, axis, True, name=f"{name}.sum"), opset.constant(np.float32(1.0 / p)))
    return opset.squeeze(opset.multiply(total, unit), axis, name=name).output(0)
