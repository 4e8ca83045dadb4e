"""Recurrent layers of nnet1, and the nonlinearities of LSTM and GRU layers that nnet3 builds from several components.

Sources: nnet/nnet-lstm-projected.h, nnet-blstm-projected.h, nnet-recurrent.h; nnet3/nnet-combined-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import multiple, shape, size
from ov_asr_score.kaldi_model.components.fields import UPDATABLE, Fields, floats
from ov_asr_score.kaldi_model.token_reader import Kind, Table

_MATRICES = ("WGifoX", "WGifoR", "WRM")
_PARAMETERS = ("WGifoX", "WGifoR", "Bias", "PeepholeIC", "PeepholeFC", "PeepholeOC", "WRM")
_RATES: Table = {"LearnRateCoef": "float", "BiasLearnRateCoef": "float"}
_LSTM: Table = {
    **_RATES,
    "CellDim": "int",
    **floats("CellClip", "CellDiffClip", "ClipGradient", "DiffClip", "GradClip"),
}
_GRU: Table = {
    **UPDATABLE,
    "CellDim": "int",
    "w_h": "matrix",
    "ValueAvg": "vector",
    "DerivAvg": "vector",
    "SelfRepairTotal": "float",
    "Count": "float",
    "SelfRepairThreshold": "float",
    "SelfRepairScale": "float",
    "Alpha": "float",
    "UpdatePeriod": "int",
}


def _direction(prefix: str) -> tuple[tuple[str, Kind], ...]:
    """Parameters of one direction, in the order of the file."""
    return tuple((f"{prefix}{name}", "matrix" if name in _MATRICES else "vector") for name in _PARAMETERS)


def _check_direction(fields: Fields, prefix: str, projection: int) -> Problems:
    """``ReadData`` asserts that there are cells, the operations of ``PropagateFnc`` all sizes."""
    columns, cells = fields.integer("InputDim"), fields.integer("CellDim")
    if cells < 1:
        yield f"expected <CellDim> of 1 or more, found {cells}"
    yield from shape(fields, f"{prefix}WGifoX", 4 * cells, columns)
    yield from shape(fields, f"{prefix}WGifoR", 4 * cells, projection)
    yield from size(fields, f"{prefix}Bias", 4 * cells)
    for gate in "IFO":
        yield from size(fields, f"{prefix}Peephole{gate}C", cells)
    yield from shape(fields, f"{prefix}WRM", projection, cells)


def _check_lstm(fields: Fields) -> Problems:
    yield from _check_direction(fields, "", fields.integer("OutputDim"))


def _check_blstm(fields: Fields) -> Problems:
    """``PropagateFnc`` copies both directions to the output, which must be as wide (``CopyFromMat``)."""
    yield from multiple("the output", fields.integer("OutputDim"), "the two directions", 2)
    yield from _check_direction(fields, "F", fields.integer("OutputDim") // 2)
    yield from _check_direction(fields, "B", fields.integer("OutputDim") // 2)


def _check_recurrent(fields: Fields) -> Problems:
    """Asserted by the operations of ``PropagateFnc`` (nnet/nnet-recurrent.h)."""
    columns, rows = fields.widths
    yield from shape(fields, "WForward", rows, columns)
    yield from shape(fields, "WRecurrent", rows, rows)
    yield from size(fields, "Bias", rows)


def _check_lstm_nonlinearity(fields: Fields) -> Problems:
    """Kaldi: an assertion of ``CpuComputeLstmNonlinearity`` (cudamatrix/cu-math.cc)."""
    if len(fields.matrix("Params")) != 3:
        yield f"expected 3 rows in <Params>, found {len(fields.matrix('Params'))}"


def _lstm_nonlinearity(fields: Fields) -> Dims:
    cells = fields.matrix("Params").shape[1]
    return cells * 5 + (3 if fields.flag("UseDropout") else 0), cells * 2


def _check_gru(fields: Fields) -> Problems:
    """Kaldi: the assertions on sizes in ``AddMatMat`` (``GruNonlinearityComponent::Propagate``)."""
    found, wanted = fields.matrix("w_h").shape, (fields.integer("CellDim"), fields.integer("RecurrentDim"))
    if found != wanted:
        yield f"expected <w_h> of {wanted[0]} x {wanted[1]}, found {found[0]} x {found[1]}"


def _gru(fields: Fields) -> Dims:
    cells, recurrent = fields.integer("CellDim"), fields.integer("RecurrentDim")
    # Without a projection the recurrent part is the cell itself, see nnet-combined-component.h.
    return 3 * cells + 2 * recurrent if recurrent != cells else 4 * cells, 2 * cells


def _check_output_gru(fields: Fields) -> Problems:
    """Kaldi: the assertions on sizes in ``AddMatDiagVec`` (``OutputGruNonlinearityComponent::Propagate``)."""
    if len(fields.vector("w_h")) != fields.integer("CellDim"):
        yield f"expected {fields.integer('CellDim')} values in <w_h>, found {len(fields.vector('w_h'))}"


def _output_gru(fields: Fields) -> Dims:
    return 3 * fields.integer("CellDim"), 2 * fields.integer("CellDim")


NNET1 = (
    ComponentType(
        "LstmProjected",
        (1,),
        _LSTM,
        ("CellDim",),
        values=_direction(""),
        old_names=("LstmProjectedStreams",),
        checks=_check_lstm,
        whole_utterance=True,
        trained=_PARAMETERS,
    ),
    ComponentType(
        "BlstmProjected",
        (1,),
        _LSTM,
        ("CellDim",),
        values=(*_direction("F"), *_direction("B")),
        old_names=("BlstmProjectedStreams",),
        checks=_check_blstm,
        whole_utterance=True,
        trained=tuple(f"{direction}{name}" for direction in "FB" for name in _PARAMETERS),
    ),
    ComponentType(
        "RecurrentComponent",
        (1,),
        {**_RATES, **floats("GradClip", "DiffClip")},
        values=(("WForward", "matrix"), ("WRecurrent", "matrix"), ("Bias", "vector")),
        checks=_check_recurrent,
        whole_utterance=True,
        trained=("WForward", "WRecurrent", "Bias"),
    ),
)

NNET3 = (
    ComponentType(
        "LstmNonlinearityComponent",
        (3,),
        {
            **UPDATABLE,
            "Params": "matrix",
            "ValueAvg": "matrix",
            "DerivAvg": "matrix",
            "SelfRepairConfig": "vector",
            "SelfRepairProb": "vector",
            "UseDropout": "bool",
            "Count": "float",
        },
        ("Params",),
        checks=_check_lstm_nonlinearity,
        dims=_lstm_nonlinearity,
        trained=("Params",),
    ),
    ComponentType(
        "GruNonlinearityComponent",
        (3,),
        {**_GRU, "RecurrentDim": "int", "RankInOut": "two ints"},
        ("CellDim", "RecurrentDim", "w_h"),
        checks=_check_gru,
        dims=_gru,
        trained=("w_h",),
    ),
    ComponentType(
        "OutputGruNonlinearityComponent",
        (3,),
        {**_GRU, "w_h": "vector", "Rank": "int"},
        ("CellDim", "w_h"),
        checks=_check_output_gru,
        dims=_output_gru,
        trained=("w_h",),
    ),
)

TYPES = (*NNET1, *NNET3)
