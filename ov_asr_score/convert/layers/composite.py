"""Components that hold others: chains of components, and networks side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import cast

import numpy as np

from ov_asr_score.convert.layers.layer import ChainBuilder, Layer
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.kaldi_model.component_fields import bad_field, integer
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# A network of the basis that gets no more than this, summed over the frames of an utterance, is left out.
_SMALLEST_OCCUPANCY = np.float32(0.1)


def composite_parts(component: Component) -> Sequence[Component]:
    """The components that follow each other; the last one has the name of the composite, others have numbers.

    Raises ModelFormatError. Source: nnet3/nnet-simple-component.cc (CompositeComponent).
    """
    if len(component.nested) != 1 or not component.nested[0]:
        raise bad_field(component, "NumComponents", "one chain of one component or more")
    *others, last = component.nested[0]
    named = [replace(part, name=f"{component.name}.{number}") for number, part in enumerate(others, 1)]
    return [*named, replace(last, name=component.name)]


def convert_parallel(component: Component, x: ov.Output, build_chain: ChainBuilder) -> ov.Output:
    """The outputs of the networks inside for their shares of the columns, side by side.

    Source: nnet/nnet-parallel-component.h.
    """
    parts = input_columns(component, x)
    outputs = [build_chain(chain, part) for chain, part in zip(component.nested, parts, strict=True)]
    if len(outputs) == 1:
        return outputs[0]
    return opset.concat(outputs, 2, name=component.name).output(0)


def convert_multi_basis(component: Component, x: ov.Output, build_chain: ChainBuilder) -> ov.Output:
    """The sum of the outputs of the networks of the basis, weighted by the selector's posteriors of each frame.

    The selector sees the last columns. A network whose posteriors sum up to no more than 0.1 over the utterance is
    left out. Kaldi stops when the posteriors of the first frame do not sum to 1; here they may. Source:
    nnet/nnet-multibasis-component.h.
    """
    name = component.name
    selector, *basis = component.nested
    basis_input, selector_input = _columns(component, x, [_input_dim(basis[0]), _input_dim(selector)])
    posteriors = build_chain(selector, selector_input)
    occupancy = opset.reduce_sum(posteriors, int_vector(1), True, name=f"{name}.occupancy")
    used = opset.convert(opset.greater(occupancy, float_scalar(_SMALLEST_OCCUPANCY)), "f32")
    weights = opset.multiply(posteriors, used, name=f"{name}.weights").output(0)
    shares = [weights]
    if len(basis) > 1:
        shares = opset.split(weights, int_scalar(2), len(basis)).outputs()
    result: ov.Output | None = None
    for chain, share in zip(basis, shares, strict=True):
        part = opset.multiply(build_chain(chain, basis_input), share).output(0)
        result = part if result is None else opset.add(result, part).output(0)
    return cast("ov.Output", result)


def input_columns(component: Component, x: ov.Output) -> list[ov.Output]:
    """The share of the columns of ``x`` that each network of a ParallelComponent takes."""
    return _columns(component, x, [_input_dim(chain) for chain in component.nested])


def _columns(component: Component, x: ov.Output, widths: list[int]) -> list[ov.Output]:
    if len(widths) == 1:
        return [x]
    return list(opset.variadic_split(x, int_scalar(2), int_vector(*widths), name=f"{component.name}.inputs").outputs())


def _input_dim(chain: tuple[Component, ...]) -> int:
    return integer(chain[0], "InputDim")


LAYERS = (
    Layer(name="CompositeComponent", parts=composite_parts),
    Layer(name="ParallelComponent", generations=(1,), over_chains=convert_parallel, branches=input_columns),
    Layer(name="MultiBasisComponent", generations=(1,), over_chains=convert_multi_basis, needs_utterance=True),
)
