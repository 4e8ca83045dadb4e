"""Examples as sequences: a minibatch is split into its sequences, and those of the same frames are put together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.egs.example import FloatMatrix, IndexArray
from ov_asr_score.errors import TableFormatError, UnsupportedModelError

Rows: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]
"""The frames t of a sequence, in ascending order, and the rows that have them [N]."""

Structure: TypeAlias = tuple[tuple[tuple[str, bytes], ...], tuple[tuple[str, bytes], ...]]
"""The frames of inputs and outputs as something to look up."""


@dataclass(frozen=True, slots=True, eq=False)
class ScoresWanted:
    """What an example gives and what is wanted for it.

    ``inputs`` are the indexes [N, 3] and features [N, D] of each input node, ``outputs`` the indexes of rows of scores.
    ``place`` begins messages.
    """

    place: str
    inputs: Mapping[str, tuple[IndexArray, FloatMatrix]]
    outputs: Mapping[str, IndexArray]


@dataclass(frozen=True, slots=True, eq=False)
class FrameSequence:
    """One sequence of an example: the frames and rows of each input and output that has any."""

    inputs: Mapping[str, Rows]
    outputs: Mapping[str, Rows]

    @property
    def structure(self) -> Structure:
        """Equal for sequences that one graph can compute."""
        return _frames(self.inputs), _frames(self.outputs)


def _frames(rows: Mapping[str, Rows]) -> tuple[tuple[str, bytes], ...]:
    return tuple((name, rows[name][0].tobytes()) for name in sorted(rows))


def split_example(wanted: ScoresWanted) -> Iterator[FrameSequence]:
    """The sequences of an example that scores are wanted for.

    Raises TableFormatError for a frame that comes twice or no rows at all, UnsupportedModelError for an index x that is
    not 0.
    """
    inputs = {name: _split(wanted.place, name, indexes) for name, (indexes, _) in wanted.inputs.items()}
    outputs = {name: _split(wanted.place, name, indexes) for name, indexes in wanted.outputs.items()}
    for n in sorted({n for parts in outputs.values() for n in parts}):
        yield FrameSequence(
            {name: parts[n] for name, parts in inputs.items() if n in parts},
            {name: parts[n] for name, parts in outputs.items() if n in parts},
        )


def _split(place: str, name: str, indexes: IndexArray) -> dict[int, Rows]:
    """The frames and rows of each sequence of one input or output."""
    if not len(indexes):  # ComputationGraphBuilder: nothing to add
        raise TableFormatError(f"{place}: expected rows in '{name}', found none")
    if indexes[:, 2].any():
        raise UnsupportedModelError(f"{place}: '{name}' has rows with an index x that is not 0, which is not supported")
    order = np.lexsort((indexes[:, 1], indexes[:, 0]))
    numbers, times = indexes[order, 0], indexes[order, 1].astype(np.int64)
    starts = np.flatnonzero(np.diff(numbers, prepend=numbers[:1] - 1))
    parts: dict[int, Rows] = {}
    for start, stop in zip(starts, [*starts[1:], len(order)], strict=True):
        frames = times[start:stop]
        if len(frames) > 1 and not np.diff(frames).all():
            twice = frames[1:][np.diff(frames) == 0][0]
            raise TableFormatError(f"{place}: '{name}' has two rows for frame {twice} of sequence {numbers[start]}")
        parts[int(numbers[start])] = (frames, order[start:stop])
    return parts


def group_sequences(examples: Sequence[ScoresWanted]) -> dict[Structure, list[tuple[int, FrameSequence]]]:
    """All sequences of ``examples`` by structure, each with the number of its example. Errors as ``split_example``."""
    groups: dict[Structure, list[tuple[int, FrameSequence]]] = {}
    for number, wanted in enumerate(examples):
        for sequence in split_example(wanted):
            groups.setdefault(sequence.structure, []).append((number, sequence))
    return groups
