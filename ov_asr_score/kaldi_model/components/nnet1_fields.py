"""What stands in the components of nnet1: settings with tokens in any order, then values without a token.

Sources: the ``ReadData`` functions in nnet/nnet-*.h.
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.kaldi_model.reader import Kind, Table


@dataclass(frozen=True, slots=True)
class Layout:
    """``settings`` come first in any order; ``values`` follow in this order; ``tail`` values have tokens again."""

    settings: Table
    values: tuple[tuple[str, Kind], ...] = ()
    tail: tuple[tuple[str, Kind], ...] = ()
    required: tuple[str, ...] = ()


_RATES: Table = {"LearnRateCoef": "float", "BiasLearnRateCoef": "float"}
_LSTM: Table = {
    **_RATES,
    "CellDim": "int",
    "CellClip": "float",
    "CellDiffClip": "float",
    "ClipGradient": "float",
    "DiffClip": "float",
    "GradClip": "float",
}
_POOLING = Layout(
    {"PoolSize": "int", "PoolStep": "int", "PoolStride": "int"}, (), required=("PoolSize", "PoolStep", "PoolStride")
)
_NOTHING = Layout({})


def _lstm_values(prefix: str) -> tuple[tuple[str, Kind], ...]:
    return (
        (f"{prefix}WGifoX", "matrix"),
        (f"{prefix}WGifoR", "matrix"),
        (f"{prefix}Bias", "vector"),
        (f"{prefix}PeepholeIC", "vector"),
        (f"{prefix}PeepholeFC", "vector"),
        (f"{prefix}PeepholeOC", "vector"),
        (f"{prefix}WRM", "matrix"),
    )


LAYOUTS: dict[str, Layout] = {
    "AffineTransform": Layout({**_RATES, "MaxNorm": "float"}, (("Linearity", "matrix"), ("Bias", "vector"))),
    "LinearTransform": Layout({"LearnRateCoef": "float"}, (("Linearity", "matrix"),)),
    "ConvolutionalComponent": Layout(
        {**_RATES, "PatchDim": "int", "PatchStep": "int", "PatchStride": "int", "MaxNorm": "float"},
        (),
        (("Filters", "matrix"), ("Bias", "vector")),
        ("PatchDim", "PatchStep", "PatchStride"),
    ),
    "LstmProjected": Layout(_LSTM, _lstm_values(""), required=("CellDim",)),
    "BlstmProjected": Layout(_LSTM, (*_lstm_values("F"), *_lstm_values("B")), required=("CellDim",)),
    "RecurrentComponent": Layout(
        {**_RATES, "GradClip": "float", "DiffClip": "float"},
        (("WForward", "matrix"), ("WRecurrent", "matrix"), ("Bias", "vector")),
    ),
    "Softmax": _NOTHING,
    "HiddenSoftmax": _NOTHING,
    "BlockSoftmax": Layout({}, (("BlockDims", "ints"),)),
    "Sigmoid": _NOTHING,
    "Tanh": _NOTHING,
    "ParametricRelu": Layout(
        {"AlphaLearnRateCoef": "float", "BetaLearnRateCoef": "float"}, (("Alpha", "vector"), ("Beta", "vector"))
    ),
    "Dropout": Layout({"DropoutRate": "float", "DropoutRetention": "float"}),
    "LengthNormComponent": _NOTHING,
    "Rbm": Layout(
        {},
        (
            ("VisType", "token"),
            ("HidType", "token"),
            ("VisHid", "matrix"),
            ("VisBias", "vector"),
            ("HidBias", "vector"),
        ),
    ),
    "Splice": Layout({}, (("FrameOffsets", "ints"),)),
    "Copy": Layout({}, (("CopyFromIndices", "ints"),)),
    "AddShift": Layout({"LearnRateCoef": "float"}, (("ShiftData", "vector"),)),
    "Rescale": Layout({"LearnRateCoef": "float"}, (("ScaleData", "vector"),)),
    "KlHmm": Layout({}, (("KlStats", "matrix"),)),
    "AveragePoolingComponent": _POOLING,
    "MaxPoolingComponent": _POOLING,
    "SimpleSentenceAveragingComponent": Layout({"GradientBoost": "float", "Shrinkage": "float", "OnlySumming": "bool"}),
    "FramePoolingComponent": Layout(
        {"FeatureDim": "int", "LearnRateCoef": "float", "Normalize": "bool", "FrameOffset": "ints"},
        required=("FeatureDim", "Normalize", "FrameOffset"),
    ),
    "SentenceAveragingComponent": _NOTHING,
    "ParallelComponent": _NOTHING,
    "MultiBasisComponent": _NOTHING,
}

OLD_MARKERS = {"lstmprojectedstreams": "LstmProjected", "blstmprojectedstreams": "BlstmProjected"}
"""Markers of older versions, in lower case."""

MARKERS = {**{name.lower(): name for name in LAYOUTS}, **OLD_MARKERS}
"""Markers in lower case: Kaldi compares them without regard to case (nnet/nnet-component.cc)."""
