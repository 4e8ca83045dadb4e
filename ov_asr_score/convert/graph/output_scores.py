"""Adjustments to the output of a network before it is written: priors, logarithms, scales."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.openvino_api import opset, ov

_LOG_FLOOR = np.float32(1.0e-20)


def adjust_scores(network: KaldiNetwork, scores: ov.Output, options: ConvertOptions) -> ov.Output:
    """``scores`` [B, T, pdfs] adjusted as ``options`` ask, in the order of Kaldi's programs.

    nnet1: nnetbin/nnet-forward.cc (1e-20 is added before the logarithm, then priors times their scale are
    subtracted). nnet2: nnet2bin/nnet-am-compute.cc (division by priors, rows sum to one again, floor of 1e-20, then the
    logarithm). nnet3: nnet3/nnet-am-decodable-simple.cc and nnet3bin/nnet3-compute.cc (log priors are subtracted, then
    the acoustic scale, then exp). Raises ShapeMismatchError for priors of another size, UnsupportedModelError for a
    network without priors to divide by.
    """
    if options.divide_by_priors:
        scores = _divide_by_priors(network, scores)
    if options.apply_log:
        floor = float_scalar(_LOG_FLOOR)
        safe = opset.add(scores, floor) if network.generation == 1 else opset.maximum(scores, floor)
        scores = opset.log(safe).output(0)
    if options.log_priors is not None:
        _check_size(network, scores, len(options.log_priors))
        shift = -np.float32(options.prior_scale) * options.log_priors
        scores = opset.add(scores, opset.constant(shift.reshape(1, 1, -1).astype(np.float32))).output(0)
    if options.acoustic_scale != 1.0:
        scores = opset.multiply(scores, float_scalar(options.acoustic_scale)).output(0)
    if options.apply_exp:
        scores = opset.exp(scores).output(0)
    return scores


def _divide_by_priors(network: KaldiNetwork, scores: ov.Output) -> ov.Output:
    if network.priors is None:
        raise UnsupportedModelError(f"{network.source}: has no priors to divide by")
    _check_size(network, scores, len(network.priors))
    inverse = (1 / network.priors.astype(np.float64)).astype(np.float32).reshape(1, 1, -1)
    divided = opset.multiply(scores, opset.constant(inverse))
    total = opset.reduce_sum(divided, int_vector(2), True)
    return opset.divide(divided, total).output(0)


def _check_size(network: KaldiNetwork, scores: ov.Output, size: int) -> None:
    pdfs = int(scores.get_partial_shape()[2].get_length())
    if pdfs != size:
        raise ShapeMismatchError(f"{network.source}: {size} priors for an output of {pdfs} pdfs; expected as many")
