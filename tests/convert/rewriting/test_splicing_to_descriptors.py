from __future__ import annotations

import numpy as np

from ov_asr_score.convert.rewriting.splicing_to_descriptors import lower_splicing
from ov_asr_score.kaldi_model.descriptors import parse_descriptor
from ov_asr_score.kaldi_model.network import ComponentNode, InputNode, KaldiNetwork, NodeRef, OutputNode
from tests.convert.frame_layers import component, random_values


def test_only_components_that_splice_are_rewritten() -> None:
    tdnn = component(
        "Tdnn",
        TimeOffsets=np.array([-1, 0], np.int32),
        LinearParams=random_values(3, 4),
        BiasParams=random_values(3),
    )
    nodes = (
        InputNode("input", 2),
        ComponentNode("first", "layer", NodeRef("input")),
        ComponentNode("second", "plain", NodeRef("first")),
        OutputNode("output", NodeRef("second")),
    )
    plain = component("Tanh", Dim=3)
    lowered = lower_splicing(KaldiNetwork(3, nodes, {"layer": tdnn, "plain": plain}, "model"))
    spliced = ComponentNode("first", "layer", parse_descriptor("Append(Offset(input, -1), input)"))
    assert lowered.nodes == (nodes[0], spliced, *nodes[2:])
    assert lowered.components["plain"] is plain
    assert lowered.components["layer"].type == "AffineComponent"
