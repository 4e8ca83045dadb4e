"""Cases of nnet3: spellings of old files that Kaldi still reads (and writes in another way)."""

from __future__ import annotations

import re
import struct

from tests.golden.golden_case import WHOLE, Case
from tests.golden.nnet2_models import matrix, vector

_COMMON = "<LearningRate> 0.001"
_MANY = "<LearningRateFactor> 0.5 <IsGradient> F <MaxChange> 0.75 <L2Regularize> 0.01 <LearningRate> 0.001"


def _one(name: str, kind: str, fields: str, dim: int, *, end: str = "", source: str = "input", **more: object) -> Case:
    """A network of one component, which is written by hand."""
    text = (
        f"<Nnet3> \ninput-node name=input dim={dim}\ncomponent-node name=last component=last input={source}\n"
        "output-node name=output input=last\n\n<NumComponents> 1 \n"
        f"<ComponentName> last <{kind}> {fields} {end or f'</{kind}>'} \n</Nnet3> "
    )
    return Case(f"old_{name}", text=text, dim=dim, runs=(WHOLE,), **more)  # type: ignore[arg-type]


def _weights(rows: int, columns: int) -> str:
    return f"<LinearParams>  {matrix(rows, columns)}\n<BiasParams>  {vector(rows)}\n"


def _with_float_column_map(model: bytes) -> bytes:
    """The binary form with the columns as floats, of which the last one is wrong, as it was written once."""
    found = re.search(rb"<ColumnMap> \x04(....)", model, re.DOTALL)
    if found is None:
        raise ValueError("<ColumnMap>: not found in the binary form")
    count = struct.unpack("<i", found.group(1))[0]
    columns = struct.unpack(f"<{count}i", model[found.end() : found.end() + 4 * count])
    floats = struct.pack(f"<{count}f", *columns[:-1], 0.0)
    return (
        model[: found.start()]
        + b"<ColumnMap> FV \x04"
        + struct.pack("<i", count)
        + floats
        + model[found.end() + 4 * count :]
    )


def _in_double_precision(model: bytes) -> bytes:
    """The binary form with all matrices and vectors in double precision."""
    parts: list[bytes] = []
    position = 0
    for match in re.finditer(rb"F(?:(?P<v>V) (?P<vs>\x04.{4})|(?P<m>M) (?P<ms>\x04.{4}\x04.{4}))", model, re.DOTALL):
        if match.start() < position:
            continue
        kind = "v" if match.group("v") else "m"
        sizes = struct.unpack("<" + "xi" * (1 if kind == "v" else 2), match.group(f"{kind}s"))
        count = sizes[0] * (sizes[1] if kind == "m" else 1)
        values = struct.unpack(f"<{count}f", model[match.end() : match.end() + 4 * count])
        parts += [
            model[position : match.start()],
            b"D" + match.group(kind) + b" " + match.group(f"{kind}s"),
            struct.pack(f"<{count}d", *values),
        ]
        position = match.end() + 4 * count
    return b"".join([*parts, model[position:]])


