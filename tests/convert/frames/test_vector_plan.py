"""Which frames a graph computes whose output is one vector for all of them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.convert.convert_options import ConvertOptions
from ov_asr_score.convert.converter import convert_network
from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.frames.vector_plan import plan_vector
from ov_asr_score.convert.rt_info import read_facts
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import IfDefined, KaldiNetwork, NodeRef, Offset, ReplaceIndex
from ov_asr_score.openvino_api import ov
from tests.kaldi_texts import Floats, nnet3, write_model

WIDTH = 2


def pooled_network(
    folder: Path, source: str, *, period: int = 1, left: int = 0, right: int = 1000, output: str = ""
) -> KaldiNetwork:
    """The log of the number of frames of ``source`` in the window, and their mean."""
    nodes = [
        f"input-node name=input dim={WIDTH}",
        f"component-node name=extracted component=extracted input={source}",
        "component-node name=pooled component=pooled input=extracted",
        f"output-node name=output input={output or f'Round(pooled, {period})'}",
    ]
    components = {
        "extracted": f"<StatisticsExtractionComponent> <InputDim> {WIDTH} <InputPeriod> 1 <OutputPeriod> {period} "
        "<IncludeVarinance> F </StatisticsExtractionComponent>",
        "pooled": f"<StatisticsPoolingComponent> <InputDim> {WIDTH + 1} <InputPeriod> {period} <LeftContext> {left} "
        f"<RightContext> {right} <NumLogCountFeatures> 1 <OutputStddevs> F <VarianceFloor> 0 "
        "</StatisticsPoolingComponent>",
    }
    return load_network(write_model(folder / "final.raw", nnet3(nodes, components)))


SPLICED = "Sum(Offset(input, -3), Offset(input, 2))"


@pytest.mark.parametrize(
    ("source", "period", "least", "grid"),
    [
        ("input", 1, 1, Grid(0, 1, 0)),
        (SPLICED, 1, 6, Grid(3, 1, -2)),
        (SPLICED, 4, 6, Grid(0, 4, -2)),
        ("Offset(input, 5)", 1, 6, Grid(0, 1, -5)),
        ("Offset(input, -5)", 1, 1, Grid(5, 1, 5)),
    ],
)
def test_frames_that_are_summed(tmp_path: Path, source: str, period: int, least: int, grid: Grid) -> None:
    plan = plan_vector(pooled_network(tmp_path, source, period=period), ["output"])
    assert plan.least_end == least - 1
    window = Grid(0, period, 1000, fixed=True)
    assert plan.grid_up_to_the_end(NodeRef("extracted"), 0, window) == grid
    assert plan.grids["output", 0] == Grid(0, 1, 0, fixed=True)
    for end in range(least - 1, 60):  # every grid has all frames that can be computed, and at least one
        frames = plan.simulate(end, 0, 0)
        computable = frames.span.times[frames.computable["extracted", 0]]
        inside = computable[(computable >= 0) & (computable % period == 0)]
        assert len(inside)
        assert set(inside) <= set(plan.grids["extracted", 0].times(end))
        assert set(inside) == set(grid.times(end))


def test_what_can_be_computed_everywhere_or_nowhere_is_refused(tmp_path: Path) -> None:
    plan = plan_vector(pooled_network(tmp_path, "input"), ["output"])
    window = Grid(0, 1, 1000, fixed=True)
    with pytest.raises(UnsupportedModelError, match=r"IfDefined\(input\) can be computed at any frame"):
        plan.grid_up_to_the_end(IfDefined(NodeRef("input")), 0, window)
    # Of a fixed frame read at an offset the last frames that are simulated are not there.
    with pytest.raises(
        UnsupportedModelError, match=r"Offset\(ReplaceIndex\(input, t, 20\), 2\) can be computed at any frame"
    ):
        plan.grid_up_to_the_end(Offset(ReplaceIndex(NodeRef("input"), "t", 20), 2), 0, window)
    with pytest.raises(UnsupportedModelError, match=r"can be computed at no frame of its window"):
        plan.grid_up_to_the_end(Offset(NodeRef("input"), 2000), 0, window)
    with pytest.raises(UnsupportedModelError, match=r"can be computed at no frame of its window"):
        plan.grid_up_to_the_end(Offset(NodeRef("input"), -5), 0, Grid(0, 1, 3, fixed=True))
    with pytest.raises(
        UnsupportedModelError, match=r"output cannot be computed at frame 0 from frames 0\.\.\d+; does it"
    ):
        plan_vector(pooled_network(tmp_path, "input", output="Append(pooled, Offset(input, -1))"), ["output"])


def vector_of(model: ov.Model, features: Floats) -> Floats:
    """The output [N] for all of ``features`` [T, D]."""
    vector: Floats = np.asarray(ov.Core().compile_model(model, "CPU")(features[None])[0])[0, 0]
    return vector


@pytest.mark.parametrize(("left", "right"), [(0, 1000), (0, 20), (8, 16), (4, 0)])
@pytest.mark.parametrize("period", [1, 4])
@pytest.mark.parametrize("num_frames", [1, 4, 5, 17, 21, 25, 60])
def test_statistics_are_those_of_the_window_of_frame_0(
    tmp_path: Path, left: int, right: int, period: int, num_frames: int
) -> None:
    features = np.random.default_rng(num_frames).standard_normal((num_frames, WIDTH)).astype(np.float32)
    network = pooled_network(tmp_path, "input", period=period, left=left, right=right)
    model = convert_network(network, ConvertOptions(gives_vector=True))
    # Periods count as a whole by their first frame.
    seen = features[: right // period * period + period]
    expected = np.concatenate([[np.log(len(seen))], seen.astype(np.float64).mean(axis=0)])
    np.testing.assert_allclose(vector_of(model, features), expected, rtol=0, atol=2e-6)


def test_facts(tmp_path: Path) -> None:
    options = ConvertOptions(gives_vector=True, frames_per_chunk=150, min_chunk_size=25, pad_input=False)
    facts = read_facts(convert_network(pooled_network(tmp_path, SPLICED), options))
    assert facts is not None
    assert (facts.time, facts.frames_per_chunk, facts.min_chunk_size, facts.pad_input) == ("vector", 150, 25, False)
    assert (facts.least_frames, facts.left_context, facts.right_context) == (6, 0, 0)
    assert facts.reach_right >= 1002
