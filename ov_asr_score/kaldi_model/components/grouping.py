"""Components that take columns in groups or in another order: norms, maxima and sums of groups, permutations, copies.

Sources: nnet/nnet-various.h (``CopyComponent``); nnet2/nnet-component.cc; nnet3/nnet-simple-component.cc.

Tests: tests/kaldi_model/components, tests/golden
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import ComponentType, Dims, Problems
from ov_asr_score.kaldi_model.components.field_checks import every_column_once, groups, multiple, not_negative, size
from ov_asr_score.kaldi_model.components.fields import Fields, ints

_WIDTHS = ("InputDim", "OutputDim")


def _sum_group(fields: Fields) -> Dims:
    sizes = fields.array("Sizes")
    return int(sizes.sum(dtype=np.int64)), len(sizes)


def _permute(name: str) -> Callable[[Fields], Dims]:
    def dims(fields: Fields) -> Dims:
        columns = len(fields.array(name))
        return columns, columns

    return dims


def _check_columns(name: str) -> Callable[[Fields], Problems]:
    def check(fields: Fields) -> Problems:
        """Kaldi: ``PermuteComponent::ComputeReverseColumnMap``."""
        yield from every_column_once(fields, name)

    return check


def _check_order(fields: Fields) -> Problems:
    """Kaldi asserts in ``Init`` that every column comes once, but not in ``Read``."""
    columns = fields.vector("Reorder")
    if not len(columns) or columns.min() < 0 or columns.max() >= len(columns):
        # It would write outside of its memory.
        yield f"expected columns from 0 to {len(columns) - 1} in <Reorder>, found others"


def _check_copy(fields: Fields) -> Problems:
    """As many indices as columns are asserted in ``ReadData``; others than those of the input lie outside of it."""
    columns, rows = fields.widths
    yield from size(fields, "CopyFromIndices", rows)
    taken = fields.array("CopyFromIndices")
    if taken.min() < 1 or taken.max() > columns:
        yield f"expected columns from 1 to {columns}, found {taken.min()} to {taken.max()}"


def _check_pnorm(fields: Fields) -> Problems:
    """``GroupPnorm`` asserts the widths, ``VectorBase::Norm`` the power (matrix/kaldi-vector.cc)."""
    yield from groups(fields)
    yield from not_negative(fields, "P")


def _check_blocks(fields: Fields) -> Problems:
    """Kaldi: assertions of ``AddMatBlocks`` (cudamatrix/cu-matrix.cc), for blocks that are summed or repeated."""
    columns, rows = fields.widths
    if columns >= rows:
        yield from groups(fields)
    else:
        yield from multiple("<OutputDim>", rows, "<InputDim>", columns)


def _check_sizes(fields: Fields) -> Problems:
    """Asserted in ``SumGroupComponent::Init``, which ``Read`` calls."""
    sizes = fields.vector("Sizes")
    if not len(sizes) or sizes.min() < 1:
        yield "expected sizes of 1 or more in <Sizes>, found others or none"


def _check_sizes_of_nnet3(fields: Fields) -> Problems:
    """Kaldi: assertions of ``SumGroupComponent::Init``.

    Reason for not too many columns: the widths of components inside of a composite are checked nowhere else.
    """
    yield from _check_sizes(fields)
    if int(fields.vector("Sizes").sum(dtype=np.int64)) >= 2**31:
        yield "expected sizes of 1 or more in <Sizes>, found others or none"


TYPES = (
    ComponentType("Copy", (1,), values=(("CopyFromIndices", "ints"),), checks=_check_copy),
    ComponentType("MaxoutComponent", (2,), ints(*_WIDTHS), _WIDTHS, checks=groups),
    ComponentType("PnormComponent", (2,), {**ints(*_WIDTHS), "P": "float"}, (*_WIDTHS, "P"), checks=_check_pnorm),
    ComponentType("PnormComponent", (3,), ints(*_WIDTHS), _WIDTHS, checks=groups),
    ComponentType(
        "SumGroupComponent",
        (2,),
        {"Sizes": "ints"},
        ("Sizes",),
        old_end=True,
        checks=_check_sizes,
        dims=_sum_group,
    ),
    ComponentType(
        "SumGroupComponent",
        (3,),
        {"Sizes": "ints"},
        ("Sizes",),
        old_end=True,
        checks=_check_sizes_of_nnet3,
        dims=_sum_group,
    ),
    ComponentType(
        "SumBlockComponent", (3,), {**ints(*_WIDTHS), "Scale": "float"}, (*_WIDTHS, "Scale"), checks=_check_blocks
    ),
    ComponentType(
        "PermuteComponent",
        (2,),
        {"Reorder": "ints"},
        ("Reorder",),
        checks=_check_order,
        dims=_permute("Reorder"),
    ),
    ComponentType(
        "PermuteComponent",
        (3,),
        {"ColumnMap": "column map"},
        ("ColumnMap",),
        checks=_check_columns("ColumnMap"),
        dims=_permute("ColumnMap"),
    ),
)
