"""Utterances on their way into and out of lanes: read in order, handed out in order, and never too many at a time."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod

from ov_asr_score.scoring.assembly import Assembly, UtteranceScores
from ov_asr_score.scoring.lane_course import LaneCourse, lane_course
from ov_asr_score.scoring.planning import InputFit, ScoringPlan
from ov_asr_score.scoring.runner import Runner
from ov_asr_score.scoring.utterances import Utterance


@dataclass(slots=True)
class Passage:
    """An utterance in a lane, of whose requests ``planned`` have been staged."""

    assembly: Assembly
    course: LaneCourse
    held_bytes: int
    planned: int = 0

    @property
    def left(self) -> int:
        """Requests that have not been staged yet."""
        return self.course.num_requests - self.planned


class LaneQueue:
    """Utterances that wait for a lane, and those in lanes or done whose turn to be handed out is not there yet."""

    def __init__(
        self, source: Iterator[Utterance], runner: Runner, fits: Sequence[InputFit], plan: ScoringPlan
    ) -> None:
        """Nothing has been read yet."""
        self.source, self.runner, self.fits, self.plan = source, runner, fits, plan
        self.values = output_values(runner)
        self.ahead: deque[Utterance] = deque()
        self.order: deque[Passage] = deque()
        self.held_bytes = 0

    def look_ahead(self, count: int) -> int:
        """The number of utterances that can begin at once, ``count`` at most."""
        held = 0
        while len(self.ahead) < count and held < self.plan.held_bytes and (utterance := next(self.source, None)):
            self.ahead.append(utterance)
            held += self._bytes_of(utterance)
        return len(self.ahead)

    def next_passage(self) -> Passage | None:
        """The next utterance that needs requests; None where there is none, or no memory for it yet."""
        while self.look_ahead(1):
            size = self._bytes_of(self.ahead[0])
            # Only what is in a lane makes room some time; scores whose turn it is go at once.
            in_lane = self.order and self.order[0].assembly.rows_left
            if in_lane and self.held_bytes + size > self.plan.held_bytes:
                return None
            utterance = self.ahead.popleft()
            course = lane_course(utterance.num_frames, self.plan)
            context = course.num_requests * course.frames - utterance.num_frames
            if self.plan.converted is None:
                context = course.dropped
            assembly = Assembly(utterance, course.num_requests, max(0, context), num_rows=course.num_rows)
            passage = Passage(assembly, course, size)
            self.held_bytes += size
            self.order.append(passage)
            if course.num_requests:
                return passage
        return None

    def finished(self) -> Iterator[UtteranceScores]:
        """The scores whose turn it is."""
        while self.order and self.order[0].assembly.rows_left == 0:
            passage = self.order.popleft()
            self.held_bytes -= passage.held_bytes
            yield from passage.assembly.finished(self.runner, self.plan)

    def _bytes_of(self, utterance: Utterance) -> int:
        return held_bytes(utterance.num_frames, self.fits, self.plan, self.values)


def held_bytes(num_frames: int, fits: Sequence[InputFit], plan: ScoringPlan, values: int) -> int:
    """Features and scores of an utterance, where a request gives ``values`` values."""
    rows = lane_course(num_frames, plan).num_rows
    return 4 * (num_frames * sum(fit.width for fit in fits) + rows * values // (plan.rows_per_request * plan.lanes))


def output_values(runner: Runner) -> int:
    """Values that a request gives in all outputs."""
    return sum(prod(length or 1 for length in port.shape or ()) for port in runner.outputs)
