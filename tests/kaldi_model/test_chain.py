"""Components one after the other as a network, and a feature transform in front of it."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import ModelFormatError, ShapeMismatchError
from ov_asr_score.kaldi_model.chain import chain_network, concatenate_chains
from ov_asr_score.kaldi_model.network import Component, ComponentNode, InputNode, NodeRef, OutputNode


def component(name: str, columns: int, rows: int, nested: tuple[tuple[Component, ...], ...] = ()) -> Component:
    return Component(name, "AffineTransform", {"InputDim": columns, "OutputDim": rows}, 10 * rows, nested)


def test_nodes_follow_each_other() -> None:
    network = chain_network(1, [component("a", 3, 4), component("b", 4, 2)], "x.nnet", True)
    assert network.nodes == (
        InputNode("input", 3),
        ComponentNode("a", "a", NodeRef("input")),
        ComponentNode("b", "b", NodeRef("a")),
        OutputNode("output", NodeRef("b")),
    )
    assert network.node_offsets == {"a": 40, "b": 20}


@pytest.mark.parametrize(
    ("components", "message"),
    [
        ([], "expected at least one component, found none"),
        (
            [component("a", 3, 4), component("b", 5, 2)],
            "component 'b' at byte 20 expects 5 columns, 'a' before it gives 4",
        ),
        ([component("a", 3, 0)], "component 'a' at byte 0: expected widths from 1 to 1048576, found 3 and 0"),
        ([component("a", 1 << 21, 4)], "expected widths from 1 to 1048576, found 2097152 and 4"),
    ],
)
def test_components_that_do_not_fit(components: list[Component], message: str) -> None:
    with pytest.raises(ModelFormatError) as failure:
        chain_network(1, components, "x.nnet", True)
    assert str(failure.value).startswith("x.nnet: ")
    assert message in str(failure.value)


def test_a_feature_transform_in_front() -> None:
    transform = chain_network(1, [component("a", 3, 4, ((component("a.1", 3, 4),),))], "t.nnet", True)
    network = concatenate_chains(transform, chain_network(1, [component("a", 4, 2)], "x.nnet", True))
    assert list(network.components) == ["transform.a", "a"]
    assert network.components["transform.a"].nested[0][0].name == "transform.a.1"
    assert (network.source, network.inputs) == ("x.nnet", (InputNode("input", 3),))


def test_a_feature_transform_of_another_width() -> None:
    transform = chain_network(1, [component("a", 3, 5)], "t.nnet", True)
    with pytest.raises(ShapeMismatchError, match=r"t\.nnet: the feature transform gives 5 columns, x\.nnet expects 4"):
        concatenate_chains(transform, chain_network(1, [component("b", 4, 2)], "x.nnet", True))
