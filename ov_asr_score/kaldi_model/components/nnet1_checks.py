"""What must hold between the fields of the components of nnet1, so that a damaged file is found out when it is read.

Sources: the assertions in the ``ReadData`` functions of nnet/nnet-*.h, and the widths that their ``PropagateFnc`` need.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, Component

Problems: TypeAlias = Iterator[str]

_TYPES = ("bern", "gauss")


def check_components(components: Sequence[Component], source: str) -> None:
    """Nothing; raises ModelFormatError when fields of a component, or components inside of it, do not fit."""
    for component in components:
        for chain in component.nested:
            check_components(chain, source)
        problem = component_problem(component)
        if problem:
            raise ModelFormatError(
                f"{source}: component '{component.name}' at byte {component.offset}: {problem}; the file is damaged"
            )


def component_problem(component: Component) -> str:
    """What does not fit in a component, as ``expected …, found …``; empty if all is well."""
    return next(_problems(_Fields(component)), "")


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a component by kind; the reader has seen to it that they are there, and of that kind."""

    component: Component

    def integer(self, name: str) -> int:
        return int(cast(int, self.component.fields[name]))

    def array(self, name: str) -> NDArray[np.float32]:
        return cast("NDArray[np.float32]", self.component.fields[name])

    @property
    def widths(self) -> tuple[int, int]:
        """Of the input and of the output."""
        return self.integer("InputDim"), self.integer("OutputDim")


def _problems(fields: _Fields) -> Problems:
    for name in ("InputDim", "OutputDim"):
        if fields.integer(name) < 1:
            yield f"expected a width of 1 or more, found {fields.integer(name)}"
    yield from _RULES[fields.component.type](fields)


def _shape(fields: _Fields, name: str, rows: int, columns: int) -> Problems:
    found = fields.array(name).shape
    if found != (rows, columns):
        yield f"expected {name} of {rows} x {columns}, found {' x '.join(map(str, found))}"


def _size(fields: _Fields, name: str, size: int) -> Problems:
    found = np.size(fields.array(name))
    if found != size:
        yield f"expected {size} values in {name}, found {found}"


def _multiple(what: str, size: int, of: str, part: int) -> Problems:
    if part < 1 or size < 0 or size % part:
        yield f"expected {what} to be a multiple of {of}, found {size} and {part}"


