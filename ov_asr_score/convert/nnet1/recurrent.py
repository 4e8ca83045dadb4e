"""Recurrent layers of nnet1: the product with their input for all frames at once, the rest frame by frame."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.component_fields import integer, matrix, number, vector
from ov_asr_score.convert.layers.gated import lstm_nonlinearity
from ov_asr_score.convert.registry import converts
from ov_asr_score.convert.tensors.tensor_iterator import StepBody, loop_over_time, zero_state
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_CELL_CLIP = 50.0


@dataclass(frozen=True, slots=True, eq=False)
class Recurrence:
    """A recurrent layer: ``outside`` [B, T, K] is the part of its sums that comes from its input.

    ``step`` takes one frame [B, 1, K] of it and the states [B, 1, S] of ``sizes`` S, and gives the new states and the
    output. States are zero before the first frame.
    """

    name: str
    outside: ov.Output
    sizes: tuple[int, ...]
    step: StepBody


@converts("LstmProjected", generation=1)
def convert_lstm(component: Component, x: ov.Output) -> ov.Output:
    """The projection of an LSTM with peepholes, [B, T, P]. Source: nnet/nnet-lstm-projected.h."""
    return _over_time(lstm_recurrence(component, x), x)


@converts("BlstmProjected", generation=1)
def convert_blstm(component: Component, x: ov.Output) -> ov.Output:
    """The projections of two LSTMs side by side, [B, T, 2 P]; the second runs from the last frame to the first.

    Source: nnet/nnet-blstm-projected.h.
    """
    forward = _over_time(lstm_recurrence(component, x, "F", ".forward"), x)
    backward = _over_time(lstm_recurrence(component, x, "B", ".backward"), x, reverse=True)
    return opset.concat([forward, backward], 2, name=component.name).output(0)


@converts("RecurrentComponent", generation=1)
def convert_recurrent(component: Component, x: ov.Output) -> ov.Output:
    """y_t = tanh(W x_t + R y_{t-1} + b) [B, T, D], from zero on. Source: nnet/nnet-recurrent.h."""
    return _over_time(plain_recurrence(component, x), x)


def lstm_recurrence(component: Component, x: ov.Output, prefix: str = "", suffix: str = "") -> Recurrence:
    """One direction of an LSTM; ``prefix`` is that of its fields.

    (g, i, f, o) = W_x x_t + W_r r_{t-1} + b, c_t = clip(f c_{t-1} + i g), r_t = W_m (o tanh(c_t)), with peepholes from
    c_{t-1} to i and f, and from c_t to o.
    """
    name = component.name + suffix
    projection = matrix(component, f"{prefix}WRM")
    recurrent = matrix(component, f"{prefix}WGifoR")
    cells, clip = integer(component, "CellDim"), number(component, "CellClip", _CELL_CLIP)
    peepholes = np.stack([vector(component, f"{prefix}Peephole{gate}C", cells) for gate in "IFO"])
    bias = vector(component, f"{prefix}Bias", 4 * cells)
    outside = affine(f"{name}.input", x, matrix(component, f"{prefix}WGifoX"), bias)
    split_axis = opset.constant(np.array(2, np.int64))

    def step(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
        output, cell = states
        total = affine(f"{name}.gates", output, recurrent, np.zeros(4 * cells, np.float32))
        gates = opset.split(opset.add(frames[0], total), split_axis, 4)
        g, i, f, o = (gates.output(index) for index in range(4))
        new_cell, new_output = lstm_nonlinearity(f"{name}.lstm", peepholes, [i, f, g, o], cell, [], clip)
        projected = affine(f"{name}.projection", new_output, projection, np.zeros(len(projection), np.float32))
        return [projected, new_cell], [projected]

    return Recurrence(name, outside, (len(projection), cells), step)


def plain_recurrence(component: Component, x: ov.Output) -> Recurrence:
    """A layer that reads its own last frame."""
    name, recurrent = component.name, matrix(component, "WRecurrent")
    bias = vector(component, "Bias", len(recurrent))
    outside = affine(f"{name}.input", x, matrix(component, "WForward"), bias)

    def step(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
        product = affine(f"{name}.recurrent", states[0], recurrent, np.zeros(len(recurrent), np.float32))
        output = opset.tanh(opset.add(frames[0], product), name=f"{name}.tanh").output(0)
        return [output], [output]

    return Recurrence(name, outside, (len(recurrent),), step)


RECURRENCES: Mapping[str, Callable[[Component, ov.Output], Recurrence]] = {
    "LstmProjected": lstm_recurrence,
    "RecurrentComponent": plain_recurrence,
}
"""Layers that depend on earlier frames alone."""


def _over_time(recurrence: Recurrence, x: ov.Output, *, reverse: bool = False) -> ov.Output:
    initial = [zero_state(x, 1, size) for size in recurrence.sizes]
    (result,) = loop_over_time([recurrence.outside], initial, recurrence.step, reverse=reverse, name=recurrence.name)
    return result
