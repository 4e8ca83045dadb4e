"""Checks that many types share, so that damage is noticed when a file is read.

Each yields what does not fit as ``expected …, found …``. What it stands for is said where it is asked for.

Tests: tests/kaldi_model/components
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.components.component_type import Problems
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.network import FARTHEST_FRAME


def multiple(large: str, size: int, small: str, part: int) -> Problems:
    """``size`` must be a multiple of ``part``, as Kaldi asserts; the texts name both."""
    if part < 1 or size < 0 or size % part:
        yield f"expected {large} to be a multiple of {small}, found {size} and {part}"


def quotient(number: int, divisor: int) -> int:
    """``number / divisor`` as in C++, which cuts towards zero. Raises ZeroDivisionError."""
    size = abs(number) // abs(divisor)
    return size if (number < 0) == (divisor < 0) else -size


def at_least(fields: Fields, least: int, *names: str) -> Problems:
    """Integers that Kaldi asserts not to be smaller than ``least``, or divides by."""
    for name in names:
        if fields.integer(name) < least:
            yield f"expected <{name}> of {least} or more, found {fields.integer(name)}"


def positive(fields: Fields, *names: str) -> Problems:
    """Numbers that Kaldi asserts to be above 0, which NaN is not."""
    for name in names:
        if not fields.number(name) > 0:
            yield f"expected <{name}> above 0, found {fields.number(name):g}"


def not_negative(fields: Fields, name: str) -> Problems:
    """A number that Kaldi asserts to be 0 or more, which NaN is not."""
    if not fields.number(name) >= 0:
        yield f"expected <{name}> of 0 or more, found {fields.number(name):g}"


def near(*frames: int) -> Problems:
    """Frames must not be farther away than 200 seconds.

    Reason: which frames can be computed is simulated, with all frames in between in memory. Kaldi gives up at windows
    of 640 frames (``ComputeSimpleNnetContext``), but for frames that are optional.
    """
    for frame in frames:
        if abs(frame) > FARTHEST_FRAME:
            yield f"expected frames at most {FARTHEST_FRAME} away, found {frame}"


def groups(fields: Fields) -> Problems:
    """The input must be a whole number of outputs wide. Kaldi: ``GroupPnorm`` (cudamatrix/cu-matrix.cc)."""
    yield from multiple("<InputDim>", fields.integer("InputDim"), "<OutputDim>", fields.integer("OutputDim"))


def block_dim(fields: Fields) -> Problems:
    """``BlockDim``, if there is one, must divide the width."""
    dim = fields.integer("Dim" if "Dim" in fields else "InputDim")
    yield from multiple("the width", dim, "<BlockDim>", fields.integer("BlockDim", dim))


def bias(fields: Fields, weights: str = "LinearParams", *, optional: bool = False) -> Problems:
    """``BiasParams`` must have a value for each row of the matrix ``weights``, or none at all if it is ``optional``.

    Kaldi: ``CopyRowsFromVec`` (matrix/kaldi-matrix.cc) when it computes.
    """
    rows, values = len(fields.matrix(weights)), len(fields.vector("BiasParams"))
    if values != rows and not (optional and values == 0):
        yield f"expected {rows} values in <BiasParams>, one for each row of <{weights}>, found {values}"


def same_width(fields: Fields) -> Problems:
    """The output must be as wide as the input (nnet1): ``SameDim`` in the operation of the component."""
    columns, rows = fields.widths
    if columns != rows:
        yield f"expected an output as wide as the input, found {rows} and {columns}"


def shape(fields: Fields, name: str, rows: int, columns: int) -> Problems:
    """A matrix must have that shape (nnet1): asserted in ``ReadData`` of the component, or by ``AddMatMat``."""
    found = fields.array(name).shape
    if found != (rows, columns):
        yield f"expected {name} of {rows} x {columns}, found {' x '.join(map(str, found))}"


def size(fields: Fields, name: str, values: int) -> Problems:
    """A vector must have that many values (nnet1).

    Asserted in ``ReadData`` of the component, or by ``AddVecToRows``, ``MulColsVec``, ``AddMatDiagVec``.
    """
    found = np.size(fields.array(name))
    if found != values:
        yield f"expected {values} values in {name}, found {found}"


def every_column_once(fields: Fields, name: str) -> Problems:
    """A vector must be a permutation of 0 to D - 1. Kaldi: ``PermuteComponent::ComputeReverseColumnMap``."""
    columns = fields.vector(name)
    if not np.array_equal(np.sort(columns), np.arange(len(columns))):
        yield f"expected every column once in <{name}>, found others"
