"""Components of nnet1 that hold whole networks, and averages over all frames."""

from __future__ import annotations

from typing import cast

import numpy as np

from ov_asr_score.convert.layers.component_fields import flag, number
from ov_asr_score.convert.nnet1.chain import build_chain
from ov_asr_score.convert.registry import converts
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

# A network of the basis that gets no more than this, summed over the frames of an utterance, is left out.
_SMALLEST_OCCUPANCY = np.float32(0.1)


@converts("SimpleSentenceAveragingComponent", generation=1)
def convert_simple_averaging(component: Component, x: ov.Output) -> ov.Output:
    """The sum of all frames for every frame, divided by their number plus a constant unless only the sum is wanted.

    Source: nnet/nnet-sentence-averaging-component.h.
    """
    name, shrinkage = component.name, number(component, "Shrinkage", 0.0)
    total = opset.reduce_sum(x, _ints(1), True, name=f"{name}.sum").output(0)
    if not flag(component, "OnlySumming"):
        count = opset.add(_num_frames(x), opset.constant(np.float32(shrinkage)), name=f"{name}.count")
        total = opset.divide(total, count, name=f"{name}.mean").output(0)
    return _for_every_frame(name, total, x)


@converts("SentenceAveragingComponent", generation=1)
def convert_averaging(component: Component, x: ov.Output) -> ov.Output:
    """The mean over all frames of what the network inside gives, and ``x`` itself behind it.

    Source: nnet/nnet-sentence-averaging-component.h.
    """
    name = component.name
    inner = build_chain(component.nested[0], x)
    mean = opset.reduce_mean(inner, _ints(1), True, name=f"{name}.mean").output(0)
    return opset.concat([_for_every_frame(f"{name}.code", mean, x), x], 2, name=name).output(0)


@converts("ParallelComponent", generation=1)
def convert_parallel(component: Component, x: ov.Output) -> ov.Output:
    """What the networks inside give for their shares of the columns, side by side.

    Source: nnet/nnet-parallel-component.h.
    """
    parts = input_columns(component, x)
    outputs = [build_chain(chain, part) for chain, part in zip(component.nested, parts, strict=True)]
    if len(outputs) == 1:
        return outputs[0]
    return opset.concat(outputs, 2, name=component.name).output(0)


@converts("MultiBasisComponent", generation=1)
def convert_multi_basis(component: Component, x: ov.Output) -> ov.Output:
    """The sum of what the networks of the basis give, weighted by the selector's posteriors of each frame.

    The selector sees the last columns. A network whose posteriors sum up to no more than 0.1 over the utterance is
    left out. Kaldi stops when the posteriors of the first frame do not sum to 1; here they may. Source:
    nnet/nnet-multibasis-component.h.
    """
    name = component.name
    selector, *basis = component.nested
    seen, given = _columns(component, x, [_input_dim(basis[0]), _input_dim(selector)])
    posteriors = build_chain(selector, given)
    occupancy = opset.reduce_sum(posteriors, _ints(1), True, name=f"{name}.occupancy")
    used = opset.convert(opset.greater(occupancy, opset.constant(_SMALLEST_OCCUPANCY)), "f32")
    weights = opset.multiply(posteriors, used, name=f"{name}.weights").output(0)
    shares = [weights]
    if len(basis) > 1:
        shares = opset.split(weights, opset.constant(np.array(2, np.int64)), len(basis)).outputs()
    total: ov.Output | None = None
    for chain, share in zip(basis, shares, strict=True):
        part = opset.multiply(build_chain(chain, seen), share).output(0)
        total = part if total is None else opset.add(total, part).output(0)
    return cast("ov.Output", total)


def input_columns(component: Component, x: ov.Output) -> list[ov.Output]:
    """The share of the columns of ``x`` that each network of a ParallelComponent takes."""
    return _columns(component, x, [_input_dim(chain) for chain in component.nested])


def _columns(component: Component, x: ov.Output, widths: list[int]) -> list[ov.Output]:
    if len(widths) == 1:
        return [x]
    axis, sizes = opset.constant(np.array(2, np.int64)), _ints(*widths)
    return list(opset.variadic_split(x, axis, sizes, name=f"{component.name}.inputs").outputs())


def _input_dim(chain: tuple[Component, ...]) -> int:
    return int(cast(int, chain[0].fields["InputDim"]))


def _num_frames(x: ov.Output) -> ov.Node:
    """The number of frames of ``x`` as a number that can be calculated with, float32 scalar."""
    frames = opset.gather(opset.shape_of(x, "i64"), opset.constant(np.array(1, np.int64)), opset.constant(0))
    return opset.convert(frames, "f32")


def _for_every_frame(name: str, value: ov.Output, x: ov.Output) -> ov.Output:
    """``value`` [B, 1, D] for all frames of ``x``, [B, T, D]."""
    frames = opset.slice(opset.shape_of(x, "i64"), _ints(0), _ints(2), _ints(1))
    shape = opset.concat([frames, _ints(1)], 0)
    return opset.broadcast(value, shape, broadcast_spec="BIDIRECTIONAL", name=name).output(0)


def _ints(*values: int) -> ov.Node:
    return opset.constant(np.array(values, np.int64))
