"""Inputs and outputs of converted models, with the names of Kaldi's nodes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.openvino_api import opset, ov

INNER_OUTPUT = "/output"
"""Ends the names of output nodes that stand for an inner node whose values were asked for."""


def named_parameter(name: str, shape: Sequence[int]) -> ov.Node:
    """A float32 input of that name; -1 in ``shape`` is a free dimension."""
    parameter = opset.parameter(ov.PartialShape(list(shape)), np.float32, name=name)
    parameter.output(0).get_tensor().set_names({name})
    return parameter


def named_result(scores: ov.Output, name: str) -> ov.Node:
    """An output whose tensor has the name of a node; nodes that are the same values get a tensor each."""
    name = name.removesuffix(INNER_OUTPUT)
    if scores.get_names() and scores.get_node().get_type_name() != "Parameter":
        scores = opset.convert(scores, "f32", name=f"{name}/values").output(0)
    node = opset.result(scores, name=f"{name}/result")
    scores.get_tensor().add_names({name})
    return node
