"""Matrix products of nnet1, and what is added to or multiplied with every column."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.component_fields import matrix, vector
from ov_asr_score.convert.layers.elementwise import scale_offset
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov


@converts("AffineTransform", generation=1)
def convert_affine(component: Component, x: ov.Output) -> ov.Output:
    """W x + b for each frame of ``x`` [B, T, K], [B, T, M]. Source: nnet/nnet-affine-transform.h."""
    weights = matrix(component, "Linearity")
    return affine(component.name, x, weights, vector(component, "Bias", len(weights)))


@converts("LinearTransform", generation=1)
def convert_linear(component: Component, x: ov.Output) -> ov.Output:
    """W x for each frame. Source: nnet/nnet-linear-transform.h."""
    weights = matrix(component, "Linearity")
    return affine(component.name, x, weights, np.zeros(len(weights), np.float32))


@converts("Rbm", generation=1)
def convert_rbm(component: Component, x: ov.Output) -> ov.Output:
    """W x + b of the hidden units, through the logistic function if these are Bernoulli. Source: nnet/nnet-rbm.h."""
    weights = matrix(component, "VisHid")
    bias = vector(component, "HidBias", len(weights))
    if component.fields["HidType"] != "bern":
        return affine(component.name, x, weights, bias)
    product = affine(f"{component.name}.affine", x, weights, bias)
    return opset.sigmoid(product, name=component.name).output(0)


@converts("AddShift", generation=1)
def convert_add_shift(component: Component, x: ov.Output) -> ov.Output:
    """``x`` plus a value for each column. Source: nnet/nnet-various.h (AddShift)."""
    shift = vector(component, "ShiftData")
    return scale_offset(component.name, x, np.ones_like(shift), shift)


@converts("Rescale", generation=1)
def convert_rescale(component: Component, x: ov.Output) -> ov.Output:
    """``x`` times a value for each column. Source: nnet/nnet-various.h (Rescale)."""
    scale = vector(component, "ScaleData")
    return scale_offset(component.name, x, scale, np.zeros_like(scale))


_FLOOR = np.float32(1.0e-20)


@converts("KlHmm", generation=1)
def convert_kl_hmm(component: Component, x: ov.Output) -> ov.Output:
    """-KL(x, q) of the posteriors ``x`` [B, T, K] for the distribution q of each state, [B, T, states].

    Kaldi stops when the first frame it sees does not sum to 1; here such frames get the same formula. Source:
    nnet/nnet-kl-hmm.h.
    """
    name = component.name
    # -KL = - sum x log x + sum x log q, with q from the counts of each state
    counts = matrix(component, "KlStats").astype(np.float64)
    q = np.maximum(counts / np.maximum(counts.sum(1, keepdims=True), _FLOOR), _FLOOR)
    log_q = np.log(q).astype(np.float32)
    logarithm = opset.log(opset.maximum(x, opset.constant(_FLOOR)), name=f"{name}.log")
    axis = opset.constant(np.array([2], np.int64))
    negated_entropy = opset.reduce_sum(opset.multiply(x, logarithm), axis, True, name=f"{name}.negated_entropy")
    cross = affine(f"{name}.cross", x, log_q, np.zeros(len(log_q), np.float32))
    return opset.subtract(cross, negated_entropy, name=name).output(0)
