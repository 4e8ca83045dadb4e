from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.convert.layers.splicing import lower_splice, lower_splice_max, lower_tdnn, spliced
from ov_asr_score.kaldi_model.descriptors import appended_parts, parse_descriptor
from ov_asr_score.kaldi_model.network import Append, Component, ComponentNode, DimRangeNode, FieldValue, NodeRef
from tests.convert.frame_layers import component, converted, random_values, scores

OFFSETS = np.array([-2, 0, 1], np.int32)
SPLICED = parse_descriptor("Append(Offset(input, -2), input, Offset(input, 1))")
NODE = ComponentNode("node", "layer", NodeRef("input"))


def test_frames_side_by_side() -> None:
    assert spliced(NodeRef("input"), [-2, 0, 1]) == SPLICED
    assert spliced(NodeRef("input"), [-2]) == parse_descriptor("Offset(input, -2)")
    assert spliced(NodeRef("input"), [0]) == NodeRef("input")


@pytest.mark.parametrize(("bias", "kind"), [(4, "AffineComponent"), (0, "LinearComponent")])
def test_tdnn_is_a_product_of_spliced_frames(bias: int, kind: str) -> None:
    weights = random_values(4, 6)
    lowered = lower_tdnn(
        NODE, component("Tdnn", TimeOffsets=OFFSETS, LinearParams=weights, BiasParams=np.ones(bias, np.float32))
    )
    assert lowered.nodes == [ComponentNode("node", "layer", SPLICED)]
    product = lowered.components["layer"]
    assert (product.type, product.offset) == (kind, 1234)
    np.testing.assert_array_equal(product.fields["LinearParams" if bias else "Params"], weights)


def test_splice_is_descriptors_alone() -> None:
    lowered = lower_splice(NODE, component("Splice", InputDim=4, Context=OFFSETS))
    assert lowered.nodes == [ComponentNode("node", "layer", SPLICED)]
    identity = lowered.components["layer"]
    assert (identity.type, identity.fields["Dim"]) == ("NoOpComponent", 12)


@pytest.mark.parametrize("source", ["input", "Scale(2, input)"])
def test_constant_columns_come_once_from_the_first_frame(source: str) -> None:
    node = ComponentNode("node", "layer", parse_descriptor(source))
    lowered = lower_splice(node, component("Splice", InputDim=4, Context=OFFSETS, ConstComponentDim=1))
    *before, frames, once, last = lowered.nodes
    read = "input" if source == "input" else "node.input"
    assert before == ([] if source == "input" else [ComponentNode("node.input", "node.input", node.input)])
    assert frames == DimRangeNode("node.spliced", read, 0, 3)
    assert once == DimRangeNode("node.constant", read, 3, 1)
    name = "node.spliced"
    expected = f"Append(Offset({name}, -2), {name}, Offset({name}, 1), Offset(node.constant, -2))"
    assert isinstance(last, ComponentNode)
    assert Append(tuple(appended_parts(last.input))) == parse_descriptor(expected)
    assert lowered.components["layer"].fields["Dim"] == 10


def test_the_largest_of_spliced_frames() -> None:
    part = component("SpliceMax", Dim=2, Context=OFFSETS)
    lowered = lower_splice_max(NODE, part)
    assert lowered.nodes == [ComponentNode("node", "layer", SPLICED)]
    frames = random_values(1, 5, 6)
    found = scores(converted(lowered.components["layer"], 6, 2), frames)
    np.testing.assert_array_equal(found, frames.reshape(1, 5, 3, 2).max(2))


def test_splices_of_nnet1_repeat_the_edges() -> None:
    fields: dict[str, FieldValue] = {"InputDim": 2, "OutputDim": 6, "FrameOffsets": OFFSETS}
    frames = random_values(2, 4, 2)
    found = scores(converted(Component("layer", "Splice", fields, 0), 2, 1), frames)
    times = np.clip(np.arange(4)[:, None] + OFFSETS, 0, 3)
    np.testing.assert_array_equal(found, frames[:, times].reshape(2, 4, 6))
