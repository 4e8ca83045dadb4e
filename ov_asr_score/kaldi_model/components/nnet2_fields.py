"""The fields of the components of nnet2. Source: nnet2/nnet-component.cc (``Read``)."""

from __future__ import annotations

from ov_asr_score.kaldi_model.reader import Kind, Table

_NONLINEAR: Table = {"Dim": "int", "ValueSum": "vector", "DerivSum": "vector", "Count": "float"}
_AFFINE: Table = {"LearningRate": "float", "LinearParams": "matrix", "BiasParams": "vector", "IsGradient": "bool"}
_AFFINE_REQUIRED = ("LinearParams", "BiasParams")


def _ints(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "int")


def _floats(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "float")


NNET2_TABLES: dict[str, tuple[Table, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "SigmoidComponent",
            "TanhComponent",
            "SoftmaxComponent",
            "LogSoftmaxComponent",
            "RectifiedLinearComponent",
            "NormalizeComponent",
            "SoftHingeComponent",
        ),
        (_NONLINEAR, ("Dim",)),
    ),
    "PowerComponent": ({**_ints("InputDim", "OutputDim"), "Power": "float"}, ("OutputDim", "Power")),
    "PnormComponent": ({**_ints("InputDim", "OutputDim"), "P": "float"}, ("InputDim", "OutputDim", "P")),
    "MaxoutComponent": (_ints("InputDim", "OutputDim"), ("InputDim", "OutputDim")),
    "ScaleComponent": ({"Dim": "int", "Scale": "float"}, ("Dim", "Scale")),
    "AffineComponent": ({**_AFFINE, "AvgInput": "vector", "AvgInputCount": "float"}, _AFFINE_REQUIRED),
    "AffineComponentPreconditioned": ({**_AFFINE, **_floats("Alpha", "MaxChange")}, _AFFINE_REQUIRED),
    "AffineComponentPreconditionedOnline": (
        {
            **_AFFINE,
            **_ints("Rank", "RankIn", "RankOut", "UpdatePeriod"),
            **_floats("NumSamplesHistory", "Alpha", "MaxChangePerSample"),
        },
        _AFFINE_REQUIRED,
    ),
    "SumGroupComponent": ({"Sizes": "ints"}, ("Sizes",)),
    "BlockAffineComponent": ({**_AFFINE, "NumBlocks": "int"}, ("NumBlocks", *_AFFINE_REQUIRED)),
    "BlockAffineComponentPreconditioned": (
        {**_AFFINE, "NumBlocks": "int", "Alpha": "float"},
        ("NumBlocks", *_AFFINE_REQUIRED),
    ),
    "PermuteComponent": ({"Reorder": "ints"}, ("Reorder",)),
    "DctComponent": ({**_ints("Dim", "DctDim", "DctKeepDim"), "Reorder": "bool"}, ("Dim", "DctDim", "Reorder")),
    "FixedLinearComponent": ({"CuMatrix": "matrix"}, ("CuMatrix",)),
    "FixedAffineComponent": ({"LinearParams": "matrix", "BiasParams": "vector"}, _AFFINE_REQUIRED),
    "FixedScaleComponent": ({"Scales": "vector"}, ("Scales",)),
    "FixedBiasComponent": ({"Bias": "vector"}, ("Bias",)),
    "SpliceComponent": (
        {**_ints("InputDim", "LeftContext", "RightContext", "ConstComponentDim"), "Context": "ints"},
        ("InputDim",),
    ),
    "SpliceMaxComponent": (
        {**_ints("Dim", "LeftContext", "RightContext"), "Context": "ints"},
        ("Dim",),
    ),
    "DropoutComponent": (
        {"Dim": "int", **_floats("DropoutScale", "DropoutProportion")},
        ("Dim", "DropoutScale", "DropoutProportion"),
    ),
    "AdditiveNoiseComponent": ({"Dim": "int", "Stddev": "float"}, ("Dim", "Stddev")),
    "Convolutional1dComponent": (
        {
            **_ints("PatchDim", "PatchStep", "PatchStride"),
            "LearningRate": "float",
            "AppendedConv": "bool",
            "FilterParams": "matrix",
            "BiasParams": "vector",
            "IsGradient": "bool",
        },
        ("PatchDim", "PatchStep", "PatchStride", "FilterParams", "BiasParams"),
    ),
    "MaxpoolingComponent": (
        _ints("InputDim", "OutputDim", "PoolSize", "PoolStride"),
        ("InputDim", "OutputDim", "PoolSize", "PoolStride"),
    ),
}
