"""Utterances on their way into and out of lanes: read in order, handed out in order, and never too many at a time.

Those at the end of a table begin with the longest, so that no lane is left alone with a long one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import prod

from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.schedule import LaneSchedule, lane_schedule
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.requests.pending_scores import PendingScores, UtteranceScores
from ov_asr_score.scoring.requests.runner import Runner
from ov_asr_score.scoring.utterances.joining import Utterance

# Utterances for each lane among which the longest is chosen at the end of a table.
_WAITING = 2


@dataclass(slots=True, eq=False)
class Passage:
    """An utterance in a lane, of whose requests ``planned`` have been staged."""

    pending: PendingScores
    schedule: LaneSchedule
    held_bytes: int
    planned: int = 0
    is_taken: bool = False

    @property
    def left(self) -> int:
        """Requests that have not been staged yet."""
        return self.schedule.num_requests - self.planned


class LaneQueue:
    """Utterances that wait for a lane, and those in lanes or done whose turn to be handed out is not there yet."""

    def __init__(
        self, source: Iterator[Utterance], runner: Runner, fits: Sequence[InputFit], plan: LockstepPlan
    ) -> None:
        """Nothing has been read yet."""
        self.source, self.runner, self.fits, self.plan = source, runner, fits, plan
        self.values = output_values(runner.outputs)
        self.order: deque[Passage] = deque()  # all that are not handed out yet
        self.waiting: deque[Passage] = deque()  # those of them that no lane has taken
        self.held_bytes = 0  # of those that have been taken
        self.has_ended = False

    def take_lanes(self, lanes: int) -> None:
        """Go on with another number of lanes in a request."""
        self.values = self.values // self.plan.lanes * lanes
        self.plan = replace(self.plan, lanes=lanes)

    def look_ahead(self, count: int) -> int:
        """The number of utterances that can begin at once, ``count`` at most."""
        held = self.held_bytes + sum(passage.held_bytes for passage in self.waiting)
        while len(self.waiting) < count and not self.has_ended and (held < self.plan.held_bytes or not self.waiting):
            utterance = next(self.source, None)
            if utterance is None:
                self.has_ended = True
                break
            passage = self._passage(utterance)
            self.order.append(passage)
            if passage.left:  # else there is nothing to do for it
                self.waiting.append(passage)
                held += passage.held_bytes
        return len(self.waiting)

    def next_passage(self) -> Passage | None:
        """The next utterance that needs requests; None where there is none, or no memory for it yet."""
        if not self.look_ahead(_WAITING * self.plan.lanes * self.runner.num_slots):
            return None
        passage = max(self.waiting, key=lambda passage: passage.left) if self.has_ended else self.waiting[0]
        if self.held_bytes + passage.held_bytes > self.plan.held_bytes:
            # Only what is in a lane makes room some time, and then what waits for its turn behind it.
            oldest = next((other for other in self.order if other.pending.rows_left), passage)
            if oldest.is_taken:
                return None
            passage = oldest
        self.waiting.remove(passage)
        passage.is_taken = True
        self.held_bytes += passage.held_bytes
        return passage

    def _passage(self, utterance: Utterance) -> Passage:
        schedule = lane_schedule(utterance.num_frames, self.plan)
        context = schedule.num_requests * schedule.frames - utterance.num_frames
        if self.plan.conversion is None:
            context = schedule.dropped
        pending = PendingScores(utterance, schedule.num_requests, max(0, context), num_rows=schedule.num_rows)
        return Passage(pending, schedule, held_bytes(utterance.num_frames, self.fits, self.plan, self.values))

    def finished(self) -> Iterator[UtteranceScores]:
        """The scores whose turn it is."""
        while self.order and self.order[0].pending.rows_left == 0:
            passage = self.order.popleft()
            self.held_bytes -= passage.held_bytes if passage.is_taken else 0
            yield from passage.pending.finished(self.runner, self.plan)


def held_bytes(num_frames: int, fits: Sequence[InputFit], plan: LockstepPlan, values: int) -> int:
    """Features and scores of an utterance, where a request gives ``values`` values."""
    rows = lane_schedule(num_frames, plan).num_rows
    return 4 * (num_frames * sum(fit.width for fit in fits) + rows * values // (plan.rows_per_request * plan.lanes))


def output_values(outputs: Sequence[PortInfo]) -> int:
    """Values that a request gives in all outputs."""
    return sum(prod(length or 1 for length in port.shape or ()) for port in outputs)