_CASES_OF_NONLINEARITIES = (
    _one("sigmoid", "SigmoidComponent", "<Dim> 5 <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0", 5),
    _one(
        "tanh",
        "TanhComponent",
        "<Dim> 5 <ValueAvg> [ 0 0 0 0 0 ]\n<DerivAvg> [ 1 1 1 1 1 ]\n<Count> 10 <SelfRepairLowerThreshold> -1000 "
        "<SelfRepairUpperThreshold> -1000 <SelfRepairScale> 1e-05",
        5,
    ),
    _one(
        "log_softmax",
        "LogSoftmaxComponent",
        "<Dim> 5 <BlockDim> 5 <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0 <OderivRms> [ ]\n<OderivCount> 0 "
        "<NumDimsSelfRepaired> 1 <NumDimsProcessed> 2",
        5,
    ),
    # Without <TargetRms>, as it was at first, Kaldi's reader takes what happens to be in memory.
    _one(
        "normalize",
        "NormalizeComponent",
        "<Dim> 5 <TargetRms> 0.8 <AddLogStddev> F <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0",
        5,
    ),
    _one("normalize_bare", "NormalizeComponent", "<InputDim> 5 <TargetRms> 0.5", 5),
    _one("no_op", "NoOpComponent", "<Dim> 5 <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0", 5),
    _one(
        "no_op_later",
        "NoOpComponent",
        "<Dim> 5 <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0 <OderivRms> [ ]\n<OderivCount> 0 <NumDimsSelfRepaired> 0 "
        "<NumDimsProcessed> 0",
        5,
    ),
    _one(
        "clip_gradient",
        "ClipGradientComponent",
        "<Dim> 5 <ClippingThreshold> 30 <NormBasedClipping> T <NumElementsClipped> 0 <NumElementsProcessed> 0",
        5,
    ),
    _one(
        "backprop_truncation",
        "BackpropTruncationComponent",
        "<Dim> 5 <ClippingThreshold> 30 <ZeroingThreshold> 15 <ZeroingInterval> 20 <RecurrenceInterval> 1 "
        "<NumElementsClipped> 0 <NumElementsZeroed> 0 <NumElementsProcessed> 0 <NumZeroingBoundaries> 0",
        5,
    ),
)

_CASES_OF_MATRICES = (
    _one("affine", "AffineComponent", f"{_COMMON} {_weights(3, 5)}<IsGradient> F", 5),
    _one("affine_many_fields", "AffineComponent", f"{_MANY} {_weights(3, 5)}<OrthonormalConstraint> -1", 5),
    _one("repeated_affine", "RepeatedAffineComponent", f"{_COMMON} <NumRepeats> 2 {_weights(2, 3)}<IsGradient> F", 6),
    _one(
        "natural_gradient_repeated_affine",
        "NaturalGradientRepeatedAffineComponent",
        f"{_COMMON} <NumRepeats> 2 {_weights(2, 3)}<IsGradient> F",
        6,
    ),
    _one("block_affine", "BlockAffineComponent", f"{_COMMON} <NumBlocks> 2 {_weights(4, 3)}<IsGradient> F", 6),
    _one(
        "natural_gradient_affine",
        "NaturalGradientAffineComponent",
        f"{_COMMON} {_weights(3, 5)}<RankIn> 20 <RankOut> 80 <UpdatePeriod> 4 <NumSamplesHistory> 2000 <Alpha> 4 "
        "<MaxChangePerSample> 0.1 <IsGradient> F <UpdateCount> 1 <ActiveScalingCount> 1 <MaxChangeScaleStats> 1",
        5,
    ),
    _one(
        "natural_gradient_affine_end",
        "NaturalGradientAffineComponent",
        f"{_COMMON} {_weights(3, 5)}<RankIn> 20 <RankOut> 80 <UpdatePeriod> 4 <NumSamplesHistory> 2000 <Alpha> 4 "
        "<IsGradient> F",
        5,
        end="<NaturalGradientAffineComponent>",
    ),
    _one(
        "tdnn",
        "TdnnComponent",
        f"{_COMMON} <TimeOffsets> [ -1 0 2 ]\n{_weights(3, 12)}<OrthonormalConstraint> 0 <UseNaturalGradient> T "
        "<NumSamplesHistory> 2000 <Alpha> 4 <RankInOut> 6 2",
        4,
    ),
    _one(
        "convolution",
        "ConvolutionComponent",
        "<LearningRate> 0.001 <InputXDim> 3 <InputYDim> 2 <InputZDim> 2 <FiltXDim> 2 <FiltYDim> 2 <FiltXStep> 1 "
        f"<FiltYStep> 1 <InputVectorization> 1 <FilterParams>  {matrix(2, 8)}\n<BiasParams>  {vector(2)}\n"
        "<IsGradient> F",
        12,
    ),
    _one(
        "time_height",
        "TimeHeightConvolutionComponent",
        "<MaxChange> 0.75 <Model> <ConvolutionModel> <NumFiltersIn> 1 <NumFiltersOut> 2 <HeightIn> 4 <HeightOut> 3 "
        "<HeightSubsampleOut> 1 <Offsets> [ -1,0 -1,1 1,0 1,1 ]\n<RequiredTimeOffsets> [ -1 1 ]\n</ConvolutionModel> "
        f"{_weights(2, 4)}<MaxMemoryMb> 200 <UseNaturalGradient> T <NumMinibatchesHistory> 4 <AlphaInOut> 4 4 "
        "<RankInOut> 3 1",
        4,
    ),
    _one(
        "double_precision",
        "NaturalGradientAffineComponent",
        f"{_COMMON} {_weights(3, 5)}<RankIn> 3 <RankOut> 2 <UpdatePeriod> 4 <NumSamplesHistory> 2000 <Alpha> 4",
        5,
        finish=_in_double_precision,
    ),
)

