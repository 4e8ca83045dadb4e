"""Gates of LSTM and GRU cells for one frame (nnet3), and recurrent layers over all frames (nnet1).

What a cell of nnet3 remembers comes in with its input. Layers of nnet1 compute the product with their input for all
frames at once, the rest frame by frame.
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.affine import affine
from ov_asr_score.convert.layers.layer import Layer, Recurrence
from ov_asr_score.convert.tensors.columns import split_columns
from ov_asr_score.convert.tensors.constants import int_scalar
from ov_asr_score.convert.tensors.tensor_iterator import loop_over_time, zero_state
from ov_asr_score.kaldi_model.component_fields import bad_field, flag, integer, matrix, number, vector
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov

_CELL_CLIP = 50.0


def convert_lstm_nonlinearity(component: Component, x: ov.Output) -> ov.Output:
    """Cell and output (c_t, m_t) [B, T, 2 C] of ``x`` [B, T, 5 C or 5 C + 3].

    ``x`` holds the input, forget, cell and output parts, c_{t-1}, and the scales of dropout for the three gates if the
    component uses them. Source: cudamatrix/cu-math.cc (ComputeLstmNonlinearity).
    """
    peepholes = matrix(component, "Params")
    if len(peepholes) != 3:
        raise bad_field(component, "Params", "3 rows")
    dim = peepholes.shape[1]
    widths = [dim] * 5 + ([1] * 3 if flag(component, "UseDropout") else [])
    parts = split_columns(x, widths, f"{component.name}.parts")
    cell, output = lstm_nonlinearity(component.name, peepholes, parts[:4], parts[4], parts[5:])
    return opset.concat([cell, output], 2, name=component.name).output(0)


def lstm_nonlinearity(
    name: str,
    peepholes: FloatArray,
    gates: list[ov.Output],
    previous: ov.Output,
    scales: list[ov.Output],
    clip: float = 0.0,
) -> tuple[ov.Output, ov.Output]:
    """c_t and m_t [B, T, C] of the four parts, c_{t-1} [B, T, C] and no or three scales [B, T, 1].

    i = sigma(i_part + w_ic c_{t-1}), f = sigma(f_part + w_fc c_{t-1}), c_t = f c_{t-1} + i tanh(c_part),
    o = sigma(o_part + w_oc c_t), m_t = o tanh(c_t); the scales multiply i, f and o, and c_t is kept within -``clip``
    and ``clip`` if that is above 0.
    """

    def gate(index: int, part: ov.Output, cell: ov.Output, letter: str) -> ov.Output:
        weights = opset.constant(peepholes[index].reshape(1, 1, -1), name=f"{name}.w_{letter}c")
        seen = opset.add(
            part, opset.multiply(cell, weights, name=f"{name}.{letter}.peephole"), name=f"{name}.{letter}.sum"
        )
        opened = opset.sigmoid(seen, name=f"{name}.{letter}")
        return (opset.multiply(opened, scales[index], name=f"{name}.{letter}.scaled") if scales else opened).output(0)

    input_gate = gate(0, gates[0], previous, "i")
    forget_gate = gate(1, gates[1], previous, "f")
    kept = opset.multiply(forget_gate, previous, name=f"{name}.kept")
    added = opset.multiply(input_gate, opset.tanh(gates[2], name=f"{name}.g"), name=f"{name}.added")
    cell = opset.add(kept, added, name=f"{name}.c").output(0)
    if clip > 0:
        cell = opset.clamp(cell, -clip, clip, name=f"{name}.c.clipped").output(0)
    output_gate = gate(2, gates[3], cell, "o")
    return cell, opset.multiply(output_gate, opset.tanh(cell, name=f"{name}.c.tanh"), name=f"{name}.m").output(0)


def convert_gru_nonlinearity(component: Component, x: ov.Output) -> ov.Output:
    """(h_t, c_t) [B, T, 2 C] of (z_t, r_t, hpart_t, c_{t-1}, s_{t-1}); without a projection s is c.

    h_t = tanh(hpart_t + W (r_t s_{t-1})), c_t = (1 - z_t) h_t + z_t c_{t-1}. Source:
    nnet3/nnet-combined-component.cc (GruNonlinearityComponent).
    """
    name, cell_dim, recurrent_dim = component.name, integer(component, "CellDim"), integer(component, "RecurrentDim")
    weights = matrix(component, "w_h")
    if weights.shape != (cell_dim, recurrent_dim):
        raise bad_field(component, "w_h", f"{cell_dim} rows and {recurrent_dim} columns")
    widths = [cell_dim, recurrent_dim, cell_dim, cell_dim] + ([recurrent_dim] if recurrent_dim != cell_dim else [])
    update, reset, part, previous, *projected = split_columns(x, widths, f"{name}.parts")
    seen = opset.multiply(reset, projected[0] if projected else previous, name=f"{name}.reset")
    product = opset.matmul(seen, opset.constant(weights, name=f"{name}.w_h"), False, True, name=f"{name}.product")
    hidden = opset.tanh(opset.add(product, part, name=f"{name}.sum"), name=f"{name}.h").output(0)
    return _mixed(name, update, hidden, previous)


def convert_output_gru_nonlinearity(component: Component, x: ov.Output) -> ov.Output:
    """(h_t, c_t) [B, T, 2 C] of (z_t, hpart_t, c_{t-1}).

    h_t = tanh(hpart_t + w c_{t-1}), c_t = (1 - z_t) h_t + z_t c_{t-1}. Source: nnet3/nnet-combined-component.cc
    (OutputGruNonlinearityComponent).
    """
    name, cell_dim = component.name, integer(component, "CellDim")
    weights = opset.constant(vector(component, "w_h", cell_dim).reshape(1, 1, -1), name=f"{name}.w_h")
    update, part, previous = split_columns(x, [cell_dim] * 3, f"{name}.parts")
    product = opset.multiply(previous, weights, name=f"{name}.product")
    hidden = opset.tanh(opset.add(product, part, name=f"{name}.sum"), name=f"{name}.h").output(0)
    return _mixed(name, update, hidden, previous)


def _mixed(name: str, update: ov.Output, hidden: ov.Output, previous: ov.Output) -> ov.Output:
    """(h, c) with c = (1 - z) h + z c_{t-1}, in the order in which Kaldi adds: h - z h + z c_{t-1}."""
    fresh = opset.subtract(hidden, opset.multiply(update, hidden, name=f"{name}.zh"), name=f"{name}.fresh")
    cell = opset.add(fresh, opset.multiply(update, previous, name=f"{name}.kept"), name=f"{name}.c")
    return opset.concat([hidden, cell], 2, name=name).output(0)


def convert_lstm(component: Component, x: ov.Output) -> ov.Output:
    """The projection of an LSTM with peepholes, [B, T, P]. Source: nnet/nnet-lstm-projected.h."""
    return _over_time(lstm_recurrence(component, x), x)


def convert_blstm(component: Component, x: ov.Output) -> ov.Output:
    """The projections of two LSTMs side by side, [B, T, 2 P]; the second runs from the last frame to the first.

    Source: nnet/nnet-blstm-projected.h.
    """
    forward = _over_time(lstm_recurrence(component, x, "F", ".forward"), x)
    backward = _over_time(lstm_recurrence(component, x, "B", ".backward"), x, reverse=True)
    return opset.concat([forward, backward], 2, name=component.name).output(0)


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
    split_axis = int_scalar(2)

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


def _over_time(recurrence: Recurrence, x: ov.Output, *, reverse: bool = False) -> ov.Output:
    initial = [zero_state(x, 1, size) for size in recurrence.sizes]
    (result,) = loop_over_time([recurrence.outside], initial, recurrence.step, reverse=reverse, name=recurrence.name)
    return result


LAYERS = (
    Layer(name="LstmNonlinearityComponent", over_frames=convert_lstm_nonlinearity),
    Layer(name="GruNonlinearityComponent", over_frames=convert_gru_nonlinearity),
    Layer(name="OutputGruNonlinearityComponent", over_frames=convert_output_gru_nonlinearity),
    Layer(
        name="LstmProjected",
        generations=(1,),
        over_frames=convert_lstm,
        recurrence=lstm_recurrence,
        input_products=(("WGifoX", "Bias"),),
    ),
    Layer(
        name="BlstmProjected",
        generations=(1,),
        over_frames=convert_blstm,
        input_products=(("FWGifoX", "FBias"), ("BWGifoX", "BBias")),
        needs_utterance=True,
    ),
    Layer(
        name="RecurrentComponent",
        generations=(1,),
        over_frames=convert_recurrent,
        recurrence=plain_recurrence,
        input_products=(("WForward", "Bias"),),
    ),
)
