"""The time axis of a frame graph: a few frames per request, the others in variables.

Tests: tests/golden/test_frame_graphs.py, tests/golden/test_nnet1_frame_graphs.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.graph.utterance_axis import TimeAxis
from ov_asr_score.convert.tensors.constants import int_scalar, int_vector
from ov_asr_score.convert.tensors.frame_slices import slice_frames
from ov_asr_score.openvino_api import opset, ov


class FrameAxis(TimeAxis):
    """The frames of requests of ``frames`` frames, for ``batch`` utterances at a time; ``sinks`` keep the variables.

    ``frames_left`` [B, 1] is the last frame of scores minus the frames of earlier requests; ``uses_frames_left`` says
    whether anything has read it.
    """

    def __init__(self, frames: int, batch: int, subsampling: int, frames_left: ov.Output) -> None:
        """An axis without operations: they are made when they are first used."""
        super().__init__(int_scalar(0).output(0), subsampling)
        self.sinks: list[ov.Node] = []
        self.uses_frames_left = False
        self.frames = frames
        self._batch, self._frames_left = batch, frames_left
        self._frames_before: ov.Output | None = None
        self._limit: ov.Node | None = None
        self._enough = 0

    def initial_state(self, name: str, like: ov.Output, width: int, size: int) -> ov.Output:
        """The state remembered from earlier requests under ``name`` [B, width, size]; zeros at first."""
        zeros = opset.constant(np.zeros((self._batch, width, size), np.float32))
        return opset.read_value(zeros, name, name=name).output(0)

    def keep_state(self, name: str, state: ov.Output) -> None:
        """Remember ``state`` [B, width, size], which ``initial_state`` gives in the next request."""
        # The binding takes nodes of one output only.
        node = state.get_node() if state.get_node().get_output_size() == 1 else opset.concat([state], 1)
        self.sinks.append(opset.assign(node, name, name=f"{name}.next"))

    def remembering(self, name: str, value: ov.Output, count: int) -> ov.Output:
        """``value`` [B, N, D] with the ``count`` frames before it, [B, count + N, D]."""
        size = int(value.get_partial_shape()[2].get_length())
        before = self.initial_state(f"{name}.memory", value, count, size)
        joined = opset.concat([before, value], 1, name=f"{name}.remembered").output(0)
        self.keep_state(f"{name}.memory", slice_frames(joined, -count))
        return joined

    def mask(self, interval: Interval, grid: Grid) -> ov.Output:
        """Whether each frame of the request lies in an interval of the utterance, bool [1 or B, N, 1]."""
        key = (interval, grid)
        if key not in self._masks:
            times = grid.times(0).reshape(1, -1, 1)
            parts = [opset.constant(np.ones_like(times, np.bool_))]
            if interval.first is not None and (times < interval.first).any():
                bound = opset.constant((interval.first - times).astype(np.float32))
                parts.append(opset.greater_equal(self._count_frames(int(interval.first - times.min())), bound))
            if interval.last is not None:
                self.uses_frames_left = True
                left = opset.unsqueeze(self._frames_left, int_vector(2))
                parts.append(opset.greater_equal(left, opset.constant((times - interval.last).astype(np.float32))))
            mask = parts[0] if len(parts) == 1 else parts[1] if len(parts) == 2 else opset.logical_and(*parts[1:])
            self._masks[key] = mask.output(0)
        return self._masks[key]

    def nearest_of_utterance(self, frames: NDArray[np.int64], first: int, count: int) -> ov.Output:
        """The nearest frames that are in the utterance to ``frames`` [1, N], int64 [1 or B, N].

        They are numbered from 0 among ``count`` frames, of which the first is frame ``first`` of the request.
        """
        self.uses_frames_left = True
        shift = opset.constant(np.full((1, 1), first, np.float32))
        last = opset.subtract(self._frames_left, shift)
        enough = max(0, -first - int(frames.min()))
        begin = opset.squeeze(self._count_frames(enough), int_vector(2))
        zero = opset.subtract(opset.negative(begin), shift)
        nearest = opset.minimum(opset.maximum(opset.constant(frames.astype(np.float32)), zero), last)
        # What belongs to no utterance must still be some frame that is there.
        return opset.convert(opset.clamp(nearest, 0.0, float(count - 1)), "i64").output(0)

    def _count_frames(self, enough: int) -> ov.Output:
        """The number of frames of earlier requests [B, 1, 1]; exact up to ``enough``, and at least that beyond."""
        if self._frames_before is None:
            before = self.initial_state("frames_before", self._frames_left, 1, 1)
            after = opset.add(before, opset.constant(np.full((1, 1, 1), self.frames, np.float32)))
            self._limit = opset.minimum(after, opset.constant(np.zeros((1, 1, 1), np.float32)))
            self.keep_state("frames_before", self._limit.output(0))
            self._frames_before = before
        if self._limit is not None and enough > self._enough:
            # As low as can be: numbers of few bits count exactly, but not far.
            self._enough = enough
            limit = opset.constant(np.full((1, 1, 1), enough, np.float32))
            self._limit.input(1).replace_source_output(limit.output(0))
        return self._frames_before
