"""Which frames can be computed from a window of input frames, and which of them outputs need."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_model.frames.computability import Frames, Simulation, Span, frame_sets
from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order
from ov_asr_score.kaldi_model.network import KaldiNetwork
from tests.kaldi_model.frames.networks import network_of, noop

SPAN = Span(-10, 30)
WINDOW = range(0, 10)
"""The frames of the input that are there."""

POOLING = (
    "p <StatisticsPoolingComponent> <InputDim> 2 <InputPeriod> 2 <LeftContext> 4 <RightContext> 2 "
    "<NumLogCountFeatures> 0 <OutputStddevs> F <VarianceFloor> 1e-10 </StatisticsPoolingComponent>"
)
EXTRACTION = (
    "e <StatisticsExtractionComponent> <InputDim> 2 <InputPeriod> 1 <OutputPeriod> 4 <IncludeVarinance> F "
    "</StatisticsExtractionComponent>"
)


def flags(frames: list[int] | range) -> Frames:
    return np.isin(SPAN.times, list(frames))


def simulate(network: KaldiNetwork, wanted: list[int]) -> Simulation:
    groups = evaluation_order(network, ["output"])
    return frame_sets(network, groups, SPAN, {"input": flags(WINDOW)}, {"output": flags(wanted)})


def frames_of(frames: Frames) -> list[int]:
    return [int(time) for time in SPAN.times[frames]]


@pytest.mark.parametrize(
    ("descriptor", "computable", "needed_for_4"),
    [
        ("input", list(range(10)), [4]),
        ("Offset(input, -2)", list(range(2, 12)), [2]),
        ("Sum(Offset(input, -1), Offset(input, 2))", list(range(1, 8)), [3, 6]),
        ("Sum(input, IfDefined(Offset(input, 7)))", list(range(10)), [4]),
        ("Sum(input, IfDefined(Offset(input, 5)))", list(range(10)), [4, 9]),
        ("Failover(Offset(input, 7), input)", list(range(-7, 10)), [4]),
        ("Failover(Offset(input, 5), input)", list(range(-5, 10)), [9]),
        ("Switch(input, Offset(input, 5))", [-5, -3, -1, 0, 1, 2, 3, 4, 6, 8], [4]),
        ("Round(input, 3)", list(range(12)), [3]),
        ("ReplaceIndex(input, t, 6)", list(range(-10, 20)), [6]),
        ("ReplaceIndex(input, t, 11)", [], []),
    ],
)
def test_descriptors(tmp_path: Path, descriptor: str, computable: list[int], needed_for_4: list[int]) -> None:
    network = network_of(tmp_path, f"output-node name=output input={descriptor}")
    simulation = simulate(network, [4])
    assert frames_of(simulation.computable[("output", 0)]) == computable
    assert frames_of(simulation.needed.get(("input", 0), simulation.nothing())) == needed_for_4


@pytest.mark.parametrize(
    ("component", "computable", "needed_for_4"),
    [
        # From 4 frames before to 2 frames after, for even frames only, and there is one of them.
        (POOLING, [-2, 0, 2, 4, 6, 8, 10, 12], [0, 2, 4, 6]),
        # All frames of the periods 0 to 3, 4 to 7 and 8 to 11 have at least one frame of the input.
        (EXTRACTION, list(range(12)), [4, 5, 6, 7]),
        (noop("n"), list(range(10)), [4]),
    ],
)
def test_components(tmp_path: Path, component: str, computable: list[int], needed_for_4: list[int]) -> None:
    lines = (f"component-node name=c component={component[0]} input=input", "output-node name=output input=c")
    simulation = simulate(network_of(tmp_path, *lines, components=(component,)), [4])
    assert frames_of(simulation.computable[("c", 0)]) == computable
    assert frames_of(simulation.needed[("input", 0)]) == needed_for_4


def test_a_recurrence_needs_all_frames_before(tmp_path: Path) -> None:
    lines = ("component-node name=a component=n input=Sum(input, IfDefined(Offset(a, -1)))",)
    network = network_of(tmp_path, *lines, "output-node name=output input=a", components=(noop("n"),))
    simulation = simulate(network, [4])
    assert frames_of(simulation.computable[("a", 0)]) == list(range(10))
    assert frames_of(simulation.needed[("a", 0)]) == [0, 1, 2, 3, 4]


def test_outputs_that_cannot_be_computed_need_nothing(tmp_path: Path) -> None:
    network = network_of(tmp_path, "output-node name=output input=Offset(input, 1)")
    simulation = simulate(network, [9, 10, 15])
    assert not simulation.needed[("output", 0)].any()
    assert not simulation.needed[("input", 0)].any()


def test_frames_outside_of_a_span() -> None:
    frames = flags([-10, 19])
    assert SPAN.at(frames, -10)
    assert not SPAN.at(frames, 20)
    assert frames_of(SPAN.shifted(frames, 1)) == [18]
    assert frames_of(SPAN.shifted(frames, -1)) == [-9]
    assert not SPAN.shifted(frames, 40).any()
    assert SPAN.taken(frames, np.array([-11, -10, 19, 25])).tolist() == [False, True, True, False]
    assert frames_of(SPAN.scattered(np.array([-20, 3, 3, 40]))) == [3]
