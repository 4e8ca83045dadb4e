"""Models with variables: many utterances in lock-step, one in each lane of a request, several requests side by side.

A lane takes the next utterance as soon as its own has ended, so that no request waits for the longest one. What lanes
take and give is gathered for some dozens of requests at a time: one copy for each utterance, instead of one for each of
its requests::

    utterances ─► stage [steps, lanes, values] ─► request ─► results [steps, lanes, values] ─► scores of each utterance
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.facts import FRAMES_LEFT_INPUT, RESTART_INPUT
from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.queue import LaneQueue, Passage, output_values
from ov_asr_score.scoring.lockstep.schedule import fill_requests, frames_left, score_range
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.requests.blocks import RecordLayers
from ov_asr_score.scoring.requests.cut import score_rows
from ov_asr_score.scoring.requests.pending_scores import UtteranceScores
from ov_asr_score.scoring.requests.runner import Float32Array, Runner, WatchedRunner
from ov_asr_score.scoring.utterances.joining import Utterance

# Requests that are staged at a time, and the bytes of what they take and give.
_MAX_STEPS = 64
_MAX_STAGE_BYTES = 16_000_000


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What a lane does from ``step`` on: ``count`` requests of an utterance, from its request ``first`` on."""

    passage: Passage
    lane: int
    step: int
    first: int
    count: int

    @property
    def is_needed(self) -> bool:
        """Whether scores are to come of it."""
        return not self.passage.pending.utterance.is_scored


