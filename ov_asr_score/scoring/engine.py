"""Utterances in, scores out: fill infer requests as the plan says, and cut their results back by utterance."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence

from ov_asr_score.errors import unreachable
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.lanes import score_lockstep
from ov_asr_score.scoring.plan import (
    BlocksPlan,
    ChunksPlan,
    FramesPlan,
    LockstepPlan,
    Plan,
    RowsPlan,
    UtterancePlan,
    VectorsPlan,
)
from ov_asr_score.scoring.requests.blocks import RecordLayers, score_blocks
from ov_asr_score.scoring.requests.feed import feed_chunks, feed_groups, feed_rows, feed_vectors, feed_whole
from ov_asr_score.scoring.requests.fill import checked
from ov_asr_score.scoring.requests.frame_streams import score_streams
from ov_asr_score.scoring.requests.pending_scores import PendingScores, UtteranceScores
from ov_asr_score.scoring.requests.runner import Runner
from ov_asr_score.scoring.requests.slots import BusyClock, RequestSlots
from ov_asr_score.scoring.requests.windows.equal_windows import feed_windows
from ov_asr_score.scoring.utterances.joining import SkipUtterance, Utterance

__all__ = ["BusyClock", "RecordLayers", "UtteranceScores", "score_utterances"]


def score_utterances(
    runner: Runner,
    fits: Sequence[InputFit],
    plan: Plan,
    utterances: Iterable[Utterance],
    record_layers: RecordLayers | None = None,
    on_skip: SkipUtterance | None = None,
) -> Iterator[UtteranceScores]:
    """Scores of each utterance, in the order of ``utterances``; only what is under way is held in memory.

    ``on_skip`` is told of an utterance that the model cannot take (too short for a convolution, say), and scoring goes
    on, where requests hold one utterance each. Raises ShapeMismatchError naming the utterance whose features or scores
    have the wrong dimensions, DeviceError.
    """
    utterances = (checked(utterance, fits) for utterance in utterances)
    match plan:
        case BlocksPlan():
            return score_blocks(runner, fits, plan, utterances, record_layers)
        case FramesPlan():
            return score_streams(runner, fits, plan, utterances, record_layers)
        case LockstepPlan():
            return score_lockstep(runner, fits, plan, utterances, record_layers, BusyClock().add)
        case RowsPlan():
            slots = RequestSlots(runner, record_layers, None)
            return _finished_in_order(slots, plan, feed_rows(slots, fits, plan, utterances))
        case ChunksPlan():
            slots = RequestSlots(runner, record_layers, on_skip)
            return _finished_in_order(slots, plan, feed_chunks(slots, fits, plan, utterances))
        case VectorsPlan():
            slots = RequestSlots(runner, record_layers, on_skip)
            return _finished_in_order(slots, plan, feed_vectors(slots, fits, plan, utterances))
        case UtterancePlan():
            slots = RequestSlots(runner, record_layers, on_skip)
            if plan.windows is not None:
                return _finished_in_order(slots, plan, feed_windows(slots, fits, plan, plan.windows, utterances))
            # An utterance that fails must not take others along.
            if plan.grouping is None or plan.conversion is None or on_skip is not None:
                return _finished_in_order(slots, plan, feed_whole(slots, fits, plan, utterances))
            groups = feed_groups(slots, fits, plan.grouping, plan.conversion, utterances)
            return _finished_in_order(slots, plan, groups)
        case _:
            raise unreachable(plan)


def _finished_in_order(slots: RequestSlots, plan: Plan, fed: Iterable[PendingScores]) -> Iterator[UtteranceScores]:
    """The scores of each utterance of ``fed`` whose turn it is, once all its rows are there."""
    waiting: deque[PendingScores] = deque()
    try:
        for pending in fed:
            waiting.append(pending)
            while waiting and waiting[0].rows_left == 0:
                first = waiting.popleft()
                slots.frames_waiting -= first.utterance.num_frames
                yield from first.finished(slots.runner, plan)
        slots.drain()
        while waiting:
            yield from waiting.popleft().finished(slots.runner, plan)
    finally:
        slots.abandon()
