"""Scores of such recurrences are compared with Kaldi's in tests/golden/nnet3 (rnn_…, loop_…)."""

from __future__ import annotations

import pytest

from ov_asr_score.convert.rewriting.straight_loops import straighten_loops
from ov_asr_score.kaldi_model.descriptors import format_descriptor, parse_descriptor
from ov_asr_score.kaldi_model.network import ComponentNode, InputNode, KaldiNetwork, OutputNode
from tests.convert.frame_layers import component


def straightened(a: str, b: str, output: str = "b") -> tuple[str, ...]:
    """The descriptors of ``a``, ``b`` and the output after rewriting."""
    nodes = (
        InputNode("input", 2),
        ComponentNode("a", "same", parse_descriptor(a)),
        ComponentNode("b", "same", parse_descriptor(b)),
        OutputNode("output", parse_descriptor(output)),
    )
    network = straighten_loops(KaldiNetwork(3, nodes, {"same": component("NoOp", Dim=2)}, "model"), ["output"])
    return tuple(
        format_descriptor(node.input) for node in network.nodes if isinstance(node, ComponentNode | OutputNode)
    )


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Offset(input, -1)", "Offset(a, 2)"),
        ("Sum(input, Offset(b, -3))", "Sum(a, Offset(a, -2))"),
    ],
    ids=["no recurrence", "one direction"],
)
def test_other_networks_stay_as_they_are(a: str, b: str) -> None:
    assert straightened(a, b) == (a, b, "b")


def test_delays_of_both_signs_become_delays_of_one() -> None:
    a, b, output = straightened("Sum(input, Offset(b, -3))", "Sum(a, Offset(a, 2))")
    # a is computed two frames ahead.
    assert a == "Sum(Offset(input, 2), Offset(b, -1))"
    assert b == "Sum(Offset(a, -2), a)"
    assert output == "b"


def test_rounded_times_become_turns() -> None:
    a, b, _ = straightened("Sum(input, Offset(Round(b, 2), -2))", "a")
    assert a == "Sum(input, Offset(Switch(b, Offset(b, -1)), -2))"
    assert b == "a"
