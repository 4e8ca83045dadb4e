"""Adjustments to the output of a network before it is written: priors, logarithms, scales."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.convert.tensors.last_softmax import last_softmax
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.network import FloatArray, KaldiNetwork
from ov_asr_score.kaldi_model.priors import inverse_priors
from ov_asr_score.openvino_api import opset, ov

_LOG_FLOOR = np.float32(1.0e-20)


@dataclass(frozen=True, slots=True, eq=False)
class ScoreSteps:
    """What is done to scores, in this order; nothing by default.

    ``apply_log`` ``add``: 1e-20 is added before the logarithm (nnet1); ``floor``: it is a floor (nnet2).
    ``log_priors`` [C] times ``prior_scale`` are subtracted.
    """

    log_softmax: bool = False
    apply_log: Literal["", "add", "floor"] = ""
    log_priors: FloatArray | None = None
    prior_scale: float = 1.0
    acoustic_scale: float = 1.0
    apply_exp: bool = False


def adjust_scores(network: KaldiNetwork, scores: ov.Output, options: ConvertOptions) -> ov.Output:
    """``scores`` [B, T, pdfs] adjusted as ``options`` ask, in the order of Kaldi's programs.

    nnet1: nnetbin/nnet-forward.cc (1e-20 is added before the logarithm, then priors times their scale are
    subtracted). nnet2: nnet2bin/nnet-am-compute.cc (division by priors, rows sum to one again, floor of 1e-20, then the
    logarithm). nnet3: nnet3/nnet-am-decodable-simple.cc and nnet3bin/nnet3-compute.cc (log priors are subtracted, then
    the acoustic scale, then exp). Raises ShapeMismatchError for priors of another size, UnsupportedModelError for a
    network without priors to divide by, and what :func:`take_score_steps` raises.
    """
    if options.divide_by_priors:
        scores = _divide_by_priors(network, scores)
    if options.log_priors is not None:
        _check_size(network, scores, len(options.log_priors))
    steps = ScoreSteps(
        log_softmax=options.log_softmax,
        apply_log="" if not options.apply_log else "add" if network.generation == 1 else "floor",
        log_priors=options.log_priors,
        prior_scale=options.prior_scale,
        acoustic_scale=options.acoustic_scale,
        apply_exp=options.apply_exp,
    )
    return take_score_steps(scores, steps, 2, network.source)


def take_score_steps(scores: ov.Output, steps: ScoreSteps, axis: int, place: str) -> ov.Output:
    """``scores`` with what ``steps`` ask, in their order; values lie along ``axis``, from the first one counted.

    ``place`` begins a message. Raises UsageError for a logarithm of what the graph has taken a logarithm of already,
    and for a log-softmax of a softmax.
    """
    _check_logarithms(scores, steps, place)
    if steps.log_softmax:
        scores = opset.log_softmax(scores, axis).output(0)
    if steps.apply_log:
        floor = float_scalar(_LOG_FLOOR)
        safe = opset.add(scores, floor) if steps.apply_log == "add" else opset.maximum(scores, floor)
        scores = opset.log(safe).output(0)
    if steps.log_priors is not None:
        shape = [1] * scores.get_partial_shape().rank.get_length()
        shape[axis] = -1
        shift = -np.float32(steps.prior_scale) * steps.log_priors
        scores = opset.add(scores, opset.constant(shift.reshape(shape).astype(np.float32))).output(0)
    if steps.acoustic_scale != 1.0:
        scores = opset.multiply(scores, float_scalar(steps.acoustic_scale)).output(0)
    if steps.apply_exp:
        scores = opset.exp(scores).output(0)
    return scores


def _check_logarithms(scores: ov.Output, steps: ScoreSteps, place: str) -> None:
    """Raise UsageError for logarithms of logarithms. Reason: these are no scores of anything; Kaldi does not look."""
    asked = "log_softmax" if steps.log_softmax else "apply_log" if steps.apply_log else ""
    found = last_softmax(scores) if asked else None
    if found is not None and found.kind == "log-softmax":
        raise UsageError(f"{asked}: {place} is a log-softmax already", fields=(asked,))
    if found is not None and asked == "log_softmax":
        raise UsageError(
            f"log_softmax: {place} is a softmax already; apply_log takes its logarithm",
            fields=("log_softmax", "apply_log"),
        )


def _divide_by_priors(network: KaldiNetwork, scores: ov.Output) -> ov.Output:
    """``nnet-am-compute --divide-by-priors``, which asserts that there is a prior for each pdf."""
    if network.priors is None:
        raise UnsupportedModelError(f"{network.source}: has no priors to divide by")
    _check_size(network, scores, len(network.priors))
    divided = opset.multiply(scores, opset.constant(inverse_priors(network).reshape(1, 1, -1)))
    total = opset.reduce_sum(divided, int_vector(2), True)
    # Rows that cannot be made to sum to 1 stay as they are.
    is_sum = opset.greater(total, float_scalar(0))
    return opset.divide(divided, opset.select(is_sum, total, float_scalar(1))).output(0)


def _check_size(network: KaldiNetwork, scores: ov.Output, size: int) -> None:
    """Raise ShapeMismatchError for priors of another number. Kaldi: an assertion of ``AddVecToRows``."""
    pdfs = int(scores.get_partial_shape()[2].get_length())
    if pdfs != size:
        raise ShapeMismatchError(f"{network.source}: {size} priors for an output of {pdfs} pdfs; expected as many")
