"""Nonlinearities of every element, and softmax."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# Kaldi keeps probabilities away from zero, so that their logarithm stays finite.
SMALLEST_PROBABILITY = np.float32(1.0e-20)


@converts("SigmoidComponent", generations=(2, 3))
def convert_sigmoid(component: Component, x: ov.Output) -> ov.Output:
    """1 / (1 + e^-x). Source: matrix/kaldi-vector.cc (Sigmoid)."""
    return opset.sigmoid(x, name=component.name).output(0)


@converts("TanhComponent", generations=(2, 3))
def convert_tanh(component: Component, x: ov.Output) -> ov.Output:
    """The hyperbolic tangent of ``x``. Source: matrix/kaldi-vector.cc (Tanh)."""
    return opset.tanh(x, name=component.name).output(0)


@converts("RectifiedLinearComponent", generations=(2, 3))
def convert_rectified_linear(component: Component, x: ov.Output) -> ov.Output:
    """max(x, 0). Source: nnet3/nnet-simple-component.cc (RectifiedLinearComponent)."""
    return opset.relu(x, name=component.name).output(0)


@converts("SoftmaxComponent", generations=(2, 3))
def convert_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Probabilities of each frame, none of them below 1e-20.

    Sources: nnet3/nnet-simple-component.cc, nnet2/nnet-component.cc (SoftmaxComponent).
    """
    shares = opset.softmax(x, 2, name=f"{component.name}.softmax")
    floor = opset.constant(SMALLEST_PROBABILITY, name=f"{component.name}.floor")
    return opset.maximum(shares, floor, name=component.name).output(0)


@converts("LogSoftmaxComponent")
def convert_log_softmax(component: Component, x: ov.Output) -> ov.Output:
    """Logarithms of the probabilities of each frame; nnet3 sets no lower limit, nnet2 does.

    Source: nnet3/nnet-simple-component.cc (LogSoftmaxComponent).
    """
    return opset.log_softmax(x, 2, name=component.name).output(0)
