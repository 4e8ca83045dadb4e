"""Recurrent layers of nnet1: the product with their input for all frames at once, the rest frame by frame."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.affine import affine
from ov_asr_score.convert.component_fields import integer, matrix, number, vector
from ov_asr_score.convert.gated import lstm_nonlinearity
from ov_asr_score.convert.registry import converts
from ov_asr_score.convert.time_loop import loop_over_time, zero_state
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import opset, ov

_CELL_CLIP = 50.0


@converts("LstmProjected", generation=1)
def convert_lstm(component: Component, x: ov.Output) -> ov.Output:
    """The projection of an LSTM with peepholes, [B, T, P]; its state is zero before the first frame.

    Source: nnet/nnet-lstm-projected.h.
    """
    return _lstm(component, x, "", component.name, reverse=False)


@converts("BlstmProjected", generation=1)
def convert_blstm(component: Component, x: ov.Output) -> ov.Output:
    """The projections of two LSTMs side by side, [B, T, 2 P]; the second runs from the last frame to the first.

    Source: nnet/nnet-blstm-projected.h.
    """
    forward = _lstm(component, x, "F", f"{component.name}.forward", reverse=False)
    backward = _lstm(component, x, "B", f"{component.name}.backward", reverse=True)
    return opset.concat([forward, backward], 2, name=component.name).output(0)


def _lstm(component: Component, x: ov.Output, prefix: str, name: str, *, reverse: bool) -> ov.Output:
    """One direction. ``prefix`` is that of its fields.

    (g, i, f, o) = W_x x_t + W_r r_{t-1} + b, c_t = clip(f c_{t-1} + i g), r_t = W_m (o tanh(c_t)), with peepholes from
    c_{t-1} to i and f, and from c_t to o.
    """
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

    initial = [zero_state(x, 1, len(projection)), zero_state(x, 1, cells)]
    (result,) = loop_over_time([outside], initial, step, reverse=reverse, name=name)
    return result


@converts("RecurrentComponent", generation=1)
def convert_recurrent(component: Component, x: ov.Output) -> ov.Output:
    """y_t = tanh(W x_t + R y_{t-1} + b) [B, T, D], from zero on. Source: nnet/nnet-recurrent.h."""
    name, recurrent = component.name, matrix(component, "WRecurrent")
    bias = vector(component, "Bias", len(recurrent))
    outside = affine(f"{name}.input", x, matrix(component, "WForward"), bias)

    def step(frames: list[ov.Output], states: list[ov.Output]) -> tuple[list[ov.Output], list[ov.Output]]:
        product = affine(f"{name}.recurrent", states[0], recurrent, np.zeros(len(recurrent), np.float32))
        output = opset.tanh(opset.add(frames[0], product), name=f"{name}.tanh").output(0)
        return [output], [output]

    (result,) = loop_over_time([outside], [zero_state(x, 1, len(recurrent))], step, name=name)
    return result