_CASES_OF_COLUMNS = (
    _one("per_element_scale", "PerElementScaleComponent", f"{_COMMON} <Params>  {vector(5)}\n<IsGradient> F", 5),
    _one(
        "natural_gradient_per_element_scale",
        "NaturalGradientPerElementScaleComponent",
        f"{_COMMON} <Params>  {vector(5)}\n<IsGradient> F <Rank> 2 <UpdatePeriod> 10 <NumSamplesHistory> 2000 "
        "<Alpha> 4 <MaxChangePerMinibatch> 0.1",
        5,
    ),
    _one("per_element_offset", "PerElementOffsetComponent", f"{_COMMON} <Offsets>  {vector(5)}\n<IsGradient> F", 5),
    _one("per_element_offset_bare", "PerElementOffsetComponent", f"{_COMMON} <Offsets>  {vector(5)}\n", 5),
    _one("sum_group", "SumGroupComponent", "<Sizes> [ 1 3 2 ]\n", 6, end="<SumGroupComponent>"),
    _one("permute", "PermuteComponent", "<ColumnMap> [ 2 0 1 3 ]\n", 4, finish=_with_float_column_map),
    _one(
        "composite",
        "CompositeComponent",
        "<MaxRowsProcess> 100 <NumComponents> 2 "
        f"<AffineComponent> {_COMMON} {_weights(3, 5)}</AffineComponent> "
        "<SigmoidComponent> <Dim> 3 <ValueAvg> [ ]\n<DerivAvg> [ ]\n<Count> 0 </SigmoidComponent>",
        5,
    ),
    _one(
        "constant_function",
        "ConstantFunctionComponent",
        f"<InputDim> 5 <Output>  {vector(3)}\n<IsUpdatable> T <UseNaturalGradient> T",
        5,
    ),
    _one("constant", "ConstantComponent", f"<Output>  {vector(5)}\n<IsUpdatable> T <UseNaturalGradient> T", 5),
    _one("dropout", "DropoutComponent", "<Dim> 5 <DropoutProportion> 0.3", 5),
    _one("dropout_per_frame", "DropoutComponent", "<Dim> 5 <DropoutProportion> 0.3 <DropoutPerFrame> T", 5),
    _one("dropout_mask", "DropoutMaskComponent", "<OutputDim> 5 <DropoutProportion> 0.3", 5),
    _one(
        "general_dropout",
        "GeneralDropoutComponent",
        "<Dim> 5 <BlockDim> 5 <TimePeriod> 0 <DropoutProportion> 0.3 <SpecAugmentMaxProportion> 0.2",
        5,
    ),
    _one(
        "lstm_nonlinearity",
        "LstmNonlinearityComponent",
        f"{_COMMON} <Params>  {matrix(3, 2)}\n<ValueAvg>  {matrix(5, 2)}\n<DerivAvg>  {matrix(5, 2)}\n"
        f"<SelfRepairConfig> {vector(10)}\n<SelfRepairProb> {vector(5)}\n<Count> 0",
        10,
    ),
)

CASES = (*_CASES_OF_NONLINEARITIES, *_CASES_OF_MATRICES, *_CASES_OF_COLUMNS)
