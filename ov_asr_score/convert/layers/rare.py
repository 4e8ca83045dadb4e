"""Layers of nnet1 that few networks have: restricted Boltzmann machines, and distances of posteriors."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.layer import Layer
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import matrix, vector
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_FLOOR = np.float32(1.0e-20)


def convert_rbm(component: Component, x: ov.Output) -> ov.Output:
    """W x + b of the hidden units, through the logistic function if these are Bernoulli. Source: nnet/nnet-rbm.h."""
    weights = matrix(component, "VisHid")
    bias = vector(component, "HidBias", len(weights))
    if component.fields["HidType"] != "bern":
        return affine(component.name, x, weights, bias)
    product = affine(f"{component.name}.affine", x, weights, bias)
    return opset.sigmoid(product, name=component.name).output(0)


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
    logarithm = opset.log(opset.maximum(x, float_scalar(_FLOOR)), name=f"{name}.log")
    axis = int_vector(2)
    negated_entropy = opset.reduce_sum(opset.multiply(x, logarithm), axis, True, name=f"{name}.negated_entropy")
    cross = affine(f"{name}.cross", x, log_q, np.zeros(len(log_q), np.float32))
    return opset.subtract(cross, negated_entropy, name=name).output(0)


LAYERS = (
    Layer(name="Rbm", generations=(1,), over_frames=convert_rbm, input_products=(("VisHid", "HidBias"),)),
    Layer(name="KlHmm", generations=(1,), over_frames=convert_kl_hmm),
)