def _same_width(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    if columns != rows:
        yield f"expected an output as wide as the input, found {rows} and {columns}"


def _affine(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    yield from _shape(fields, "Linearity", rows, columns)
    yield from _size(fields, "Bias", rows)


def _linear(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    yield from _shape(fields, "Linearity", rows, columns)


def _rbm(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    for name in ("VisType", "HidType"):
        if fields.component.fields[name] not in _TYPES:
            yield f"expected {name} bern or gauss, found '{str(fields.component.fields[name])[:20]}'"
    yield from _shape(fields, "VisHid", rows, columns)
    yield from _size(fields, "VisBias", columns)
    yield from _size(fields, "HidBias", rows)


def _convolution(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    dim, step, stride = (fields.integer(name) for name in ("PatchDim", "PatchStep", "PatchStride"))
    if not 1 <= dim <= stride:
        yield f"expected <PatchDim> of 1 to <PatchStride>, found {dim} and {stride}"
    yield from _multiple("the input", columns, "<PatchStride>", stride)
    yield from _multiple("what a patch leaves", stride - dim, "<PatchStep>", step)
    patches = 1 + (stride - dim) // step
    yield from _multiple("the output", rows, "the number of patches", patches)
    yield from _shape(fields, "Filters", rows // patches, columns // stride * dim)
    yield from _size(fields, "Bias", rows // patches)


def _lstm_direction(fields: _Fields, prefix: str, projection: int) -> Problems:
    columns, cells = fields.integer("InputDim"), fields.integer("CellDim")
    if cells < 1:
        yield f"expected <CellDim> of 1 or more, found {cells}"
    yield from _shape(fields, f"{prefix}WGifoX", 4 * cells, columns)
    yield from _shape(fields, f"{prefix}WGifoR", 4 * cells, projection)
    yield from _size(fields, f"{prefix}Bias", 4 * cells)
    for gate in "IFO":
        yield from _size(fields, f"{prefix}Peephole{gate}C", cells)
    yield from _shape(fields, f"{prefix}WRM", projection, cells)


def _lstm(fields: _Fields) -> Problems:
    yield from _lstm_direction(fields, "", fields.integer("OutputDim"))


def _blstm(fields: _Fields) -> Problems:
    yield from _multiple("the output", fields.integer("OutputDim"), "the two directions", 2)
    yield from _lstm_direction(fields, "F", fields.integer("OutputDim") // 2)
    yield from _lstm_direction(fields, "B", fields.integer("OutputDim") // 2)


def _recurrent(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    yield from _shape(fields, "WForward", rows, columns)
    yield from _shape(fields, "WRecurrent", rows, rows)
    yield from _size(fields, "Bias", rows)


def _block_softmax(fields: _Fields) -> Problems:
    yield from _same_width(fields)
    dims = fields.array("BlockDims").astype(np.int64)
    if not dims.size or dims.min() < 1 or dims.sum() != fields.integer("OutputDim"):
        yield f"expected blocks that make {fields.integer('OutputDim')} columns, found {str(dims.tolist())[:40]}"


def _parametric_relu(fields: _Fields) -> Problems:
    yield from _same_width(fields)
    yield from _size(fields, "Alpha", fields.integer("OutputDim"))
    yield from _size(fields, "Beta", fields.integer("OutputDim"))


def _dropout(fields: _Fields) -> Problems:
    yield from _same_width(fields)
    rate = dropout_rate(fields.component)
    if not 0 <= rate < 1:
        yield f"expected a rate of dropout from 0 to below 1, found {rate:g}"


def dropout_rate(component: Component) -> float:
    """The share of its input that a Dropout component sets to zero in training; 0.5 if its file does not say."""
    fields = component.fields
    if "DropoutRate" in fields:
        return float(cast(float, fields["DropoutRate"]))
    return 1.0 - float(cast(float, fields["DropoutRetention"])) if "DropoutRetention" in fields else 0.5


def _splice(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    offsets = len(fields.array("FrameOffsets"))
    if offsets * columns != rows:
        yield f"expected {offsets} frames of {columns} columns to make the output, found {rows} columns"
    farthest = max((abs(offset) for offset in fields.array("FrameOffsets").tolist()), default=0)
    if farthest > FARTHEST_FRAME:
        yield f"expected frames at most {FARTHEST_FRAME} away, found {farthest}"


def _copy(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    yield from _size(fields, "CopyFromIndices", rows)
    taken = fields.array("CopyFromIndices")
    if taken.min() < 1 or taken.max() > columns:
        yield f"expected columns from 1 to {columns}, found {taken.min()} to {taken.max()}"


def _add_shift(fields: _Fields) -> Problems:
    yield from _same_width(fields)
    yield from _size(fields, "ShiftData", fields.integer("InputDim"))


def _rescale(fields: _Fields) -> Problems:
    yield from _same_width(fields)
    yield from _size(fields, "ScaleData", fields.integer("InputDim"))


def _kl_hmm(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    yield from _shape(fields, "KlStats", rows, columns)


def _pooling(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    size, step, stride = (fields.integer(name) for name in ("PoolSize", "PoolStep", "PoolStride"))
    yield from _multiple("the input", columns, "<PoolStride>", stride)
    patches = columns // stride
    if not 1 <= size <= patches:
        yield f"expected <PoolSize> of 1 to {patches}, found {size}"
    yield from _multiple("what a pool leaves", patches - size, "<PoolStep>", step)
    pools = 1 + (patches - size) // step
    if rows != pools * stride:
        yield f"expected an output of {pools} pools of {stride} columns, found {rows} columns"


def _frame_pooling(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    dim, offsets = fields.integer("FeatureDim"), fields.array("FrameOffset")
    yield from _multiple("the input", columns, "<FeatureDim>", dim)
    if rows != dim * len(offsets):
        yield f"expected an output of {len(offsets)} pools of {dim} columns, found {rows} columns"
    weights = cast("tuple[NDArray[np.float32], ...]", fields.component.fields["FrameWeight"])
    for offset, values in zip(offsets.tolist(), weights, strict=True):
        if offset < 0 or offset + len(values) > columns // dim:
            yield f"expected pools within {columns // dim} frames, found {len(values)} frames from {offset} on"


def _chain_widths(fields: _Fields, chain: Sequence[Component], what: str) -> tuple[int, int] | str:
    """Widths of a network inside, or what is wrong with it."""
    if not chain:
        return f"expected a {what} network of one component or more, found none"
    widths = [_Fields(component).widths for component in chain]
    for (before, after), (one, two) in zip(pairwise(chain), pairwise(widths), strict=True):
        if one[1] != two[0]:
            return (
                f"'{after.name}' at byte {after.offset}: expected {two[0]} columns, found {one[1]} from '{before.name}'"
            )
    return widths[0][0], widths[-1][1]


def _all_widths(fields: _Fields) -> tuple[list[tuple[int, int]], str]:
    found = [_chain_widths(fields, chain, "nested") for chain in fields.component.nested]
    wrong = next((each for each in found if isinstance(each, str)), "")
    return [each for each in found if not isinstance(each, str)], wrong


def _sentence_averaging(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    widths, wrong = _all_widths(fields)
    if wrong:
        yield wrong
    elif widths[0][0] != columns or widths[0][1] + columns != rows:
        yield f"expected a network from {columns} to {rows - columns} columns inside, found {_arrow(widths[0])}"


def _parallel(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    widths, wrong = _all_widths(fields)
    if wrong:
        yield wrong
    elif sum(width[0] for width in widths) != columns or sum(width[1] for width in widths) != rows:
        found = ", ".join(_arrow(width) for width in widths)
        yield f"expected networks inside that make {columns} to {rows} columns together, found {found}"


def _multi_basis(fields: _Fields) -> Problems:
    columns, rows = fields.widths
    widths, wrong = _all_widths(fields)
    if wrong:
        yield wrong
        return
    selector, bases = widths[0], widths[1:]
    if selector[1] != len(bases):
        yield f"expected a selector of {len(bases)} columns, one for each basis, found {selector[1]}"
    for basis in bases:
        if basis != (columns - selector[0], rows):
            yield f"expected bases from {columns - selector[0]} to {rows} columns, found {_arrow(basis)}"


def _arrow(widths: tuple[int, int]) -> str:
    return f"{widths[0]} to {widths[1]}"


_RULES: Mapping[str, Callable[[_Fields], Problems]] = {
    **dict.fromkeys(
        (
            *("Softmax", "HiddenSoftmax", "Sigmoid", "Tanh", "LengthNormComponent"),
            "SimpleSentenceAveragingComponent",
        ),
        _same_width,
    ),
    "AffineTransform": _affine,
    "LinearTransform": _linear,
    "ConvolutionalComponent": _convolution,
    "LstmProjected": _lstm,
    "BlstmProjected": _blstm,
    "RecurrentComponent": _recurrent,
    "BlockSoftmax": _block_softmax,
    "ParametricRelu": _parametric_relu,
    "Dropout": _dropout,
    "Rbm": _rbm,
    "Splice": _splice,
    "Copy": _copy,
    "AddShift": _add_shift,
    "Rescale": _rescale,
    "KlHmm": _kl_hmm,
    "AveragePoolingComponent": _pooling,
    "MaxPoolingComponent": _pooling,
    "FramePoolingComponent": _frame_pooling,
    "SentenceAveragingComponent": _sentence_averaging,
    "ParallelComponent": _parallel,
    "MultiBasisComponent": _multi_basis,
}
