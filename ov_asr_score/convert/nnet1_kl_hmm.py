"""Divergence of posteriors from those of the states of an HMM."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.affine import affine
from ov_asr_score.convert.component_fields import matrix
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

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
