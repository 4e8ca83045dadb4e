"""Nonlinearities of nnet1, and what normalizes a frame."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.component_fields import integers, vector
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov


@converts("Sigmoid", generation=1)
def convert_sigmoid(component: Component, x: ov.Output) -> ov.Output:
    """1 / (1 + e^-x). Source: nnet/nnet-activation.h (Sigmoid)."""
    return opset.sigmoid(x, name=component.name).output(0)


@converts("Tanh", generation=1)
def convert_tanh(component: Component, x: ov.Output) -> ov.Output:
    """The hyperbolic tangent of ``x``. Source: nnet/nnet-activation.h (Tanh)."""
    return opset.tanh(x, name=component.name).output(0)


@converts("Softmax", "HiddenSoftmax", generation=1)
def convert_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities of each frame; unlike in nnet2 and nnet3 they may be zero. Source: nnet/nnet-activation.h."""
    return opset.softmax(x, 2, name=component.name).output(0)


@converts("BlockSoftmax", generation=1)
def convert_block_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities over each block of columns for itself. Source: nnet/nnet-activation.h (BlockSoftmax)."""
    name, widths = component.name, integers(component, "BlockDims").tolist()
    if len(set(widths)) == 1:
        split = opset.reshape(x, _ints(0, 0, len(widths), widths[0]), special_zero=True, name=f"{name}.blocks")
        shares = opset.softmax(split, 3, name=f"{name}.softmax")
        return opset.reshape(shares, _ints(0, 0, sum(widths)), special_zero=True, name=name).output(0)
    blocks = opset.variadic_split(x, opset.constant(np.array(2, np.int64)), _ints(*widths), name=f"{name}.blocks")
    parts = [opset.softmax(block, 2).output(0) for block in blocks.outputs()]
    return opset.concat(parts, 2, name=name).output(0)


@converts("ParametricRelu", generation=1)
def convert_parametric_relu(component: Component, x: ov.Output) -> ov.Output:
    """alpha x where x is not negative, beta x where it is. Source: cudamatrix/cu-matrix.cc (ParametricRelu)."""
    name, alpha, beta = component.name, vector(component, "Alpha"), vector(component, "Beta")
    # y = alpha max(x, 0) + beta min(x, 0)
    is_plain, is_one_sided = bool((alpha == 1).all()), not beta.any()
    above = opset.relu(x, name=name if is_plain and is_one_sided else f"{name}.above").output(0)
    if not is_plain:
        factors = opset.constant(alpha.reshape(1, 1, -1), name=f"{name}.alpha")
        above = opset.multiply(above, factors, name=name if is_one_sided else f"{name}.scaled").output(0)
    if is_one_sided:
        return above
    below = opset.minimum(x, opset.constant(np.float32(0)), name=f"{name}.below")
    factors = opset.constant(beta.reshape(1, 1, -1), name=f"{name}.beta")
    return opset.add(above, opset.multiply(below, factors, name=f"{name}.leak"), name=name).output(0)


@converts("Dropout", generation=1)
def convert_dropout(component: Component, x: ov.Output) -> ov.Output:
    """``x`` itself: nnet-forward sets the rate of dropout to zero. Source: nnetbin/nnet-forward.cc."""
    return x


@converts("LengthNormComponent", generation=1)
def convert_length_norm(component: Component, x: ov.Output) -> ov.Output:
    """Each frame divided by its Euclidean length. Source: nnet/nnet-various.h (LengthNormComponent)."""
    length = opset.reduce_l2(x, _ints(2), True, name=f"{component.name}.length")
    return opset.divide(x, length, name=component.name).output(0)


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))
