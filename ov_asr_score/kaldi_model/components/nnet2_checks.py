"""What must hold between the fields of the components of nnet2, so that a damaged file is found out when it is read.

Source: the assertions in ``Init`` and ``Read`` of the components in nnet2/nnet-component.cc.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.network import FARTHEST_FRAME, Component

Problems: TypeAlias = Iterator[str]

# The transform becomes one matrix of this size squared.
_WIDEST_DCT = 4096


def component_problem(component: Component) -> str:
    """What does not fit in a component, as ``expected …, found …``; empty if all is well."""
    rule = _RULES.get(component.type)
    return next(rule(_Fields(component)), "") if rule is not None else ""


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fields of a component by kind; the reader has seen to it that they are there, and of that kind."""

    component: Component

    def number(self, name: str) -> float:
        return float(cast(float, self.component.fields[name]))

    def integer(self, name: str, default: int = 0) -> int:
        return int(cast(int, self.component.fields.get(name, default)))

    def array(self, name: str) -> NDArray[np.float32]:
        return cast("NDArray[np.float32]", self.component.fields[name])


def _multiple(what: str, size: int, of: str, part: int) -> Problems:
    if part < 1 or size < 0 or size % part:
        yield f"expected {what} to be a multiple of {of}, found {size} and {part}"


def _affine(fields: _Fields) -> Problems:
    yield from _bias(fields, "LinearParams")


def _bias(fields: _Fields, weights: str) -> Problems:
    rows, values = len(fields.array(weights)), len(fields.array("BiasParams"))
    if values != rows:
        yield f"expected {rows} values in <BiasParams>, one for each row of <{weights}>, found {values}"


def _blocks(fields: _Fields) -> Problems:
    yield from _affine(fields)
    yield from _multiple("rows", len(fields.array("LinearParams")), "<NumBlocks>", fields.integer("NumBlocks"))


def _groups(fields: _Fields) -> Problems:
    yield from _multiple("<InputDim>", fields.integer("InputDim"), "<OutputDim>", fields.integer("OutputDim"))


def _pnorm(fields: _Fields) -> Problems:
    yield from _groups(fields)
    yield from _not_negative(fields, "P")


def _power(fields: _Fields) -> Problems:
    yield from _not_negative(fields, "Power")


def _not_negative(fields: _Fields, name: str) -> Problems:
    if not fields.number(name) >= 0:
        yield f"expected <{name}> of 0 or more, found {fields.number(name):g}"


def _sizes(fields: _Fields) -> Problems:
    sizes = fields.array("Sizes")
    if not len(sizes) or sizes.min() < 1:
        yield "expected sizes of 1 or more in <Sizes>, found others or none"


def _permutation(fields: _Fields) -> Problems:
    columns = fields.array("Reorder")
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        yield "expected every column once in <Reorder>, found others"


def _dct(fields: _Fields) -> Problems:
    dim, block, kept = fields.integer("Dim"), fields.integer("DctDim"), fields.integer("DctKeepDim")
    yield from _multiple("<Dim>", dim, "<DctDim>", block)
    if not 0 <= kept <= block:
        yield f"expected <DctKeepDim> of at most <DctDim>, found {kept} and {block}"
    if dim > _WIDEST_DCT:
        yield f"expected <Dim> of at most {_WIDEST_DCT}, found {dim}"


def _splice(fields: _Fields) -> Problems:
    context = fields.array("Context").astype(np.int64)
    if not (np.diff(context) > 0).all() or context[0] > 0 or context[-1] < 0:
        yield f"expected rising frame offsets from 0 or less to 0 or more, found {str(context.tolist())[:40]}"
    if np.abs(context).max() > FARTHEST_FRAME:
        yield f"expected frames at most {FARTHEST_FRAME} away, found {np.abs(context).max()}"
    constant = fields.integer("ConstComponentDim")
    if constant and not 0 <= constant < fields.integer("InputDim"):
        yield f"expected <ConstComponentDim> from 0 to below <InputDim>, found {constant}"


def _convolution(fields: _Fields) -> Problems:
    patch, step, stride = (fields.integer(name) for name in ("PatchDim", "PatchStep", "PatchStride"))
    if not 1 <= patch <= stride:
        yield f"expected <PatchDim> of 1 to <PatchStride>, found {patch} and {stride}"
    yield from _multiple("what a patch leaves", stride - patch, "<PatchStep>", step)
    yield from _multiple("columns of <FilterParams>", fields.array("FilterParams").shape[1], "<PatchDim>", patch)
    yield from _bias(fields, "FilterParams")


def _maxpooling(fields: _Fields) -> Problems:
    columns, size, stride = (fields.integer(name) for name in ("InputDim", "PoolSize", "PoolStride"))
    yield from _multiple("<InputDim>", columns, "<PoolStride>", stride)
    patches = columns // stride
    yield from _multiple("the number of patches", patches, "<PoolSize>", size)
    if fields.integer("OutputDim") != patches // size * stride:
        yield f"expected <OutputDim> {patches // size * stride}, found {fields.integer('OutputDim')}"


_RULES: Mapping[str, Callable[[_Fields], Problems]] = {
    **dict.fromkeys(
        (
            *("AffineComponent", "AffineComponentPreconditioned", "AffineComponentPreconditionedOnline"),
            "FixedAffineComponent",
        ),
        _affine,
    ),
    **dict.fromkeys(("BlockAffineComponent", "BlockAffineComponentPreconditioned"), _blocks),
    "MaxoutComponent": _groups,
    "PnormComponent": _pnorm,
    "PowerComponent": _power,
    "SumGroupComponent": _sizes,
    "PermuteComponent": _permutation,
    "DctComponent": _dct,
    "SpliceComponent": _splice,
    "SpliceMaxComponent": _splice,
    "Convolutional1dComponent": _convolution,
    "MaxpoolingComponent": _maxpooling,
}
