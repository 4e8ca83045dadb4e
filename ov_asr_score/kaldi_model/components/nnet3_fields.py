"""The fields of the components of nnet3: what stands behind each token.

Sources: nnet3/nnet-simple-component.cc, nnet-combined-component.cc, nnet-convolutional-component.cc,
nnet-normalize-component.cc, nnet-tdnn-component.cc, nnet-general-component.cc, nnet-attention-component.cc (``Read``).
"""

from __future__ import annotations

from ov_asr_score.kaldi_model.reader import Kind, Table

_UPDATABLE: Table = {
    "LearningRateFactor": "float",
    "IsGradient": "bool",
    "MaxChange": "float",
    "L2Regularize": "float",
    "LearningRate": "float",
}
_NONLINEAR: Table = {
    "Dim": "int",
    "BlockDim": "int",
    "ValueAvg": "vector",
    "DerivAvg": "vector",
    "Count": "float",
    "OderivRms": "vector",
    "OderivCount": "float",
    "NumDimsSelfRepaired": "float",
    "NumDimsProcessed": "float",
    "SelfRepairLowerThreshold": "float",
    "SelfRepairUpperThreshold": "float",
    "SelfRepairScale": "float",
}
_AFFINE: Table = {
    **_UPDATABLE,
    "LinearParams": "matrix",
    "BiasParams": "vector",
    "OrthonormalConstraint": "float",
}
_GRU: Table = {
    **_UPDATABLE,
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


def _ints(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "int")


def _floats(*names: str) -> dict[str, Kind]:
    return dict.fromkeys(names, "float")


TABLES: dict[str, tuple[Table, tuple[str, ...]]] = {
    **dict.fromkeys(
        ("SigmoidComponent", "TanhComponent", "SoftmaxComponent", "LogSoftmaxComponent", "RectifiedLinearComponent"),
        (_NONLINEAR, ("Dim",)),
    ),
    "NormalizeComponent": (
        {
            **_ints("Dim", "InputDim", "BlockDim"),
            "TargetRms": "float",
            "AddLogStddev": "bool",
            "ValueAvg": "vector",
            "DerivAvg": "vector",
            "Count": "float",
        },
        (),
    ),
    "PnormComponent": (_ints("InputDim", "OutputDim"), ("InputDim", "OutputDim")),
    "AffineComponent": (_AFFINE, ("LinearParams", "BiasParams")),
    "LinearComponent": (
        {
            **_UPDATABLE,
            "Params": "matrix",
            "OrthonormalConstraint": "float",
            "UseNaturalGradient": "bool",
            "RankInOut": "two ints",
            **_floats("Alpha", "NumSamplesHistory"),
            "UpdatePeriod": "int",
        },
        ("Params",),
    ),
    "NaturalGradientAffineComponent": (
        {
            **_AFFINE,
            **_ints("RankIn", "RankOut", "UpdatePeriod"),
            **_floats("NumSamplesHistory", "Alpha", "MaxChangePerSample"),
            **_floats("UpdateCount", "ActiveScalingCount", "MaxChangeScaleStats"),
        },
        ("LinearParams", "BiasParams"),
    ),
    "PerElementScaleComponent": ({**_UPDATABLE, "Params": "vector"}, ("Params",)),
    "NaturalGradientPerElementScaleComponent": (
        {
            **_UPDATABLE,
            "Params": "vector",
            **_ints("Rank", "UpdatePeriod"),
            **_floats("NumSamplesHistory", "Alpha", "MaxChangePerMinibatch"),
        },
        ("Params",),
    ),
    "PerElementOffsetComponent": (
        {**_UPDATABLE, "Offsets": "vector", "Dim": "int", "UseNaturalGradient": "bool"},
        ("Offsets",),
    ),
    "SumGroupComponent": ({"Sizes": "ints"}, ("Sizes",)),
    "FixedAffineComponent": ({"LinearParams": "matrix", "BiasParams": "vector"}, ("LinearParams", "BiasParams")),
    "FixedScaleComponent": ({"Scales": "vector"}, ("Scales",)),
    "FixedBiasComponent": ({"Bias": "vector"}, ("Bias",)),
    "NoOpComponent": ({**_NONLINEAR, "BackpropScale": "float"}, ("Dim",)),
    "ClipGradientComponent": (
        {
            "Dim": "int",
            "ClippingThreshold": "float",
            "NormBasedClipping": "bool",
            **_floats("SelfRepairClippedProportionThreshold", "SelfRepairTarget", "SelfRepairScale"),
            **_ints("NumElementsClipped", "NumElementsProcessed", "NumSelfRepaired", "NumBackpropped"),
        },
        ("Dim",),
    ),
    "ElementwiseProductComponent": (_ints("InputDim", "OutputDim"), ("InputDim", "OutputDim")),
    "ConvolutionComponent": (
        {
            **_UPDATABLE,
            **_ints("InputXDim", "InputYDim", "InputZDim", "FiltXDim", "FiltYDim", "FiltXStep", "FiltYStep"),
            "InputVectorization": "int",
            "FilterParams": "matrix",
            "BiasParams": "vector",
        },
        (
            *("InputXDim", "InputYDim", "InputZDim", "FiltXDim", "FiltYDim", "FiltXStep", "FiltYStep"),
            *("InputVectorization", "FilterParams", "BiasParams"),
        ),
    ),
    "TdnnComponent": (
        {
            **_AFFINE,
            "TimeOffsets": "ints",
            "UseNaturalGradient": "bool",
            **_floats("NumSamplesHistory", "Alpha"),
            "AlphaInOut": "two",
            "RankInOut": "two ints",
        },
        ("TimeOffsets", "LinearParams", "BiasParams"),
    ),
    "MaxpoolingComponent": (
        _ints(
            *("InputXDim", "InputYDim", "InputZDim", "PoolXSize", "PoolYSize", "PoolZSize"),
            *("PoolXStep", "PoolYStep", "PoolZStep"),
        ),
        (
            *("InputXDim", "InputYDim", "InputZDim", "PoolXSize", "PoolYSize", "PoolZSize"),
            *("PoolXStep", "PoolYStep", "PoolZStep"),
        ),
    ),
    "PermuteComponent": ({"ColumnMap": "column map"}, ("ColumnMap",)),
    "DistributeComponent": (_ints("InputDim", "OutputDim"), ("InputDim", "OutputDim")),
    "RepeatedAffineComponent": ({**_AFFINE, "NumRepeats": "int"}, ("NumRepeats", "LinearParams", "BiasParams")),
    "NaturalGradientRepeatedAffineComponent": (
        {**_AFFINE, "NumRepeats": "int"},
        ("NumRepeats", "LinearParams", "BiasParams"),
    ),
    "BlockAffineComponent": ({**_AFFINE, "NumBlocks": "int"}, ("NumBlocks", "LinearParams", "BiasParams")),
    "StatisticsExtractionComponent": (
        {**_ints("InputDim", "InputPeriod", "OutputPeriod"), "IncludeVarinance": "bool"},
        ("InputDim", "InputPeriod", "OutputPeriod", "IncludeVarinance"),
    ),
    "StatisticsPoolingComponent": (
        {
            **_ints("InputDim", "InputPeriod", "LeftContext", "RightContext", "NumLogCountFeatures"),
            "OutputStddevs": "bool",
            "VarianceFloor": "float",
        },
        (
            "InputDim",
            "InputPeriod",
            "LeftContext",
            "RightContext",
            "NumLogCountFeatures",
            "OutputStddevs",
            "VarianceFloor",
        ),
    ),
    "ConstantFunctionComponent": (
        {**_UPDATABLE, "InputDim": "int", "Output": "vector", "IsUpdatable": "bool", "UseNaturalGradient": "bool"},
        ("InputDim", "Output"),
    ),
    "ConstantComponent": (
        {**_UPDATABLE, "Output": "vector", "IsUpdatable": "bool", "UseNaturalGradient": "bool"},
        ("Output",),
    ),
    "DropoutComponent": (
        {"Dim": "int", "DropoutProportion": "float", "DropoutPerFrame": "bool", "TestMode": "bool"},
        ("Dim", "DropoutProportion"),
    ),
    "DropoutMaskComponent": (
        {"OutputDim": "int", "DropoutProportion": "float", "TestMode": "bool", "Continuous": "flag"},
        ("OutputDim", "DropoutProportion"),
    ),
    "GeneralDropoutComponent": (
        {
            **_ints("Dim", "BlockDim", "TimePeriod", "SpecAugmentMaxRegions"),
            **_floats("DropoutProportion", "SpecAugmentMaxProportion"),
            "TestMode": "flag",
            "Continuous": "flag",
        },
        ("Dim",),
    ),
    "SpecAugmentTimeMaskComponent": (
        {**_ints("Dim", "TimeMaskMaxFrames"), "ZeroedProportion": "float", "TestMode": "flag"},
        ("Dim",),
    ),
    "BackpropTruncationComponent": (
        {
            "Dim": "int",
            **_floats("Scale", "ClippingThreshold", "ZeroingThreshold"),
            **_ints("ZeroingInterval", "RecurrenceInterval"),
            **_floats("NumElementsClipped", "NumElementsZeroed", "NumElementsProcessed", "NumZeroingBoundaries"),
        },
        ("Dim",),
    ),
    "LstmNonlinearityComponent": (
        {
            **_UPDATABLE,
            "Params": "matrix",
            "ValueAvg": "matrix",
            "DerivAvg": "matrix",
            "SelfRepairConfig": "vector",
            "SelfRepairProb": "vector",
            "UseDropout": "bool",
            "Count": "float",
        },
        ("Params",),
    ),
    "BatchNormComponent": (
        {
            **_ints("Dim", "BlockDim"),
            **_floats("Epsilon", "TargetRms", "Count"),
            "TestMode": "bool",
            "StatsMean": "vector",
            "StatsVar": "vector",
        },
        ("Dim", "BlockDim", "Epsilon", "TargetRms", "Count", "StatsMean", "StatsVar"),
    ),
    "RestrictedAttentionComponent": (
        {
            **_ints("NumHeads", "KeyDim", "ValueDim", "NumLeftInputs", "NumRightInputs", "TimeStride"),
            **_ints("NumLeftInputsRequired", "NumRightInputsRequired"),
            "OutputContext": "bool",
            **_floats("KeyScale", "StatsCount"),
            "EntropyStats": "vector",
            "PosteriorStats": "matrix",
        },
        (
            *("NumHeads", "KeyDim", "ValueDim", "NumLeftInputs", "NumRightInputs", "TimeStride"),
            *("NumLeftInputsRequired", "NumRightInputsRequired", "OutputContext", "KeyScale"),
        ),
    ),
    "SumBlockComponent": (
        {**_ints("InputDim", "OutputDim"), "Scale": "float"},
        ("InputDim", "OutputDim", "Scale"),
    ),
    "GruNonlinearityComponent": (
        {**_GRU, "RecurrentDim": "int", "RankInOut": "two ints"},
        ("CellDim", "RecurrentDim", "w_h"),
    ),
    "OutputGruNonlinearityComponent": ({**_GRU, "w_h": "vector", "Rank": "int"}, ("CellDim", "w_h")),
    "ScaleAndOffsetComponent": (
        {
            **_UPDATABLE,
            "Dim": "int",
            "Scales": "vector",
            "Offsets": "vector",
            "UseNaturalGradient": "bool",
            "Rank": "int",
        },
        ("Dim", "Scales", "Offsets"),
    ),
}

CONVOLUTION_MODEL: tuple[Table, tuple[str, ...]] = (
    {
        **_ints("NumFiltersIn", "NumFiltersOut", "HeightIn", "HeightOut", "HeightSubsampleOut"),
        "Offsets": "pairs",
        "RequiredTimeOffsets": "ints",
    },
    (
        *("NumFiltersIn", "NumFiltersOut", "HeightIn", "HeightOut", "HeightSubsampleOut"),
        *("Offsets", "RequiredTimeOffsets"),
    ),
)
TIME_HEIGHT_CONVOLUTION: tuple[Table, tuple[str, ...]] = (
    {
        "LinearParams": "matrix",
        "BiasParams": "vector",
        "MaxMemoryMb": "float",
        "UseNaturalGradient": "bool",
        "NumMinibatchesHistory": "float",
        "AlphaInOut": "two",
        "RankInOut": "two ints",
    },
    ("LinearParams", "BiasParams"),
)
UPDATABLE = _UPDATABLE
