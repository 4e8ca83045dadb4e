"""Which frames a graph computes, for every length of an utterance."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.library import score
from ov_asr_score.openvino_api import ov
from ov_asr_score.settings.kaldi import KaldiOptions
from tests.kaldi_texts import Floats, activation3, nnet3, write_model

STEP, WIDTH = 3, 2


def statistics_network(folder: Path, period: int, around: int, rounded: int = 0) -> str:
    """Mean of every third frame of the ``around`` periods before and after that of a frame, and log of their number."""
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=extracted component=extracted input=input",
        "component-node name=pooled component=pooled input=extracted",
        f"output-node name=output input=Round(pooled, {rounded or period})",
    ]
    components = {
        "extracted": f"<StatisticsExtractionComponent> <InputDim> {WIDTH} <InputPeriod> {STEP} "
        f"<OutputPeriod> {period} <IncludeVarinance> F </StatisticsExtractionComponent>",
        "pooled": f"<StatisticsPoolingComponent> <InputDim> {WIDTH + 1} <InputPeriod> {period} "
        f"<LeftContext> {around * period} <RightContext> {around * period} <NumLogCountFeatures> 1 "
        "<OutputStddevs> F <VarianceFloor> 0 </StatisticsPoolingComponent>",
    }
    return write_model(folder / "final.raw", nnet3(nodes, components))


def test_models_for_long_utterances_alone_are_refused_as_such(tmp_path: Path) -> None:
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=extracted component=extracted input=Sum(Offset(input, -2), Offset(input, 2))",
        "component-node name=pooled component=pooled input=extracted",
        "output-node name=output input=pooled",
    ]
    components = {
        "extracted": f"<StatisticsExtractionComponent> <InputDim> {WIDTH} <InputPeriod> 1 <OutputPeriod> 1 "
        "<IncludeVarinance> F </StatisticsExtractionComponent>",
        "pooled": f"<StatisticsPoolingComponent> <InputDim> {WIDTH + 1} <InputPeriod> 1 <LeftContext> 0 "
        "<RightContext> 100 <NumLogCountFeatures> 0 <OutputStddevs> F <VarianceFloor> 0 </StatisticsPoolingComponent>",
    }
    model = write_model(tmp_path / "final.raw", nnet3(nodes, components))
    with pytest.raises(UnsupportedModelError, match=r"at frame 0 of 0..0 from .* it needs longer utterances"):
        convert_file(model)


def statistics(features: Floats, period: int, around: int) -> Floats:
    rows = []
    for frame in range(len(features)):
        begin = frame // period * period
        first, last = max(begin - around * period, 0), begin + (around + 1) * period
        taken = features[first:last:STEP]
        rows.append([np.log(len(taken)), *taken.mean(0)])
    return np.array(rows)


@pytest.mark.parametrize("period", [9, 15, 21])
def test_periods_of_statistics_of_any_length(period: int, tmp_path: Path) -> None:
    model = convert_file(statistics_network(tmp_path, period, 2))
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    numbers = np.random.default_rng(2)
    for length in range(1, 6 * period):
        features = numbers.standard_normal((length, WIDTH)).astype(np.float32)
        np.testing.assert_allclose(
            compiled([features[None]])[0][0], statistics(features, period, 2), rtol=0, atol=1e-5, err_msg=str(length)
        )


@pytest.mark.parametrize(
    "kaldi",
    [{}, {"time": "frame"}, {"time": "frame", "frames_per_request": 7}, {"frames_per_chunk": 100}],
    ids=["utterance", "frame", "frames", "chunk"],
)
def test_what_is_read_far_away_where_it_can_be(kaldi: dict[str, Any], tmp_path: Path) -> None:
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=early component=tanh input=input",
        "output-node name=output input=Append(Failover(Offset(input, 45), input), IfDefined(Offset(early, -60)), "
        "IfDefined(Offset(input, 30)))",
    ]
    model = write_model(tmp_path / "final.raw", nnet3(nodes, {"tanh": activation3("TanhComponent", WIDTH)}))
    numbers = np.random.default_rng(3)
    lengths = (1, 2, 29, 30, 31, 44, 45, 46, 59, 60, 61, 75, 90, 100, 101, 260)
    utterances = {str(length): numbers.standard_normal((length, WIDTH)).astype(np.float32) for length in lengths}
    chunk = kaldi.get("frames_per_chunk", max(lengths))
    found = {item.key: item.scores["output"] for item in score(model, arrays=utterances, kaldi=KaldiOptions(**kaldi))}
    for key, features in utterances.items():
        expected = []
        for begin in range(0, len(features), chunk):
            part = features[begin : begin + chunk]
            padded = np.pad(part, ((60, 45), (0, 0)))
            ahead = np.concatenate([part[45:], part[max(len(part) - 45, 0) :]])
            expected.append(np.hstack([ahead, np.tanh(padded[: len(part)]), padded[90 : 90 + len(part)]]))
        np.testing.assert_allclose(found[key], np.concatenate(expected), rtol=0, atol=1e-6, err_msg=key)


def test_a_fixed_frame_that_only_longer_utterances_have(tmp_path: Path) -> None:
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "output-node name=output input=Append(Failover(ReplaceIndex(input, t, -1), input), "
        "IfDefined(ReplaceIndex(Offset(input, 30), t, 2)))",
    ]
    model = write_model(tmp_path / "final.raw", nnet3(nodes, {"unused": activation3("TanhComponent", WIDTH)}))
    numbers = np.random.default_rng(5)
    lengths = (1, 2, 3, 24, 31, 32, 33, 34, 50, 90, 200)
    utterances = {str(length): numbers.standard_normal((length, WIDTH)).astype(np.float32) for length in lengths}
    for item in score(model, arrays=utterances):
        features = utterances[item.key]
        fixed = np.broadcast_to(features[32] if len(features) > 32 else 0, features.shape)
        np.testing.assert_array_equal(item.scores["output"], np.hstack([features, fixed]), err_msg=item.key)


@pytest.mark.parametrize("kaldi", [{}, {"time": "frame"}, {"time": "frame", "frames_per_request": 5}])
def test_a_recurrence_of_which_a_part_ends_before_the_utterance(kaldi: dict[str, Any], tmp_path: Path) -> None:
    nodes = [
        f"input-node name=input dim={WIDTH}",
        "component-node name=a component=tanh input=Sum(Sum(input, Offset(input, 3)), IfDefined(Offset(b, -3)))",
        "component-node name=b component=tanh input=Sum(IfDefined(Offset(a, 1)), IfDefined(Offset(a, -1)))",
        "output-node name=output input=b",
    ]
    model = write_model(tmp_path / "final.raw", nnet3(nodes, {"tanh": activation3("TanhComponent", WIDTH)}))
    numbers = np.random.default_rng(4)
    utterances = {str(length): numbers.standard_normal((length, WIDTH)).astype(np.float32) for length in range(1, 40)}
    for item in score(model, arrays=utterances, kaldi=KaldiOptions(**kaldi)):
        x = utterances[item.key].astype(np.float64)
        # Frame t is in row t + 5; a is zero where it cannot be computed, and b can be anywhere.
        a, b = np.zeros((2, len(x) + 6, WIDTH))
        for t in range(-4, len(x)):
            if 0 <= t + 1 < len(x) - 3:
                a[t + 6] = np.tanh(x[t + 1] + x[t + 4] + b[t + 3])
            b[t + 5] = np.tanh(a[t + 6] + a[t + 4])
        np.testing.assert_allclose(item.scores["output"], b[5:-1], rtol=0, atol=1e-5, err_msg=item.key)


def test_turns_that_are_too_long_are_refused(tmp_path: Path) -> None:
    model = statistics_network(tmp_path, 999, 1, rounded=7)
    with pytest.raises(UnsupportedModelError, match=r"take turns of at most 250, found 6993; see periods of"):
        convert_file(model)
    with pytest.raises(UnsupportedModelError, match=r"take turns of at most 500, found 13986"):
        convert_file(model, KaldiOptions(frame_subsampling_factor=2))
