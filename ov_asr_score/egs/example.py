"""Examples as plain data: rows of inputs and of labels, each with its place in time.

Tests: tests/egs/test_archives.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.chain.supervision import ChainSupervision

FloatMatrix: TypeAlias = NDArray[np.float32]
IndexArray: TypeAlias = NDArray[np.int32]
ExampleKind: TypeAlias = Literal["nnet2", "nnet3", "chain"]


@dataclass(frozen=True, slots=True, eq=False)
class SparseLabels:
    """Rows of ``dim`` values that are mostly zero.

    Row i has the values ``values[starts[i]:starts[i + 1]]`` in the columns ``columns[starts[i]:starts[i + 1]]``.
    """

    dim: int
    starts: NDArray[np.int64]
    columns: NDArray[np.int64]
    values: NDArray[np.float32]

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return len(self.starts) - 1, self.dim


Labels: TypeAlias = FloatMatrix | SparseLabels


@dataclass(frozen=True, slots=True, eq=False)
class ExampleIo:
    """An input or output: ``indexes`` [N, 3] says which n (sequence), t (frame) and x each row of ``features`` is."""

    name: str
    indexes: IndexArray
    features: Labels


@dataclass(frozen=True, slots=True, eq=False)
class ChainOutput:
    """What a chain output is trained on; ``indexes`` [N, 3] are those of the rows of scores, frame by frame."""

    name: str
    indexes: IndexArray
    supervision: ChainSupervision


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """One example, which may be several merged into a minibatch.

    Of nnet3, ``ios`` are inputs and outputs in the order of the file; of chain egs inputs only, with ``chain_outputs``.
    Of nnet2, ``ios`` are ``input``, whose frames begin at minus the left context, and ``output`` from frame 0 on.
    ``place`` begins messages: file, key, byte.
    """

    kind: ExampleKind
    key: str
    place: str
    ios: tuple[ExampleIo, ...]
    chain_outputs: tuple[ChainOutput, ...] = ()

    @property
    def num_bytes(self) -> int:
        """About how many bytes it takes."""
        return sum(io.indexes.nbytes + _num_bytes(io.features) for io in self.ios)


def _num_bytes(values: Labels) -> int:
    if isinstance(values, SparseLabels):
        return values.starts.nbytes + values.columns.nbytes + values.values.nbytes
    return values.nbytes
