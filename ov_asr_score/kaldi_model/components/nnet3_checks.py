"""What must hold between the fields of one component of nnet3, so that a damaged file is found out when it is read.

Sources: ``Check`` and ``Init`` of the components in nnet3/nnet-simple-component.cc, nnet-combined-component.cc,
nnet-normalize-component.cc, nnet-tdnn-component.cc, nnet-convolutional-component.cc, nnet-general-component.cc,
nnet-attention-component.cc and convolution.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.components.dims import component_dims
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, Component

Problems: TypeAlias = Iterator[str]

_LARGEST_KERNEL = 1 << 26
_LONGEST_PERIOD = 1000


def component_problem(component: Component) -> str:
    """What does not fit in a component, as ``expected …, found …``; empty if all is well."""
    try:
        return next(_problems(component), "")
    except (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError):
        return "expected fields that fit each other, found others"


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a component by kind; raises KeyError, TypeError or ValueError for what is not there."""

    component: Component

    def number(self, name: str, default: float | None = None) -> float:
        value = self.component.fields.get(name, default)
        if not isinstance(value, int | float):
            raise TypeError(name)
        return float(value)

    def integer(self, name: str, default: int | None = None) -> int:
        return int(self.number(name, default))

    def array(self, name: str, ndim: int) -> NDArray[np.float32] | NDArray[np.int32]:
        value = self.component.fields[name]
        if not isinstance(value, np.ndarray) or value.ndim != ndim:
            raise TypeError(name)
        return value


def _problems(component: Component) -> Problems:
    fields = _Fields(component)
    for name in ("Dim", "InputDim", "OutputDim", "CellDim"):
        if name in component.fields and fields.integer(name) < 1:
            yield f"expected <{name}> of 1 or more, found {fields.integer(name)}"
    for name in ("LinearParams", "Params"):
        value = component.fields.get(name)
        if isinstance(value, np.ndarray) and not value.size:
            yield f"expected values in <{name}>, found none"
    rule = _RULES.get(component.type)
    if rule is not None:
        yield from rule(fields)


def _bias(fields: _Fields, weights: str = "LinearParams", *, optional: bool = False) -> Problems:
    rows, values = len(fields.array(weights, 2)), len(fields.array("BiasParams", 1))
    if values != rows and not (optional and values == 0):
        yield f"expected {rows} values in <BiasParams>, one for each row of <{weights}>, found {values}"


def _at_least(fields: _Fields, least: int, *names: str) -> Problems:
    for name in names:
        if fields.integer(name) < least:
            yield f"expected <{name}> of {least} or more, found {fields.integer(name)}"


def _near(*frames: int) -> Problems:
    for frame in frames:
        if abs(frame) > FARTHEST_FRAME:
            yield f"expected frames at most {FARTHEST_FRAME} away, found {frame}"


def _multiple(large: str, size: int, small: str, part: int) -> Problems:
    if part < 1 or size % part:
        yield f"expected {large} to be a multiple of {small}, found {size} and {part}"


def _repeated(fields: _Fields) -> Problems:
    yield from _at_least(fields, 1, "NumRepeats")
    yield from _bias(fields)


def _blocks(fields: _Fields) -> Problems:
    yield from _bias(fields)
    yield from _multiple("rows", len(fields.array("LinearParams", 2)), "<NumBlocks>", fields.integer("NumBlocks"))


def _tdnn(fields: _Fields) -> Problems:
    yield from _bias(fields, optional=True)
    offsets = fields.array("TimeOffsets", 1)
    yield from _multiple("columns", fields.array("LinearParams", 2).shape[1], "the time offsets", len(offsets))
    yield from _near(*offsets.tolist())
    if len(set(offsets.tolist())) != len(offsets):
        yield "expected different numbers in <TimeOffsets>, found the same twice"


def _time_height(fields: _Fields) -> Problems:
    yield from _at_least(fields, 1, "NumFiltersIn", "NumFiltersOut", "HeightIn", "HeightOut", "HeightSubsampleOut")
    yield from _bias(fields)
    offsets = fields.array("Offsets", 1).reshape(-1, 2)
    shape = (fields.integer("NumFiltersOut"), fields.integer("NumFiltersIn") * len(offsets))
    weights = fields.array("LinearParams", 2)
    if weights.shape != shape:
        yield f"expected <LinearParams> of {shape[0]} x {shape[1]}, found {weights.shape[0]} x {weights.shape[1]}"
    yield from _near(*offsets[:, 0].tolist(), fields.integer("HeightOut") * fields.integer("HeightSubsampleOut"))
    # As one kernel the filters have weights for all frames and heights between the offsets.
    spans = np.ptp(offsets.astype(np.int64), axis=0) + 1
    if len(offsets) and int(spans.prod()) * fields.integer("NumFiltersIn") * shape[0] > _LARGEST_KERNEL:
        yield f"expected near <Offsets>, found some that are {spans[0]} frames and {spans[1]} heights apart"
    required = set(fields.array("RequiredTimeOffsets", 1).tolist())
    if not required or not required <= set(offsets[:, 0].tolist()):
        yield "expected <RequiredTimeOffsets> to be some of the time offsets, found others or none"
    if len({tuple(pair) for pair in offsets.tolist()}) != len(offsets):
        yield "expected different pairs in <Offsets>, found the same twice"