def score_lockstep(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: LockstepPlan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None,
    busy_seconds: Callable[[float, float], float],
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, in the order of ``utterances``.

    ``busy_seconds`` tells for the start and the length of a request what it adds to the time in which any was under
    way. Raises ShapeMismatchError for scores of the wrong shape, DeviceError.
    """
    queue = LaneQueue(iter(utterances), runner, fits, plan)
    # fewer utterances than there are lanes are shared out evenly
    most = max(1, -(-queue.look_ahead(plan.lanes * runner.num_slots) // runner.num_slots))
    if plan.any_lanes and most < plan.lanes:
        queue.take_lanes(most)
        plan = queue.plan
    crews = [_Crew(slot, runner, fits, plan, record_layers) for slot in range(runner.num_slots)]
    try:
        for crew in crews:
            crew.advance(queue, most)
        while any(crew.started for crew in crews):
            for crew in crews:
                if crew.started:
                    crew.complete(busy_seconds)
                finished = list(queue.finished())
                crew.advance(queue, plan.lanes)
                yield from finished
        yield from queue.finished()
    finally:
        for crew in crews:
            crew.abandon()


@dataclass(slots=True)
class _Stage:
    """What some requests take and give: an array [steps, lanes, values] for each input and output."""

    inputs: list[Float32Array]
    outputs: list[Float32Array] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stretches: list[_Stretch] = field(default_factory=list)
    num_steps: int = 0
    step: int = 0
    users: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))  # lanes that need a request


class _Crew:
    """The lanes of one infer request."""

    def __init__(
        self,
        slot: int,
        runner: Runner,
        fits: Sequence[InputFit],
        plan: LockstepPlan,
        record_layers: RecordLayers | None,
    ) -> None:
        """All lanes are free."""
        self.slot, self.runner, self.fits, self.plan, self.record_layers = slot, runner, fits, plan, record_layers
        self.watched = runner if isinstance(runner, WatchedRunner) else None
        self.lanes: list[Passage | None] = [None] * plan.lanes
        buffers = lane_buffers(runner, fits, plan)
        self.targets = [buffer.reshape(plan.lanes, -1) for buffer in buffers]
        names = [name for port in runner.inputs[len(fits) :] for name in port.names]
        self.end_input = len(fits) if FRAMES_LEFT_INPUT in names else None
        self.restart_input = len(buffers) - 1 if RESTART_INPUT in names else None
        self.restarts = np.zeros((1, plan.lanes), np.bool_)
        values = sum(buffer.size for buffer in buffers) + output_values(runner.outputs)
        self.most_steps = max(1, min(_MAX_STEPS, _MAX_STAGE_BYTES // (4 * values)))
        self.stage = _Stage([np.zeros((self.most_steps, *target.shape), np.float32) for target in self.targets])
        self.started = self.under_way = False
        self.start_time = self.length = 0.0
        runner.bind(slot, buffers)

    def advance(self, queue: LaneQueue, most: int) -> None:
        """Begin the next request, if there is anything to do for one of the first ``most`` lanes."""
        stage = self.stage
        if stage.step == stage.num_steps:
            self._fill(queue, most)
            if not stage.num_steps:
                return
        self.started = True
        if not stage.users[stage.step]:  # its turn passes, so that all others are as if it were needed
            return
        for target, staged in zip(self.targets, stage.inputs, strict=True):
            target[:] = staged[stage.step]
        if self.restart_input is None and self.restarts[stage.step, 0]:
            self.runner.reset_state(self.slot)
        if self.watched is not None:
            users = int(stage.users[stage.step])
            self.watched.tell(self.slot, users, users * self.plan.frames_per_request)
        self.start_time = time.perf_counter()
        try:
            if self.runner.num_slots == 1:
                self.runner.run(self.slot)
                self.length = time.perf_counter() - self.start_time
            else:
                self.runner.start(self.slot)
                self.under_way = True
        except DeviceError as error:
            raise DeviceError(f"{self._names()}: {error}") from error

    def complete(self, busy_seconds: Callable[[float, float], float]) -> None:
        """Wait for the request; with the last one of a stage its scores go to their utterances."""
        stage = self.stage
        self.started = False
        if stage.users[stage.step]:
            self._take_results(busy_seconds)
        else:
            stage.seconds.append(0.0)
        stage.step += 1
        if stage.step == stage.num_steps:
            self._hand_out()

    def _take_results(self, busy_seconds: Callable[[float, float], float]) -> None:
        stage, is_async, self.under_way = self.stage, self.under_way, False
        try:
            length = self.runner.finish(self.slot) if is_async else self.length
        except DeviceError as error:
            raise DeviceError(f"{self._names()}: {error}") from error
        stage.seconds.append(busy_seconds(self.start_time, length))
        if self.record_layers is not None:
            self.record_layers(self.runner.layer_records(self.slot))
        for index, result in enumerate(self.runner.results(self.slot)):
            if index == len(stage.outputs):
                width = self._checked_width(result, self.runner.outputs[index].name)
                stage.outputs.append(np.empty((self.most_steps, self.plan.lanes, width), np.float32))
            stage.outputs[index][stage.step] = result.reshape(self.plan.lanes, -1)

    def abandon(self) -> None:
        """Wait for what is under way, whatever comes of it: it still reads the bound arrays."""
        if self.under_way:
            self.under_way = False
            with suppress(DeviceError):
                self.runner.finish(self.slot)

    def _fill(self, queue: LaneQueue, most: int) -> None:
        """Stage what the lanes do next, each with a new utterance where its own ends."""
        stage, steps = self.stage, self.most_steps
        stage.stretches, stage.seconds, stage.num_steps, stage.step = [], [], 0, 0
        self.restarts = np.ones((steps, self.plan.lanes), np.bool_)
        free: list[tuple[int, int]] = []
        for lane, passage in enumerate(self.lanes):
            if passage is None:
                if lane < most:
                    free.append((0, lane))
            elif (end := self._stretch(passage, lane, 0)) < steps:
                free.append((end, lane))
        heapq.heapify(free)
        while free and (passage := queue.next_passage()) is not None:
            step, lane = heapq.heappop(free)
            end = self._stretch(passage, lane, step)
            if end < steps:
                heapq.heappush(free, (end, lane))
        stage.users = np.zeros(steps, np.int64)
        for stretch in stage.stretches:
            stage.users[stretch.step : stretch.step + stretch.count] += stretch.is_needed
        if self.restart_input is not None:
            stage.inputs[self.restart_input][:, :, 0] = self.restarts

    def _stretch(self, passage: Passage, lane: int, step: int) -> int:
        """The step after the passage's requests, as many as there is room for from ``step`` on; they are staged."""
        stage, schedule, first = self.stage, passage.schedule, passage.planned
        count = min(self.most_steps - step, passage.left)
        end = step + count
        stretch = _Stretch(passage, lane, step, first, count)
        for fit, staged in zip(self.fits, stage.inputs if stretch.is_needed else (), strict=False):
            fill_requests(staged[step:end, lane], fit, passage.pending.utterance, schedule, first, self.plan)
        if self.end_input is not None:
            stage.inputs[self.end_input][step:end, lane, 0] = frames_left(schedule, first, count)
        self.restarts[step:end, lane] = False
        self.restarts[step, lane] = first == 0
        passage.planned += count
        self.lanes[lane] = passage if passage.left else None
        stage.stretches.append(stretch)
        stage.num_steps = max(stage.num_steps, end)
        return end

    def _hand_out(self) -> None:
        stage, rows = self.stage, self.plan.rows_per_request
        # The time of a request is shared by the lanes that needed it.
        users = np.maximum(stage.users[: stage.num_steps], 1)
        shares = np.concatenate([[0.0], np.cumsum(np.array(stage.seconds) / users)])
        counted = 0
        for stretch in sorted(stage.stretches, key=lambda stretch: stretch.step):
            stretch.passage.pending.rows_left -= stretch.count
            if not stretch.is_needed:
                continue
            end = stretch.step + stretch.count
            row, used = score_range(stretch.passage.schedule, stretch.first, stretch.count)
            pending = stretch.passage.pending
            for index, staged in enumerate(stage.outputs if used.start < used.stop else ()):
                scores = staged[stretch.step : end, stretch.lane].reshape(stretch.count * rows, -1)
                pending.put_rows(index, row, scores[used])
            pending.infer_seconds += float(shares[end] - shares[stretch.step])
            # A request counts once, for an utterance that it is shared by.
            pending.num_requests += max(0, end - max(counted, stretch.step))
            counted = max(counted, end)

    def _checked_width(self, result: Float32Array, name: str) -> int:
        """The values that a request gives for a lane."""
        lanes, rows = self.plan.lanes, self.plan.rows_per_request
        if lanes > 1 and (not result.ndim or result.shape[0] != lanes):
            raise ShapeMismatchError(
                f"{self._names()}: output '{name}' {shape_text(result.shape)}: expected scores of {lanes} utterances"
            )
        return score_rows(result[0] if lanes > 1 else result, rows, name, self._keys()[0]).size

    def _keys(self) -> list[str]:
        """Of the utterances in the request that is under way."""
        step = self.stage.step
        return [
            stretch.passage.pending.utterance.key
            for stretch in self.stage.stretches
            if stretch.is_needed and stretch.step <= step < stretch.step + stretch.count
        ]

    def _names(self) -> str:
        first, *others = self._keys()
        return f"utterance '{first}'" + (f" and {len(others)} beside it" if others else "")


def lane_buffers(runner: Runner, fits: Sequence[InputFit], plan: LockstepPlan) -> list[Float32Array]:
    """Zeros for each input of a request, in the shape that it has for all lanes."""
    shapes = [
        (plan.lanes, *fit.shape_for(plan.frames_per_request)[1:])
        if plan.lanes > 1 or plan.conversion is not None
        else fit.shape_for(plan.frames_per_request)
        for fit in fits
    ]
    # inputs that no table feeds hold one value for each lane
    shapes += [(plan.lanes, 1)] * (len(runner.inputs) - len(fits))
    return [np.zeros(shape, np.float32) for shape in shapes]
