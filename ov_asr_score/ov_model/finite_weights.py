"""Weights of IR and ONNX models that are NaN or infinite: refused where they cannot be meant, told where they may be.

The rule, for the constants of floats in a graph and in the graphs inside of it:

- **NaN** is refused, wherever it stands and whatever takes it.
- **Infinity** is refused in a weight: a constant of two or more values that goes, as it is or converted, reshaped,
  transposed, cut or repeated, into a matrix product, a convolution, a recurrent layer, a multiplication, or into the
  slopes or statistics of a normalization or PReLU. It is also refused where it is added so that +inf comes out.
- **-inf that is added** (+inf that is subtracted) is told in a note: masks of attention are made so, and classes that
  must never win. A damaged bias would look the same.
- **Infinity that is chosen, compared or filled in** (Select, Pad, Maximum, comparisons, the start of a maximum, updates
  that are scattered) is what such operations are given on purpose, and nothing is said. Bounds of Clamp are attributes
  and no constants.
- **Anything else** that takes infinity, a single number included, is told in a note.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from ov_asr_score.convert.nonfinite_weights import constant_text, first_few
from ov_asr_score.convert.tensors.nonfinite_constants import ConstantValues, bodies_of, nonfinite_constants
from ov_asr_score.openvino_api import ov

Use = Literal["weight", "added", "subtracted", "on purpose", "other"]

# What hands its first input on, value by value.
_MOVES = frozenset(
    {
        *("Convert", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Broadcast", "Tile", "Slice", "StridedSlice"),
        *("Gather", "Split", "VariadicSplit", "Identity", "Reverse", "ShuffleChannels", "ConvertLike"),
    }
)
_PRODUCTS = frozenset(
    {
        *("MatMul", "Einsum", "Convolution", "GroupConvolution", "ConvolutionBackpropData", "Multiply", "PRelu"),
        *("GroupConvolutionBackpropData", "DeformableConvolution", "LSTMCell", "LSTMSequence", "GRUCell", "RNNCell"),
        *("GRUSequence", "RNNSequence", "BatchNormInference", "FakeQuantize"),
    }
)
_ON_PURPOSE = frozenset(
    {
        *("Select", "Pad", "Maximum", "Minimum", "Less", "LessEqual", "Greater", "GreaterEqual", "Equal", "NotEqual"),
        *("ReduceMax", "ReduceMin", "ScatterUpdate", "ScatterElementsUpdate", "ScatterNDUpdate", "IsInf", "IsFinite"),
    }
)


@dataclass(frozen=True, slots=True)
class WeightFindings:
    """Constants that are not finite, in words: those that cannot be right, and those that may be."""

    refused: str = ""
    doubtful: str = ""


def examine_weights(model: ov.Model) -> WeightFindings:
    """What is not finite in the constants of ``model``, by the rule of this module."""
    refused, doubtful = [], []
    for found in nonfinite_constants(model):
        uses = set(_uses(found.node.output(0)))
        if _cannot_be_meant(found, uses):
            refused.append(constant_text(found))
        elif uses - {"on purpose"}:
            doubtful.append(constant_text(found))
    return WeightFindings(first_few(refused), first_few(doubtful))


def _cannot_be_meant(found: ConstantValues, uses: set[Use]) -> bool:
    values = found.values
    if np.isnan(values).any():
        return True
    if "weight" in uses and values.size > 1:
        return True
    return bool(("added" in uses and np.isposinf(values).any()) or ("subtracted" in uses and np.isneginf(values).any()))


def _uses(output: Any) -> Iterator[Use]:
    """What becomes of a value, also behind operations that only move it."""
    for port in output.get_target_inputs():
        node, index = port.get_node(), port.get_index()
        kind = node.get_type_name()
        if bodies_of(node, kind):
            yield from _uses_inside(node, kind, index)
        elif (kind in _MOVES and index == 0) or kind == "Concat":
            for moved in node.outputs():
                yield from _uses(moved)
        elif kind in _PRODUCTS or (kind == "Divide" and index == 0):
            yield "weight"
        elif kind == "Add" or (kind == "Subtract" and index == 0):
            yield "added"
        elif kind == "Subtract":
            yield "subtracted"
        else:
            yield "on purpose" if kind in _ON_PURPOSE else "other"


def _uses_inside(node: Any, kind: str, index: int) -> Iterator[Use]:
    """What becomes of an input of a loop in its body; branches of a condition are not followed."""
    if kind == "If":
        yield "other"
        return
    parameters = node.get_function().get_parameters()
    for description in node.get_input_descriptions():
        if description.input_index == index:
            yield from _uses(parameters[description.body_parameter_index].output(0))
