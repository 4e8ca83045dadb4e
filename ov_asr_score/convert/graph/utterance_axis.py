"""Tensors [B, N, D] whose frames lie on a grid: taking the frames of one grid from another, and masks over time.

Tests: tests/golden/test_cases.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.frames.irregular_frames import FramePattern, FrameTables
from ov_asr_score.convert.tensors.constants import float_scalar, int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import pad_frames, select_frames, slice_frames
from ov_asr_score.convert.tensors.tensor_iterator import zero_state
from ov_asr_score.openvino_api import opset, ov

# Larger than any number of frames, and far from the end of int32, which the CPU plugin computes with.
_UNBOUNDED = 1 << 29


class TimeAxis:
    """The frames of one graph: ``end`` is the last frame of scores (int64 scalar), a multiple of ``subsampling``.

    ``edges`` [B, 2] says whether a request is the first and whether it is the last chunk of its utterance; it is None
    if that makes no difference.
    """

    def __init__(self, end: ov.Output, subsampling: int, edges: ov.Output | None = None) -> None:
        """An axis without operations: they are made when they are first used."""
        self._end, self._subsampling, self._edges = end, subsampling, edges
        self._times: dict[Grid, ov.Output] = {}
        self._masks: dict[tuple[Interval, Grid], ov.Output] = {}

    def times(self, grid: Grid) -> ov.Output:
        """The frames of a grid, int64 [N]."""
        if grid not in self._times:
            stop = int_scalar(grid.last + 1) if grid.fixed else opset.add(self._end, int_scalar(grid.last + 1))
            self._times[grid] = opset.range(int_scalar(grid.first), stop, int_scalar(grid.step), "i64").output(0)
        return self._times[grid]

    def count(self, grid: Grid) -> ov.Output:
        """The number of frames of a grid, int64 scalar."""
        return opset.squeeze(opset.shape_of(self.times(grid), "i64"), int_vector(0)).output(0)

    def static_count(self, grid: Grid) -> int | None:
        """The number of frames of a grid where it does not depend on the length of the utterance."""
        return len(grid.times(0)) if grid.fixed else None

    def initial_state(self, name: str, like: ov.Output, width: int, size: int) -> ov.Output:
        """The state of a recurrence before the first frame [B, width, size]: zeros, whatever its ``name``."""
        return zero_state(like, width, size)

    def keep_state(self, name: str, state: ov.Output) -> None:
        """Do nothing: all of an utterance is in one request."""

    def mask(self, interval: Interval, grid: Grid) -> ov.Output:
        """Whether each frame of ``grid`` lies in ``interval``, bool [1, N, 1], or [B, N, 1] if chunks differ."""
        key = (interval, grid)
        if key not in self._masks and isinstance(interval, FramePattern):
            self._masks[key] = self._look_up(interval, grid)
        if key not in self._masks:
            column = opset.unsqueeze(self.times(grid), int_vector(0, 2))
            parts = []
            first = self._bound(interval.first, interval.first_initial, 0, -_UNBOUNDED)
            if first is not None:
                parts.append(opset.greater_equal(column, first))
            last = self._bound(interval.last, interval.last_final, 1, _UNBOUNDED)
            if last is not None:
                parts.append(opset.less_equal(column, opset.add(last, self._end)))
            mask = parts[0] if len(parts) == 1 else opset.logical_and(*parts)
            self._masks[key] = mask.output(0)
        return self._masks[key]

    def _look_up(self, pattern: FramePattern, grid: Grid) -> ov.Output:
        """The flags of a pattern for each frame of ``grid``, bool [1, N, 1], or [B, N, 1] if chunks differ."""
        masks = [self._look_up_tables(tables, grid) for tables in pattern.tables]
        if len(masks) == 1 or self._edges is None:
            return opset.unsqueeze(masks[0], int_vector(0, 2)).output(0)
        # 1 for a first chunk, 2 for a last one, 3 for both.
        turns = opset.constant(np.array([[1.0, 2.0]], np.float32))
        kind = opset.convert(opset.reduce_sum(opset.multiply(self._edges, turns), int_vector(1), False), "i64")
        rows = opset.concat([opset.unsqueeze(opset.convert(mask, "f32"), int_vector(0)) for mask in masks], 0)
        taken = opset.gather(rows, kind, int_scalar(0))
        return opset.unsqueeze(opset.greater(taken, float_scalar(0.5)), int_vector(2)).output(0)

    def _look_up_tables(self, tables: FrameTables, grid: Grid) -> ov.Output:
        """The flags of one table for each frame of ``grid``, bool [N]."""
        count = self.count(grid)
        index = opset.range(int_scalar(0), count, int_scalar(1), "i64")
        start = len(tables.head) - tables.period
        turn = opset.floor_mod(opset.subtract(index, int_scalar(start)), int_scalar(tables.period))
        at_head = opset.select(opset.less(index, int_scalar(start)), index, opset.add(turn, int_scalar(start)))
        remainders, size = tables.tails.shape
        number = opset.divide(self._end, int_scalar(self._subsampling))
        tail = opset.gather(_flags(tables.tails), opset.floor_mod(number, int_scalar(remainders)), int_scalar(0))
        # Behind the table everything is set.
        tail = opset.concat([tail, _flags(np.ones(1, np.bool_))], 0)
        at_tail = opset.minimum(opset.subtract(opset.subtract(count, int_scalar(1)), index), int_scalar(size))
        flags = opset.multiply(
            opset.gather(_flags(tables.head), at_head, int_scalar(0)), opset.gather(tail, at_tail, int_scalar(0))
        )
        rows, size = tables.short.shape
        if rows:
            row = opset.gather(_flags(tables.short), opset.minimum(number, int_scalar(rows - 1)), int_scalar(0))
            short = opset.gather(row, opset.minimum(index, int_scalar(size - 1)), int_scalar(0))
            flags = opset.select(opset.less(number, int_scalar(rows)), short, flags)
        return opset.greater(flags, float_scalar(0.5)).output(0)

    def _bound(self, usual: int | None, at_edge: int | None, edge: int, unbounded: int) -> ov.Node | None:
        if usual is None and at_edge is None:
            return None
        bounds = [int_scalar(unbounded if bound is None else bound) for bound in (at_edge, usual)]
        if usual == at_edge or self._edges is None:
            return bounds[1]
        flag = opset.slice(self._edges, int_vector(edge), int_vector(edge + 1), int_vector(1), int_vector(1))
        return opset.select(opset.greater(opset.unsqueeze(flag, int_vector(2)), float_scalar(0.5)), *bounds)

    def pick(self, value: ov.Output, source: Grid, target: Grid) -> ov.Output:
        """The frames of ``target`` from a ``value`` on ``source``; zero for frames outside of ``source``.

        Frames between those of ``source`` become some frame near them: nothing reads those.
        """
        if source == target:
            return value
        if self._is_static(source, target):
            return self._pick_statically(value, source, target)
        index, count = self.index(target, source), self.count(source)
        nearest = opset.minimum(opset.maximum(index, int_scalar(0)), opset.subtract(count, int_scalar(1)))
        frames = opset.gather(value, nearest, int_scalar(1))
        inside = opset.logical_and(opset.greater_equal(index, int_scalar(0)), opset.less(index, count))
        return select_frames(opset.unsqueeze(inside, int_vector(0, 2)).output(0), frames.output(0))

    def index(self, times_of: Grid, grid: Grid) -> ov.Output:
        """For every frame of ``times_of`` the number of the last frame of ``grid`` that is not after it, int64 [N]."""
        distance = opset.subtract(self.times(times_of), int_scalar(grid.first))
        return opset.divide(distance, int_scalar(grid.step)).output(0)

    def broadcast(self, value: ov.Output, batch_of: ov.Output, grid: Grid) -> ov.Output:
        """``value`` [1 or B, 1, D] for all frames of ``grid``, [B, N, D], with the batch of ``batch_of``."""
        batch = opset.slice(opset.shape_of(batch_of, "i64"), int_vector(0), int_vector(1), int_vector(1))
        shape = opset.concat([batch, opset.unsqueeze(self.count(grid), int_vector(0)), int_vector(1)], 0)
        return opset.broadcast(value, shape, broadcast_spec="BIDIRECTIONAL").output(0)

    def broadcast_frames(self, value: ov.Output, batch_of: ov.Output) -> ov.Output:
        """``value`` [1 or B, N, 1] with the batch of ``batch_of``, [B, N, 1]."""
        batch = opset.slice(opset.shape_of(batch_of, "i64"), int_vector(0), int_vector(1), int_vector(1))
        shape = opset.concat([batch, int_vector(1, 1)], 0)
        return opset.broadcast(value, shape, broadcast_spec="BIDIRECTIONAL").output(0)

    def _is_static(self, source: Grid, target: Grid) -> bool:
        aligned = target.step % source.step == 0 and (target.first - source.first) % source.step == 0
        if target.fixed and not source.fixed:
            return aligned and target.first >= source.first and target.last <= source.last
        if source.fixed != target.fixed:
            return False
        if source.fixed:
            return aligned
        same_end = (target.last - source.last) % source.step == 0
        return aligned and same_end and (self._subsampling % target.step == 0 or source.step == target.step)

    def _pick_statically(self, value: ov.Output, source: Grid, target: Grid) -> ov.Output:
        last = target.last
        if target.fixed or self._subsampling % target.step == 0:
            last -= (last - target.first) % target.step
        before = (target.first - source.first) // source.step
        if target.fixed and not source.fixed:
            stop = (last - source.first) // source.step + 1
            return slice_frames(value, before, stop, target.step // source.step)
        after = (source.last - last) // source.step
        if before < 0 or after < 0:
            value = pad_frames(value, max(-before, 0), max(-after, 0))
        before, after, stride = max(before, 0), max(after, 0), target.step // source.step
        if (before, after, stride) == (0, 0, 1):
            return value
        return slice_frames(value, before, -after if after else None, stride)


def _flags(flags: NDArray[np.bool_]) -> ov.Node:
    return opset.constant(flags.astype(np.float32))
