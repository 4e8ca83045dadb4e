"""Layers that are chosen by their names."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import UnknownNameError, UnsupportedModelError
from ov_asr_score.job.layers.names import choose, choose_common, common_layers
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.openvino_api import ov
from ov_asr_score.scoring.recording.layer_values import Side
from ov_asr_score.settings.device import DeviceSettings


def side(name: str, *layers: str) -> Side:
    """A model whose layers double, but for those named ``move…``, which reshape."""
    node: Any = op.parameter([2, 3], np.float32, name="x")
    parameter = node
    for layer in layers:
        shape = op.constant(np.array([2, 3], np.int64))
        node = op.reshape(node, shape, False) if layer.startswith("move") else op.tanh(node)
        node.set_friendly_name(layer)
    return Side(name, ov.Core(), ov.Model([op.result(node)], [parameter], name), DeviceSettings())


REFERENCE = side("one.xml", "tdnn1", "move1", "tdnn2", "only1")
OTHER = side("other.xml", "tdnn2", "tdnn1", "move1", "only2")


def test_common_layers_come_in_the_order_of_the_reference() -> None:
    common = common_layers(REFERENCE, OTHER)
    assert [layer.name for layer in common.both if layer.name != "x"] == ["tdnn1", "move1", "tdnn2"]
    assert (common.only_in_reference, common.only_in_other) == (("only1",), ("only2",))


def test_layers_that_compute_are_taken_unless_names_are_given() -> None:
    common = common_layers(REFERENCE, OTHER)

    def chosen(*patterns: str) -> list[str]:
        return [layer.name for layer in choose_common(common, patterns, REFERENCE, OTHER)]

    assert chosen() == ["tdnn1", "tdnn2"]
    assert chosen("move*") == ["move1"]
    assert chosen("tdnn2", "tdnn?") == ["tdnn1", "tdnn2"]
    with pytest.raises(UnknownNameError, match=r"layers 'only1': other\.xml has no such layer"):
        chosen("only1")
    with pytest.raises(UnknownNameError, match=r"layers 'only2': one\.xml has no such layer"):
        chosen("only2")
    with pytest.raises(UnknownNameError, match=r"layers 'tdn1': .*did you mean .*tdnn1"):
        choose(common.both, ["tdn1"])


def test_models_without_a_common_layer_cannot_be_compared() -> None:
    renamed = side("strange.xml", "a", "b")
    renamed.model.get_parameters()[0].set_friendly_name("y")
    with pytest.raises(UnsupportedModelError, match=r"strange\.xml: no layer has a name that one\.xml has, too"):
        common_layers(REFERENCE, renamed)
