from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.graph.output_scores import adjust_scores
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.kaldi_model.network import FloatArray, Generation, KaldiNetwork
from ov_asr_score.openvino_api import opset, ov

SCORES = np.array([[[0.5, 0.25, 0.25], [1.0, 0.0, 0.0]]], np.float32)
PRIORS = np.array([0.5, 0.3, 0.2], np.float32)


def adjusted(generation: Generation, priors: FloatArray | None = PRIORS, **options: Any) -> FloatArray:
    network = KaldiNetwork(generation, (), {}, "final.mdl", priors=priors)
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    model = ov.Model([opset.result(adjust_scores(network, x.output(0), ConvertOptions(**options)))], [x])
    return np.array(ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})([SCORES])[0])


def test_scores_stay_as_they_are_unless_options_ask() -> None:
    np.testing.assert_array_equal(adjusted(3), SCORES)


def test_division_by_priors_and_logarithm_of_nnet2() -> None:
    divided = SCORES / PRIORS
    expected = np.log(np.maximum(divided / divided.sum(2, keepdims=True), 1e-20))
    np.testing.assert_allclose(adjusted(2, divide_by_priors=True, apply_log=True), expected, rtol=1e-5)


def test_log_softmax() -> None:
    expected = SCORES - np.log(np.exp(SCORES).sum(2, keepdims=True)) - np.log(PRIORS)
    np.testing.assert_allclose(adjusted(3, log_softmax=True, log_priors=np.log(PRIORS)), expected, rtol=1e-5)


def test_no_logarithm_is_taken_twice() -> None:
    network = KaldiNetwork(3, (), {}, "final.mdl")
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    softmax, logarithm = opset.softmax(x, 2).output(0), opset.log_softmax(x, 2).output(0)
    with pytest.raises(UsageError, match=r"log_softmax: final\.mdl is a softmax already; apply_log takes"):
        adjust_scores(network, softmax, ConvertOptions(log_softmax=True))
    for options in (ConvertOptions(log_softmax=True), ConvertOptions(apply_log=True)):
        with pytest.raises(UsageError, match=r": final\.mdl is a log-softmax already"):
            adjust_scores(network, logarithm, options)


def test_logarithm_and_scaled_priors_of_nnet1() -> None:
    expected = np.log(SCORES.astype(np.float64) + 1e-20) - 0.5 * np.log(PRIORS)
    found = adjusted(1, apply_log=True, log_priors=np.log(PRIORS), prior_scale=0.5)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_priors_then_scale_then_exponential_of_nnet3() -> None:
    expected = np.exp((SCORES - np.log(PRIORS)) * 0.1)
    found = adjusted(3, log_priors=np.log(PRIORS), acoustic_scale=0.1, apply_exp=True)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_priors_that_do_not_fit() -> None:
    with pytest.raises(ShapeMismatchError, match=r"^final\.mdl: 2 priors for an output of 3 pdfs; expected as many$"):
        adjusted(3, log_priors=np.zeros(2, np.float32))
    with pytest.raises(UnsupportedModelError, match="has no priors to divide by"):
        adjusted(2, priors=None, divide_by_priors=True)
