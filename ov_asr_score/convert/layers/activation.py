"""Nonlinearities of every element, and softmax."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import integers, number, vector
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# Kaldi keeps probabilities away from zero, so that their logarithm stays finite.
_SMALLEST_PROBABILITY = np.float32(1.0e-20)


def convert_sigmoid(component: Component, x: ov.Output) -> ov.Output:
    """1 / (1 + e^-x). Sources: matrix/kaldi-vector.cc, nnet/nnet-activation.h (Sigmoid)."""
    return opset.sigmoid(x, name=component.name).output(0)


def convert_tanh(component: Component, x: ov.Output) -> ov.Output:
    """The hyperbolic tangent of ``x``. Sources: matrix/kaldi-vector.cc, nnet/nnet-activation.h (Tanh)."""
    return opset.tanh(x, name=component.name).output(0)


def convert_rectified_linear(component: Component, x: ov.Output) -> ov.Output:
    """max(x, 0). Source: nnet3/nnet-simple-component.cc (RectifiedLinearComponent)."""
    return opset.relu(x, name=component.name).output(0)


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
    below = opset.minimum(x, float_scalar(0), name=f"{name}.below")
    factors = opset.constant(beta.reshape(1, 1, -1), name=f"{name}.beta")
    return opset.add(above, opset.multiply(below, factors, name=f"{name}.leak"), name=name).output(0)


def convert_soft_hinge(component: Component, x: ov.Output) -> ov.Output:
    """log(1 + e^x). Source: nnet2/nnet-component.cc (SoftHingeComponent)."""
    return opset.softplus(x, name=component.name).output(0)


def convert_power(component: Component, x: ov.Output) -> ov.Output:
    """|x| to a power. Source: nnet2/nnet-component.cc (PowerComponent)."""
    power = float_scalar(number(component, "Power"))
    return opset.power(opset.abs(x), power, name=component.name).output(0)


def convert_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities of each frame, none of them below 1e-20.

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (SoftmaxComponent).
    """
    shares = opset.softmax(x, 2, name=f"{component.name}.softmax")
    floor = float_scalar(_SMALLEST_PROBABILITY, name=f"{component.name}.floor")
    return opset.maximum(shares, floor, name=component.name).output(0)


def convert_plain_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities of each frame; unlike in nnet2 and nnet3 they may be zero. Source: nnet/nnet-activation.h."""
    return opset.softmax(x, 2, name=component.name).output(0)


def convert_block_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities over each block of columns separately. Source: nnet/nnet-activation.h (BlockSoftmax)."""
    name, widths = component.name, integers(component, "BlockDims").tolist()
    if len(set(widths)) == 1:
        split = opset.reshape(x, int_vector(0, 0, len(widths), widths[0]), special_zero=True, name=f"{name}.blocks")
        shares = opset.softmax(split, 3, name=f"{name}.softmax")
        return opset.reshape(shares, int_vector(0, 0, sum(widths)), special_zero=True, name=name).output(0)
    blocks = opset.variadic_split(x, int_scalar(2), int_vector(*widths), name=f"{name}.blocks")
    parts = [opset.softmax(block, 2).output(0) for block in blocks.outputs()]
    return opset.concat(parts, 2, name=name).output(0)


def convert_log_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Logarithms of the probabilities of each frame; nnet3 sets no lower limit, nnet2 does.

    Source: nnet3/nnet-simple-component.cc (LogSoftmaxComponent).
    """
    return opset.log_softmax(x, 2, name=component.name).output(0)


def convert_floored_log_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Logarithms of the probabilities of each frame, not below log(1e-20). Source: nnet2/nnet-component.cc."""
    floor = float_scalar(np.log(np.float64(_SMALLEST_PROBABILITY)))
    return opset.maximum(opset.log_softmax(x, 2), floor, name=component.name).output(0)


LAYERS = (
    Layer(name="SigmoidComponent", generations=(2, 3), over_frames=convert_sigmoid),
    Layer(name="TanhComponent", generations=(2, 3), over_frames=convert_tanh),
    Layer(name="RectifiedLinearComponent", generations=(2, 3), over_frames=convert_rectified_linear),
    Layer(name="SoftmaxComponent", generations=(2, 3), over_frames=convert_softmax),
    Layer(name="LogSoftmaxComponent", over_frames=convert_log_softmax),
    Layer(name="LogSoftmaxComponent", generations=(2,), over_frames=convert_floored_log_softmax),
    Layer(name="SoftHingeComponent", generations=(2,), over_frames=convert_soft_hinge),
    Layer(name="PowerComponent", generations=(2,), over_frames=convert_power),
    Layer(name="Sigmoid", generations=(1,), over_frames=convert_sigmoid),
    Layer(name="Tanh", generations=(1,), over_frames=convert_tanh),
    Layer(name="ParametricRelu", generations=(1,), over_frames=convert_parametric_relu),
    Layer(name="Softmax", generations=(1,), over_frames=convert_plain_softmax, is_removable_softmax=True),
    Layer(name="HiddenSoftmax", generations=(1,), over_frames=convert_plain_softmax),
    Layer(name="BlockSoftmax", generations=(1,), over_frames=convert_block_softmax, is_removable_softmax=True),
)
