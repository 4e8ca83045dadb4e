"""Slots of a runner: taken in turn, completed in order, freed by failures."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import DeviceError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.requests.pending_scores import PendingScores
from ov_asr_score.scoring.requests.slots import BusyClock, FilledRequest, RequestSlots, RowPiece
from ov_asr_score.scoring.utterances.joining import Utterance


class ConstantRunner:
    """Gives ones; requests of the slots in ``failing`` fail, each once."""

    inputs = ()
    outputs = (PortInfo("y", "y", 0, ("y",), (None, 1), "f32", ""),)

    def __init__(self, num_slots: int, failing: set[int] | None = None) -> None:
        self.num_slots, self.failing = num_slots, failing or set()
        self.started: list[int] = []
        self.finished: list[int] = []
        self.renewals = 0
        self.told: list[tuple[int, int, int]] = []

    def start(self, slot: int) -> None:
        self.started.append(slot)

    def finish(self, slot: int) -> float:
        self.finished.append(slot)
        if slot in self.failing:
            self.failing.remove(slot)
            raise DeviceError("no more")
        return 0.25

    def run(self, slot: int) -> None:
        self.started.append(slot)

    def renew(self) -> None:
        self.renewals += 1

    def results(self, slot: int) -> list[Any]:
        return [np.ones((4, 1), np.float32)]

    def layer_records(self, slot: int) -> list[Any]:
        return [slot]

    def tell(self, slot: int, utterances: int, frames: int) -> None:
        self.told.append((slot, utterances, frames))


def slots_of(
    runner: ConstantRunner, skipped: list[str] | None = None, records: list[Any] | None = None
) -> RequestSlots:
    any_runner: Any = runner
    on_skip = None if skipped is None else lambda key, error: skipped.append(key)
    return RequestSlots(any_runner, None if records is None else records.extend, on_skip)


def hand_out(pieces: list[RowPiece], index: int, result: Any, name: str) -> None:
    for piece in pieces:
        piece.pending.put_rows(index, piece.first_row, result[: piece.num_rows])


def request_for(*pending: PendingScores) -> FilledRequest:
    pieces = [RowPiece(one, 0, 0, one.rows_left) for one in pending]
    return FilledRequest(pieces, sum(one.rows_left for one in pending), partial(hand_out, pieces))


def pending(key: str, frames: int, *, is_scored: bool = False) -> PendingScores:
    return PendingScores(Utterance(key, {}, frames, is_scored), frames)


def test_time_under_way_counts_once() -> None:
    clock = BusyClock()
    assert [clock.add(*request) for request in ((0.0, 2.0), (1.0, 2.0), (1.5, 0.5), (5.0, 1.0))] == [2.0, 1.0, 0.0, 1.0]
    assert clock.seconds == 4.0


def test_the_oldest_request_makes_room() -> None:
    runner, records = ConstantRunner(2), list[Any]()
    slots = slots_of(runner, records=records)
    taken = []
    for key in "abc":
        taken.append(slots.take_slot())
        slots.start(taken[-1], request_for(pending(key, 3)))
    assert (taken, runner.finished, records) == ([0, 1, 0], [0], [0])
    slots.drain()
    assert (runner.finished, sorted(slots.free), slots.frames_waiting) == ([0, 1, 0], [0, 1], 9)
    assert runner.told == [(0, 1, 3), (1, 1, 3), (0, 1, 3)]


def test_a_shared_request_is_counted_for_its_first_utterance_and_its_time_by_rows() -> None:
    slots = slots_of(ConstantRunner(1))
    first, second = pending("a", 3), pending("b", 1)
    slots.start(slots.take_slot(), request_for(first, second))
    slots.drain()
    assert (first.num_requests, second.num_requests) == (1, 0)
    assert (first.rows_left, second.rows_left) == (0, 0)
    assert 0 < second.infer_seconds <= first.infer_seconds / 3 + 1e-9


def test_what_was_scored_before_takes_its_turn_without_a_request() -> None:
    runner = ConstantRunner(1)
    slots = slots_of(runner)
    known = pending("a", 3, is_scored=True)
    slots.start(slots.take_slot(), request_for(known))
    slots.drain()
    assert (runner.started, known.rows_left, known.scores) == ([], 0, [])


def test_a_failure_stops_unless_it_is_skipped() -> None:
    slots = slots_of(ConstantRunner(1, {0}))
    slots.start(slots.take_slot(), request_for(pending("a", 3)))
    with pytest.raises(DeviceError, match=r"^utterance 'a': no more$"):
        slots.drain()
    skipped: list[str] = []
    slots = slots_of(ConstantRunner(1, {0}), skipped)
    failing = pending("a", 3)
    slots.start(slots.take_slot(), request_for(failing))
    slots.drain()
    assert (skipped, failing.failed, list(slots.free)) == (["a"], True, [0])


def test_a_request_that_failed_beside_others_is_tried_again_alone() -> None:
    runner, skipped = ConstantRunner(2, {0}), list[str]()
    slots = slots_of(runner, skipped)
    both = pending("a", 3), pending("b", 3)
    for one in both:
        slots.start(slots.take_slot(), request_for(one))
    slots.drain()
    assert (skipped, runner.renewals, runner.started) == ([], 1, [0, 1, 0])
    assert all(one.rows_left == 0 for one in both)


def test_abandoned_requests_are_waited_for() -> None:
    runner = ConstantRunner(2, {0})
    slots = slots_of(runner)
    for key in "ab":
        slots.start(slots.take_slot(), request_for(pending(key, 3)))
    slots.abandon()
    assert runner.finished == [0, 1]
    assert not slots.under_way
