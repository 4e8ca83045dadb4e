from __future__ import annotations

import pytest

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.convert.frames.loop_step import group_step, inner_offsets
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.frames.evaluation_order import Place
from ov_asr_score.kaldi_model.network import ComponentNode, InputNode, KaldiNetwork
from tests.convert.frame_layers import component

GROUP: list[Place] = [("a", 0), ("b", 0)]


def network(a: str, b: str) -> KaldiNetwork:
    nodes = (
        InputNode("input", 2),
        ComponentNode("a", "same", parse_descriptor(a)),
        ComponentNode("b", "same", parse_descriptor(b)),
    )
    return KaldiNetwork(3, nodes, {"same": component("NoOp", Dim=2)}, "model")


def test_delays_within_a_loop() -> None:
    net = network("Sum(Offset(input, -7), Offset(b, -6))", "Sum(a, Offset(a, -4))")
    assert sorted(inner_offsets(net, GROUP)) == [-6, -4]


@pytest.mark.parametrize(
    ("grids", "expected"),
    [
        ((Grid(0, 2, 0), Grid(0, 2, 0)), (2, 1)),  # every second frame, a step for each
        ((Grid(0, 1, 0), Grid(0, 1, 0)), (1, 2)),  # every frame, two of them in a step
        ((Grid(0, 2, 0), Grid(-1, 2, 0)), (1, 2)),  # the grids do not meet
    ],
)
def test_a_loop_advances_by_the_delays_that_all_have(grids: tuple[Grid, Grid], expected: tuple[int, int]) -> None:
    net = network("Sum(input, Offset(b, -6))", "Sum(a, Offset(a, -4))")
    assert group_step(dict(zip(GROUP, grids, strict=True)), net, GROUP) == expected