def _sizes(fields: _Fields) -> Problems:
    sizes = fields.array("Sizes", 1)
    if not len(sizes) or sizes.min() < 1 or int(sizes.sum(dtype=np.int64)) >= 2**31:
        yield "expected sizes of 1 or more in <Sizes>, found others or none"


def _groups(fields: _Fields) -> Problems:
    yield from _multiple("<InputDim>", fields.integer("InputDim"), "<OutputDim>", fields.integer("OutputDim"))


def _block_dim(fields: _Fields) -> Problems:
    dim = fields.integer("Dim" if "Dim" in fields.component.fields else "InputDim")
    yield from _multiple("the width", dim, "<BlockDim>", fields.integer("BlockDim", dim))


def _normalize(fields: _Fields) -> Problems:
    yield from _block_dim(fields)
    if not fields.number("TargetRms", 1.0) > 0:
        yield f"expected <TargetRms> above 0, found {fields.number('TargetRms'):g}"


def _batch_norm(fields: _Fields) -> Problems:
    yield from _block_dim(fields)
    for name in ("Epsilon", "TargetRms"):
        if not fields.number(name) > 0:
            yield f"expected <{name}> above 0, found {fields.number(name):g}"
    counted = fields.number("Count") > 0
    for name in ("StatsMean", "StatsVar"):
        size, wanted = len(fields.array(name, 1)), fields.integer("BlockDim")
        if size != wanted and (counted or size):
            yield f"expected {wanted} values in <{name}>, found {size}"


def _column_map(fields: _Fields) -> Problems:
    columns = fields.array("ColumnMap", 1)
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        yield "expected every column once in <ColumnMap>, found others"


def _offset(fields: _Fields) -> Problems:
    size = len(fields.array("Offsets", 1))
    yield from _multiple("the width", fields.integer("Dim", size), "the size of <Offsets>", size)


def _scale_and_offset(fields: _Fields) -> Problems:
    scales, offsets = len(fields.array("Scales", 1)), len(fields.array("Offsets", 1))
    if scales != offsets:
        yield f"expected <Scales> and <Offsets> of the same size, found {scales} and {offsets}"
    yield from _multiple("<Dim>", fields.integer("Dim"), "the size of <Scales>", scales)


def _convolution(fields: _Fields) -> Problems:
    sizes = ("InputXDim", "InputYDim", "InputZDim", "FiltXDim", "FiltYDim", "FiltXStep", "FiltYStep")
    yield from _at_least(fields, 1, *sizes)
    yield from _bias(fields, "FilterParams")
    for axis in "XY":
        rest = fields.integer(f"Input{axis}Dim") - fields.integer(f"Filt{axis}Dim")
        if rest < 0:
            yield f"expected a filter that fits into the input, found one too long by {-rest} in {axis}"
        yield from _multiple("what a filter leaves", rest, f"<Filt{axis}Step>", fields.integer(f"Filt{axis}Step"))
    wanted = fields.integer("FiltXDim") * fields.integer("FiltYDim") * fields.integer("InputZDim")
    found = fields.array("FilterParams", 2).shape[1]
    if found != wanted:
        yield f"expected {wanted} columns in <FilterParams>, found {found}"
    if fields.integer("InputVectorization") not in (0, 1):
        yield f"expected <InputVectorization> 0 or 1, found {fields.integer('InputVectorization')}"


def _pooling(fields: _Fields) -> Problems:
    for axis in "XYZ":
        yield from _at_least(fields, 1, f"Input{axis}Dim", f"Pool{axis}Size", f"Pool{axis}Step")
        size, step = fields.integer(f"Pool{axis}Size"), fields.integer(f"Pool{axis}Step")
        if not step <= size <= fields.integer(f"Input{axis}Dim"):
            yield f"expected <Pool{axis}Step> <= <Pool{axis}Size> <= <Input{axis}Dim>, found others"
        rest = fields.integer(f"Input{axis}Dim") - size
        yield from _multiple("what a pool leaves", rest, f"<Pool{axis}Step>", step)


def _extraction(fields: _Fields) -> Problems:
    yield from _at_least(fields, 1, "InputPeriod", "OutputPeriod")
    if fields.integer("OutputPeriod") > _LONGEST_PERIOD:
        yield f"expected <OutputPeriod> of at most {_LONGEST_PERIOD} frames, found {fields.integer('OutputPeriod')}"
    yield from _multiple(
        "<OutputPeriod>", fields.integer("OutputPeriod"), "<InputPeriod>", fields.integer("InputPeriod")
    )


