"""I-vectors as columns of the features."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ov_asr_score.convert.rewriting.vectors_in_features import ivector_dim, vectors_in_features
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.descriptors import format_descriptor, parse_descriptor
from ov_asr_score.kaldi_model.network import Component, ComponentNode, InputNode, KaldiNetwork, Node, OutputNode


def network_reading(*descriptors: str, ivectors: int = 3) -> KaldiNetwork:
    """A network with nodes n0, n1, … that read ``descriptors``."""
    nodes: list[Node] = [
        InputNode("input", 4),
        *([InputNode("ivector", ivectors)] if ivectors else []),
        *(ComponentNode(f"n{n}", "c", parse_descriptor(text)) for n, text in enumerate(descriptors)),
        OutputNode("output", parse_descriptor(f"n{len(descriptors) - 1}")),
    ]
    return KaldiNetwork(3, tuple(nodes), {"c": Component("c", "NoOpComponent", {}, 0)}, "net")


def rewritten(*descriptors: str) -> list[str]:
    network = vectors_in_features(network_reading(*descriptors))
    return [format_descriptor(node.input) for node in network.nodes if isinstance(node, ComponentNode)]


def test_each_frame_reads_its_own_columns() -> None:
    assert rewritten("Append(Offset(input, -1), input, ReplaceIndex(ivector, t, 0))", "n0") == [
        "Append(Offset(input/features, -1), input/features, input/ivector)",
        "n0",
    ]
    network = vectors_in_features(network_reading("Append(input, ReplaceIndex(ivector, t, 0))"))
    assert [(node.name, node.dim) for node in network.inputs] == [("input", 7)]
    names = ("input/features", "input/ivector")
    assert [(part.offset, part.dim) for part in map(network.node, names)] == [(0, 4), (4, 3)]  # type: ignore[union-attr]


def test_what_is_computed_from_ivectors_alone_is_of_each_frame_too() -> None:
    assert rewritten("ReplaceIndex(ivector, t, 0)", "Sum(input, Scale(0.5, ReplaceIndex(n0, t, 0)))") == [
        "input/ivector",
        "Sum(input/features, Scale(0.5, n0))",
    ]


def test_networks_without_ivectors_stay() -> None:
    network = network_reading("input", ivectors=0)
    assert vectors_in_features(network) is network and ivector_dim(network) is None
    assert ivector_dim(network_reading("input")) == 3


@pytest.mark.parametrize("text", ["ReplaceIndex(ivector, t, 3)", "Append(ReplaceIndex(input, t, 0), ivector)"])
def test_other_fixed_frames_are_refused(text: str) -> None:
    with pytest.raises(UnsupportedModelError, match=r"net: cannot be scored in chunks: 'n0' reads ReplaceIndex"):
        vectors_in_features(replace(network_reading(text)))
