"""Statistics over windows as a whole are compared with Kaldi's in tests/golden/nnet3 (statistics_…)."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.layers.statistics import window_sums
from ov_asr_score.kaldi_model.network import Component, FieldValue
from ov_asr_score.openvino_api import opset, ov
from tests.convert.frame_layers import assert_equal, converted, random_values, scores


@pytest.mark.parametrize("length", [1, 2, 7, 40, 41, 64, 83])
def test_sums_over_windows(length: int) -> None:
    frames = random_values(2, 100, 3)
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    found = scores(ov.Model([opset.result(window_sums(x.output(0), length))], [x]), frames)
    windows = np.lib.stride_tricks.sliding_window_view(frames.astype(np.float64), length, axis=1)
    assert_equal(found, windows.sum(-1))


@pytest.mark.parametrize("only_summing", [False, True])
def test_the_mean_of_all_frames_for_every_frame(only_summing: bool) -> None:
    fields: dict[str, FieldValue] = {"Shrinkage": 2.0, "OnlySumming": only_summing}
    frames = random_values(2, 6, 3)
    part = Component("layer", "SimpleSentenceAveragingComponent", fields, 0)
    expected = frames.astype(np.float64).sum(1, keepdims=True) / (1 if only_summing else 6 + 2)
    assert_equal(scores(converted(part, 3, 1), frames), np.repeat(expected, 6, axis=1))
