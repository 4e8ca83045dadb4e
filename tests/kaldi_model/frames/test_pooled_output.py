"""Which windows of statistics stand between the features and an output."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.kaldi_model.dependency import FrameWindow
from ov_asr_score.kaldi_model.frames.pooled_output import pooling_windows
from tests.kaldi_model.frames.networks import network_of, noop

NODES = (
    "input-node name=ivector dim=2",
    "component-node name=a component=n input=Sum(Offset(input, -1), input)",
    "component-node name=first component=first input=a",
    "component-node name=loop component=n input=Sum(first, IfDefined(Offset(loop, -1)))",
    "component-node name=second component=second input=Offset(loop, 3)",
    "dim-range-node name=half input-node=second dim=1 dim-offset=0",
)


def pooling(name: str, left: int, right: int) -> str:
    return (
        f"{name} <StatisticsPoolingComponent> <InputDim> 2 <InputPeriod> 1 <LeftContext> {left} <RightContext> {right} "
        "<NumLogCountFeatures> 1 <OutputStddevs> F <VarianceFloor> 0 </StatisticsPoolingComponent>"
    )


FIRST, SECOND = FrameWindow(2, 5, 1), FrameWindow(0, 700, 1)


@pytest.mark.parametrize(
    ("descriptor", "windows"),
    [
        ("first", {FIRST}),
        ("Round(Offset(first, 3), 2)", {FIRST}),
        ("loop", {FIRST}),
        ("half", {SECOND}),  # what comes before the last statistics does not matter
        ("Append(half, ReplaceIndex(ivector, t, 0))", {SECOND}),
        ("Append(first, second)", {FIRST, SECOND}),
        ("Append(second, a)", None),
        ("Failover(second, input)", None),
        ("ReplaceIndex(ivector, t, 0)", None),
        ("input", None),
    ],
)
def test_windows_on_all_ways(tmp_path: Path, descriptor: str, windows: set[FrameWindow] | None) -> None:
    components = (noop("n"), pooling("first", 2, 5), pooling("second", 0, 700))
    network = network_of(tmp_path, *NODES, f"output-node name=output input={descriptor}", components=components)
    assert pooling_windows(network, "output") == windows
