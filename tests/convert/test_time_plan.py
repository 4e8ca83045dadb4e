"""Which frames a graph computes, for every length of an utterance."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.from_file import convert_file
from ov_asr_score.convert.kaldi_options import KaldiOptions
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import ov
from tests.kaldi_texts import Floats, nnet3, write_model

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


def test_turns_that_are_too_long_are_refused(tmp_path: Path) -> None:
    model = statistics_network(tmp_path, 999, 1, rounded=7)
    with pytest.raises(UnsupportedModelError, match=r"take turns of at most 250, found 6993; see periods of"):
        convert_file(model)
    with pytest.raises(UnsupportedModelError, match=r"take turns of at most 500, found 13986"):
        convert_file(model, KaldiOptions(frame_subsampling_factor=2))