def _statistics_pooling(fields: _Fields) -> Problems:
    yield from _at_least(fields, 1, "InputPeriod")
    yield from _at_least(fields, 0, "LeftContext", "RightContext", "NumLogCountFeatures")
    yield from _near(fields.integer("LeftContext"), fields.integer("RightContext"))
    for name in ("LeftContext", "RightContext"):
        yield from _multiple(f"<{name}>", fields.integer(name), "<InputPeriod>", fields.integer("InputPeriod"))
    if fields.integer("LeftContext") + fields.integer("RightContext") < 1:
        yield "expected a left or right context, found none"
    if fields.component.fields["OutputStddevs"] and fields.integer("InputDim") % 2 == 0:
        yield f"expected an odd <InputDim> (count, sums and squares), found {fields.integer('InputDim')}"


def _attention(fields: _Fields) -> Problems:
    yield from _at_least(fields, 1, "NumHeads", "KeyDim", "ValueDim", "TimeStride")
    yield from _at_least(fields, 0, "NumLeftInputsRequired", "NumRightInputsRequired")
    inputs = max(fields.integer("NumLeftInputs"), fields.integer("NumRightInputs"))
    yield from _near(inputs * fields.integer("TimeStride"))
    for side in ("Left", "Right"):
        if fields.integer(f"Num{side}InputsRequired") > fields.integer(f"Num{side}Inputs"):
            yield f"expected <Num{side}InputsRequired> of at most <Num{side}Inputs>, found more"
    if fields.integer("NumLeftInputs") + fields.integer("NumRightInputs") < 1:
        yield "expected inputs on the left or right, found none"


def _lstm(fields: _Fields) -> Problems:
    if len(fields.array("Params", 2)) != 3:
        yield f"expected 3 rows in <Params>, found {len(fields.array('Params', 2))}"


def _gru(fields: _Fields) -> Problems:
    shape, wanted = fields.array("w_h", 2).shape, (fields.integer("CellDim"), fields.integer("RecurrentDim"))
    if shape != wanted:
        yield f"expected <w_h> of {wanted[0]} x {wanted[1]}, found {shape[0]} x {shape[1]}"


def _output_gru(fields: _Fields) -> Problems:
    if len(fields.array("w_h", 1)) != fields.integer("CellDim"):
        yield f"expected {fields.integer('CellDim')} values in <w_h>, found {len(fields.array('w_h', 1))}"


def _composite(fields: _Fields) -> Problems:
    chain = fields.component.nested[0]
    if not chain:
        yield "expected at least one component inside, found none"
    width = 0
    for inner in chain:
        problem = component_problem(inner)
        if problem:
            yield f"'{inner.name}' at byte {inner.offset} ({inner.type}): {problem}"
        expected, given = component_dims(inner)
        if width not in (0, expected):
            yield f"'{inner.name}' at byte {inner.offset} ({inner.type}): expected {expected} columns, found {width}"
        width = given


_RULES: Mapping[str, Callable[[_Fields], Problems]] = {
    **dict.fromkeys(("AffineComponent", "NaturalGradientAffineComponent", "FixedAffineComponent"), _bias),
    **dict.fromkeys(("RepeatedAffineComponent", "NaturalGradientRepeatedAffineComponent"), _repeated),
    **dict.fromkeys(
        (
            *("SigmoidComponent", "TanhComponent", "SoftmaxComponent", "LogSoftmaxComponent"),
            *("RectifiedLinearComponent", "GeneralDropoutComponent"),
        ),
        _block_dim,
    ),
    **dict.fromkeys(
        ("PnormComponent", "ElementwiseProductComponent", "DistributeComponent", "SumBlockComponent"), _groups
    ),
    "BlockAffineComponent": _blocks,
    "TdnnComponent": _tdnn,
    "TimeHeightConvolutionComponent": _time_height,
    "SumGroupComponent": _sizes,
    "NormalizeComponent": _normalize,
    "BatchNormComponent": _batch_norm,
    "PermuteComponent": _column_map,
    "PerElementOffsetComponent": _offset,
    "ScaleAndOffsetComponent": _scale_and_offset,
    "ConvolutionComponent": _convolution,
    "MaxpoolingComponent": _pooling,
    "StatisticsExtractionComponent": _extraction,
    "StatisticsPoolingComponent": _statistics_pooling,
    "RestrictedAttentionComponent": _attention,
    "LstmNonlinearityComponent": _lstm,
    "GruNonlinearityComponent": _gru,
    "OutputGruNonlinearityComponent": _output_gru,
    "CompositeComponent": _composite,
}
