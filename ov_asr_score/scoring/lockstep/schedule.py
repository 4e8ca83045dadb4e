"""An utterance in a lane: which frames each of its requests holds, and which rows of the results are its scores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.requests.fill import middle_frame
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.requests.windows.chunk_windows import num_score_rows
from ov_asr_score.scoring.utterances.joining import Utterance


@dataclass(frozen=True, slots=True)
class LaneSchedule:
    """The frames from ``frames_before`` before the first one, ``frames`` a request, until all scores are there.

    Each request gives ``rows`` rows of scores; the first ``dropped`` of an utterance are left out, and ``num_rows``
    are its scores. ``fed`` is the number of frames that are not fed for the sake of a full request.
    """

    frames: int
    rows: int
    num_requests: int
    frames_before: int
    fed: int
    dropped: int
    num_rows: int


def lane_schedule(num_frames: int, plan: LockstepPlan) -> LaneSchedule:
    """The schedule of an utterance of that many frames; no requests where it gives no scores."""
    block, conversion = plan.frames_per_request, plan.conversion
    if conversion is not None:
        factor = conversion.frame_subsampling_factor
        rows, dropped = num_score_rows(num_frames, conversion), conversion.delay // factor
        fed = (dropped + rows) * factor if rows else 0
        return LaneSchedule(block, block // factor, -(-fed // block), conversion.fed_before, fed, dropped, rows)
    context = plan.left_context + plan.right_context
    fed = num_frames + context if num_frames else 0
    return LaneSchedule(block, block, -(-fed // block), plan.left_context, fed, context if fed else 0, num_frames)


def fill_requests(
    target: Float32Array, fit: InputFit, utterance: Utterance, schedule: LaneSchedule, first: int, plan: LockstepPlan
) -> None:
    """Fill ``target`` [requests, values] with what an input takes in the requests from ``first`` on."""
    value = utterance.features[fit.name]
    if fit.kind == "vector":
        target[:] = _vectors(value, schedule, first, len(target), plan)
        return
    start = first * schedule.frames - schedule.frames_before
    # frames of one request lie beside each other
    frames = _frames_between(value, start, start + len(target) * schedule.frames)
    target[:] = frames if schedule.frames == 1 else frames.reshape(len(target), -1)


def frames_left(schedule: LaneSchedule, first: int, count: int) -> Float32Array:
    """What the input of that name takes in the requests: the last frame of scores minus the frames before a request."""
    factor = schedule.frames // schedule.rows
    last = (schedule.num_rows - 1) * factor
    return (last - np.arange(first, first + count) * schedule.frames).astype(np.float32)


def score_range(schedule: LaneSchedule, first: int, count: int) -> tuple[int, slice]:
    """For the requests from ``first`` on: the row of scores with which they begin, and which of their rows count."""
    row = first * schedule.rows - schedule.dropped
    used = slice(max(-row, 0), max(min(count * schedule.rows, schedule.num_rows - row), 0))
    return row + used.start, used


def _frames_between(value: NDArray[Any], start: int, stop: int) -> NDArray[Any]:
    """Frames ``start`` to ``stop`` [stop - start, D], the nearest one for those outside; a vector for all of them."""
    if value.ndim == 1:
        return np.broadcast_to(value, (stop - start, len(value)))
    if start >= 0 and stop <= len(value):
        return value[start:stop]
    return value[np.clip(np.arange(start, stop), 0, len(value) - 1)]


def _vectors(
    value: NDArray[Any], schedule: LaneSchedule, first: int, count: int, plan: LockstepPlan
) -> NDArray[Any] | Sequence[Any]:
    """The vector of the middle frame: of the utterance for converted models, else of each request."""
    if value.ndim == 1:
        return value
    if plan.conversion is not None:
        return middle_frame(value, plan.conversion.frame_subsampling_factor)
    starts = np.arange(first, first + count) * schedule.frames
    middles = (np.minimum(schedule.frames, schedule.fed - starts) - 1) // 2
    rows: NDArray[Any] = value[np.clip(starts + middles - schedule.frames_before, 0, len(value) - 1)]
    return rows
