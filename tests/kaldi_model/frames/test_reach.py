"""How far from its own frame each node reads others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.kaldi_model.frames.evaluation_order import evaluation_order
from ov_asr_score.kaldi_model.frames.reach import component_periods, network_reach, reading_distance, reading_spans
from ov_asr_score.kaldi_model.loading import load_network
from ov_asr_score.kaldi_model.network import ComponentNode, InputNode, KaldiNetwork, NodeRef
from tests.kaldi_model.frames.networks import network_of, noop
from tests.kaldi_model.model_files import FOLDER

Place = tuple[str, int]


def network_with(*names: str) -> KaldiNetwork:
    """A network of components of nnet3_components.raw that all read the input, whatever its width."""
    network = load_network(FOLDER / "nnet3_components.raw")
    nodes = tuple(ComponentNode(name, name, NodeRef("input")) for name in names)
    return replace(network, nodes=(InputNode("input", 4), *nodes))


@pytest.mark.parametrize(
    ("descriptor", "spans"),
    [
        ("a", [(("a", 0), (0, 0))]),
        ("Append(Offset(a, -2), Offset(a, 3))", [(("a", 0), (-2, -2)), (("a", 0), (3, 3))]),
        ("Round(a, 3)", [(("a", 0), (-2, 0))]),
        ("Round(Offset(a, 1), 3)", [(("a", 0), (-1, 1))]),
        ("ReplaceIndex(a, t, 5)", [(("a", 0), None)]),
        ("Failover(a, Scale(2, input))", [(("a", 0), (0, 0)), (("input", 0), (0, 0))]),
        ("Switch(a, Const(0, 2))", [(("a", 0), (0, 0))]),
    ],
)
def test_spans_of_descriptors(
    tmp_path: Path, descriptor: str, spans: list[tuple[Place, tuple[int, int] | None]]
) -> None:
    lines = ("component-node name=a component=n input=input", f"output-node name=output input={descriptor}")
    network = network_of(tmp_path, *lines, components=(noop("n"),))
    assert list(reading_spans(network, ("output", 0))) == spans


@pytest.mark.parametrize(
    ("name", "span"),
    [("tdnn", (-1, 2)), ("cnn", (-1, 1)), ("attention", (-4, 2)), ("stats", (-2, 2)), ("pooling", (-6, 3))],
)
def test_spans_of_components(name: str, span: tuple[int, int]) -> None:
    assert list(reading_spans(network_with(name), (name, 0))) == [(("input", 0), span)]


def test_a_component_without_input_reads_no_place() -> None:
    assert list(reading_spans(network_with("constant"), ("constant", 0))) == []


def test_periods_of_components() -> None:
    assert component_periods(network_with("tdnn", "stats", "affine")) == [3]
    assert component_periods(network_with("stats", "pooling")) == [3, 3]


def test_distances_add_up(tmp_path: Path) -> None:
    network = network_of(
        tmp_path,
        "component-node name=a component=n input=Offset(input, -4)",
        "component-node name=b component=n input=Sum(Offset(a, 2), a)",
        "output-node name=output input=Append(b, ReplaceIndex(input, t, -9))",
        components=(noop("n"),),
    )
    groups = evaluation_order(network, ["output"])
    # Two frames to a and four to the input; the frame -9 is farther.
    assert reading_distance(network, groups) == 9
    assert network_reach(network, groups) == (None, None)


@pytest.mark.parametrize(
    ("descriptor", "reach"),
    [
        ("Sum(input, IfDefined(Offset(input, -4)))", (4, 0)),
        ("Sum(Offset(input, 2), Offset(input, -1))", (1, 2)),
        ("Sum(input, IfDefined(Offset(a, -1)))", (None, 0)),
        ("Sum(Offset(input, 2), IfDefined(Offset(a, -1)))", (None, 2)),
        ("Sum(input, IfDefined(Offset(a, 1)))", (None, None)),
        ("ReplaceIndex(input, t, 0)", (None, None)),
    ],
)
def test_reach_of_a_network(tmp_path: Path, descriptor: str, reach: tuple[int | None, int | None]) -> None:
    lines = (f"component-node name=a component=n input={descriptor}", "output-node name=output input=a")
    network = network_of(tmp_path, *lines, components=(noop("n"),))
    assert network_reach(network, evaluation_order(network, ["output"])) == reach
