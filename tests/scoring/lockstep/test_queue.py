"""Utterances on their way into lanes and out of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.queue import LaneQueue, Passage, held_bytes, output_values
from ov_asr_score.scoring.plan import LockstepPlan
from ov_asr_score.scoring.utterances.joining import Utterance

FITS = [InputFit("x", "row", 5, (-1, 5))]
BYTES_OF_A_FRAME = 4 * (5 + 3)


class TwoLanes:
    """As much of a runner as the queue needs."""

    outputs = (PortInfo("y", "y", 0, ("y",), (2, 3), "f32", ""),)
    num_slots = 1


def queue_of(*lengths: int, held: int = 1 << 20) -> LaneQueue:
    utterances = (Utterance(f"u{n}", {"x": np.zeros((n, 5), np.float32)}, n) for n in lengths)
    runner: Any = TwoLanes()
    return LaneQueue(utterances, runner, FITS, LockstepPlan(1, lanes=2, held_bytes=held))


def lengths_taken(queue: LaneQueue) -> list[int]:
    taken = []
    while (passage := queue.next_passage()) is not None:
        taken.append(passage.pending.utterance.num_frames)
    return taken


def finish(passage: Passage) -> None:
    passage.pending.put_rows(0, 0, np.zeros((passage.pending.utterance.num_frames, 3), np.float32))
    passage.pending.rows_left = 0


def test_bytes_of_an_utterance_are_those_of_features_and_scores() -> None:
    plan = LockstepPlan(1, lanes=2)
    values = output_values(TwoLanes.outputs)
    assert values == 6
    assert held_bytes(10, FITS, plan, values) == 10 * BYTES_OF_A_FRAME


def test_the_longest_go_first_at_the_end_of_a_table() -> None:
    assert lengths_taken(queue_of(1, 9, 2)) == [9, 2, 1]  # all of them are read ahead
    assert lengths_taken(queue_of(1, 2, 3, 4, 5, 9)) == [1, 2, 3, 9, 5, 4]


def test_no_more_begin_than_memory_is_there_for() -> None:
    queue = queue_of(4, 4, 4, held=8 * BYTES_OF_A_FRAME)
    first, second = queue.next_passage(), queue.next_passage()
    assert first is not None
    assert second is not None
    assert queue.next_passage() is None
    finish(first)
    assert [scored.key for scored in queue.finished()] == ["u4"]
    assert queue.next_passage() is not None


def test_scores_leave_in_the_order_of_the_table() -> None:
    queue = queue_of(3, 0, 5)
    passages = [queue.next_passage(), queue.next_passage()]
    assert [passage.pending.utterance.key for passage in passages if passage] == ["u5", "u3"]
    late, early = passages
    assert late is not None
    assert early is not None
    finish(late)
    assert list(queue.finished()) == []
    finish(early)
    assert [scored.key for scored in queue.finished()] == ["u3", "u0", "u5"]


def test_fewer_lanes_take_fewer_values() -> None:
    queue = queue_of(1)
    queue.take_lanes(1)
    assert (queue.values, queue.plan.lanes) == (3, 1)
