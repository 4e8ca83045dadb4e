"""Frames of nodes as arithmetic: grids, intervals, windows of features, and the interface of a plan of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.frames.evaluation_order import Place
from ov_asr_score.kaldi_model.network import Descriptor, KaldiNetwork


@dataclass(frozen=True, slots=True)
class Grid:
    """Frames first, first + step, ... up to the last frame of scores plus ``last`` (``fixed``: up to frame ``last``).

    Frame 0 is the first frame of scores.
    """

    first: int
    step: int
    last: int
    fixed: bool = False

    def times(self, end: int) -> NDArray[np.int64]:
        """The frames when ``end`` is the last frame of scores [N]."""
        return np.arange(self.first, (self.last if self.fixed else end + self.last) + 1, self.step)

    def moved(self, offset: int) -> Grid:
        """The same grid, ``offset`` frames later."""
        return Grid(self.first + offset, self.step, self.last + offset, self.fixed)


@dataclass(frozen=True, slots=True)
class Interval:
    """Frames from ``first`` to the last frame of scores plus ``last``; None is no bound.

    ``first_initial`` holds in the first chunk of an utterance, ``last_final`` in the last one.
    """

    first: int | None
    last: int | None
    first_initial: int | None
    last_final: int | None

    @property
    def is_everything(self) -> bool:
        """Whether there is no bound at all."""
        return self == Interval(None, None, None, None)

    @property
    def varies(self) -> bool:
        """Whether first or last chunks differ from others."""
        return self.first != self.first_initial or self.last != self.last_final


@dataclass(frozen=True, slots=True)
class InputWindow:
    """The frames of features that a request has: ``left`` before the first frame of scores, ``right`` after the last.

    A chunk has ``left_usual`` and ``right_usual`` of them; the first chunk of an utterance has ``left_initial`` and the
    last one ``right_final`` instead.
    """

    left_usual: int
    right_usual: int
    left_initial: int
    right_final: int

    @property
    def left(self) -> int:
        """The most frames before the first frame of scores that any chunk needs."""
        return max(self.left_usual, self.left_initial)

    @property
    def right(self) -> int:
        """The most frames after the last frame of scores that any chunk needs."""
        return max(self.right_usual, self.right_final)

    @property
    def varies(self) -> bool:
        """Whether first or last chunks have other contexts."""
        return (self.left_usual, self.right_usual) != (self.left_initial, self.right_final)


class Plan(Protocol):
    """What building a graph needs: which frames places compute, and where descriptors can be computed."""

    @property
    def network(self) -> KaldiNetwork:
        """The network that is built."""

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output nodes."""

    @property
    def subsampling(self) -> int:
        """The frame subsampling factor."""

    @property
    def grids(self) -> Mapping[Place, Grid]:
        """The frames of each place that is needed."""

    @property
    def is_whole(self) -> bool:
        """Whether a request ends with the utterance, so that grids end at the last frame that can be computed."""

    def interval(self, descriptor: Descriptor, x: int, grid: Grid) -> Interval:
        """Where on ``grid`` a descriptor can be computed."""

    def place_interval(self, place: Place, grid: Grid) -> Interval:
        """Where on ``grid`` a place can be computed."""

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """The frames of the fixed grid ``window`` at which a descriptor can be computed, and those behind it.

        None where a request gives more than one row of scores.
        """
