"""The order in which nodes are computed, what they read, and after how many frames a network repeats itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.frames.evaluation_order import (
    evaluation_order,
    input_places,
    modulus,
    read_places,
    reads_itself,
    time_period,
)
from tests.kaldi_model.frames.networks import network_of, noop


def position(groups: list[tuple[tuple[str, int], ...]], name: str) -> int:
    return next(number for number, group in enumerate(groups) if (name, 0) in group)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a", [(("a", 0), 0)]),
        ("Append(Offset(a, -1), Sum(b, Scale(2, a)))", [(("a", 0), -1), (("b", 0), 0), (("a", 0), 0)]),
        ("Offset(Offset(a, 2), 3)", [(("a", 0), 5)]),
        ("Offset(a, 1, 2)", [(("a", 2), 1)]),
        ("Failover(IfDefined(a), Const(1, 2))", [(("a", 0), 0)]),
        ("Round(Offset(a, 1), 3)", [(("a", 0), None)]),
        ("ReplaceIndex(Offset(a, 1), t, 7)", [(("a", 0), None)]),
        ("ReplaceIndex(Offset(a, 1), x, 7)", [(("a", 7), 1)]),
        ("Switch(a, Offset(b, -2))", [(("a", 0), 0), (("b", 0), -2)]),
    ],
)
def test_places_that_a_descriptor_reads(text: str, places: list[tuple[tuple[str, int], int | None]]) -> None:
    assert list(read_places(parse_descriptor(text), 0)) == places


def test_what_is_read_comes_first(tmp_path: Path) -> None:
    network = network_of(
        tmp_path,
        "component-node name=c component=n input=Sum(a, b)",
        "component-node name=a component=n input=input",
        "component-node name=b component=n input=Offset(a, 3)",
        "component-node name=unused component=n input=a",
        "output-node name=output input=c",
        components=(noop("n"),),
    )
    groups = evaluation_order(network, ["output"])
    assert [len(group) for group in groups] == [1] * 5
    assert [position(groups, name) for name in ("input", "a", "b", "c", "output")] == [0, 1, 2, 3, 4]
    assert input_places(network, ("c", 0)) == [(("a", 0), 0), (("b", 0), 0)]
    assert input_places(network, ("input", 0)) == []


def test_a_recurrence_is_one_group(tmp_path: Path) -> None:
    network = network_of(
        tmp_path,
        "component-node name=a component=n input=Sum(input, IfDefined(Offset(b, -1)))",
        "component-node name=b component=n input=a",
        "component-node name=c component=n input=Sum(b, IfDefined(Offset(c, -1)))",
        "output-node name=output input=c",
        components=(noop("n"),),
    )
    groups = evaluation_order(network, ["output"])
    assert [set(group) for group in groups] == [
        {("input", 0)},
        {("a", 0), ("b", 0)},
        {("c", 0)},
        {("output", 0)},
    ]
    assert reads_itself(network, ("c", 0))
    assert not reads_itself(network, ("a", 0))


def test_indexes_behind_a_distribute_component(tmp_path: Path) -> None:
    """Index x of its output is the block x % 2 of index x // 2 of its input."""
    network = network_of(
        tmp_path,
        "component-node name=d component=d input=input",
        "output-node name=output input=Append(d, Offset(d, 0, 1))",
        components=("d <DistributeComponent> <InputDim> 2 <OutputDim> 1 </DistributeComponent>",),
    )
    groups = evaluation_order(network, ["output"])
    assert {place for group in groups for place in group} == {("output", 0), ("d", 0), ("d", 1), ("input", 0)}
    assert input_places(network, ("d", 1)) == [(("input", 0), 0)]


def test_a_component_without_input_reads_nothing(tmp_path: Path) -> None:
    constant = "k <ConstantComponent> <LearningRate> 0 <Output>  [ 1 2 ]\n<IsUpdatable> F <UseNaturalGradient> F "
    network = network_of(
        tmp_path,
        "component-node name=k component=k input=input",
        "output-node name=output input=k",
        components=(f"{constant}</ConstantComponent>",),
    )
    assert evaluation_order(network, ["output"]) == [(("k", 0),), (("output", 0),)]


@pytest.mark.parametrize(
    ("descriptor", "of_chunks", "of_frames"),
    [
        ("a", 1, 1),
        ("Switch(a, Offset(a, 1), a)", 3, 3),
        ("Append(Round(a, 2), Switch(a, a, a))", 6, 6),
        ("Round(Round(a, 5), 2)", 2, 10),
        ("ReplaceIndex(Round(a, 4), t, 0)", 1, 4),
    ],
)
def test_numbers_of_frames_after_which_a_network_repeats_itself(
    tmp_path: Path, descriptor: str, of_chunks: int, of_frames: int
) -> None:
    """Kaldi does not look into Round and ReplaceIndex for its modulus (``Nnet::Modulus``)."""
    lines = ("component-node name=a component=n input=input", f"output-node name=output input={descriptor}")
    network = network_of(tmp_path, *lines, components=(noop("n"),))
    assert modulus(network) == of_chunks
    assert time_period(network) == of_frames


def test_a_node_that_is_read_at_ever_larger_x(tmp_path: Path) -> None:
    lines = ("component-node name=a component=n input=Sum(input, IfDefined(Offset(a, -1, 1)))",)
    network = network_of(tmp_path, *lines, "output-node name=output input=a", components=(noop("n"),))
    with pytest.raises(UnsupportedModelError, match=r"node 'a' is read at index x = 1001"):
        evaluation_order(network, ["output"])
