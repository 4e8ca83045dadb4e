"""The gates of LSTM and GRU cells for one frame; what a cell remembers comes in with its input."""

from __future__ import annotations

from ov_asr_score.convert.layers.component_fields import bad_field, flag, integer, matrix, vector
from ov_asr_score.convert.registry import converts
from ov_asr_score.convert.tensors.columns import split_columns
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov


@converts("LstmNonlinearityComponent")
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


@converts("GruNonlinearityComponent")
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


@converts("OutputGruNonlinearityComponent")
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
