"""The engine with a runner of plain Python: what goes into requests, what comes out, in which order."""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import DeviceError, ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.engine import BusyClock, score_utterances
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan, Plan, RowsPlan, UtterancePlan
from ov_asr_score.scoring.utterances.joining import Utterance

WIDTH = 2


def port(name: str, shape: tuple[int | None, ...]) -> PortInfo:
    return PortInfo(name, name, 0, (name,), shape, "f32", "")


class DoublingRunner:
    """Scores are twice the frames (``twice``) and their negative (``minus``); results live in one buffer per slot."""

    def __init__(self, num_slots: int = 1, fail_at: int | None = None, lose_a_row: bool = False) -> None:
        self.inputs: Sequence[PortInfo] = [port("x", (None, WIDTH))]
        self.outputs: Sequence[PortInfo] = [port("twice", (None, WIDTH)), port("minus", (None, WIDTH))]
        self.num_slots = num_slots
        self.fail_at, self.lose_a_row = fail_at, lose_a_row
        self.bound: dict[int, Sequence[Any]] = {}
        self.buffers: dict[int, Any] = {}
        self.under_way: list[int] = []
        self.most_under_way = 0
        self.num_started = 0
        self.resets = 0
        self.fed: list[Any] = []

    def bind(self, slot: int, arrays: Sequence[Any]) -> None:
        assert slot not in self.under_way
        assert all(array.flags.c_contiguous and array.dtype == np.float32 for array in arrays)
        self.bound[slot] = arrays

    def start(self, slot: int) -> None:
        assert slot not in self.under_way
        self.under_way.append(slot)
        self.most_under_way = max(self.most_under_way, len(self.under_way))
        self.num_started += 1

    def finish(self, slot: int) -> float:
        self.under_way.remove(slot)
        if self.fail_at is not None and self.num_started >= self.fail_at:
            raise DeviceError("inference failed: no more")
        value = np.array(self.bound[slot][0])[: -1 if self.lose_a_row else None]
        self.fed.append(value)
        shape = self.buffers[slot].shape if slot in self.buffers else None
        if shape != value.shape:
            self.buffers[slot] = np.empty_like(value)
        self.buffers[slot][:] = value  # overwrites what the slot gave before
        return 0.001

    def run(self, slot: int) -> None:
        self.start(slot)
        self.finish(slot)

    def results(self, slot: int) -> Sequence[Any]:
        assert slot not in self.under_way
        buffer = self.buffers[slot]
        return [2 * buffer, np.negative(buffer, out=buffer)]

    def renew(self) -> None:
        """Nothing spoils it."""

    def reset_state(self, slot: int) -> None:
        assert slot not in self.under_way
        self.resets += 1

    def layer_records(self, slot: int) -> Iterable[Any]:
        return [f"record {slot}"]


ROW = (InputFit("x", "row", WIDTH, (-1, WIDTH)),)
TIME = (InputFit("x", "time", WIDTH, (1, -1, WIDTH)),)


def rows_plan(block: int, slots: int = 1, *, pad: bool = False) -> RowsPlan:
    return RowsPlan(block, pad=pad, slots=slots)


BLOCKS = BlocksPlan(3, stateful=True)
WHOLE = UtterancePlan(slots=3)
EACH = pytest.mark.parametrize(
    "plan", [RowsPlan(4, slots=2), BlocksPlan(4, stateful=False), UtterancePlan(slots=2)], ids=lambda plan: plan.mode
)


def utterances(*lengths: int) -> Iterator[Utterance]:
    generator = np.random.default_rng(0)
    for number, length in enumerate(lengths):
        yield Utterance(f"u{number}", {"x": generator.standard_normal((length, WIDTH)).astype(np.float32)}, length)


def check(results: Iterable[Any], *lengths: int) -> None:
    listed = list(results)  # all of them first: scores must still be right after later requests
    expected = list(utterances(*lengths))
    assert [result.key for result in listed] == [utterance.key for utterance in expected]
    for result, utterance in zip(listed, expected, strict=True):
        assert list(result.scores) == ["twice", "minus"]
        np.testing.assert_array_equal(result.scores["twice"], 2 * utterance.features["x"])
        np.testing.assert_array_equal(result.scores["minus"], -utterance.features["x"])
        assert result.num_frames == utterance.num_frames


LENGTHS = (5, 0, 1, 1, 12, 3, 0)


@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("slots", [1, 2, 5])
@pytest.mark.parametrize("block", [1, 2, 4, 22, 100])
def test_rows_share_requests_and_keep_their_order(block: int, slots: int, pad: bool) -> None:
    runner = DoublingRunner(slots)
    results = list(score_utterances(runner, ROW, rows_plan(block, slots, pad=pad), utterances(*LENGTHS)))
    check(results, *LENGTHS)
    requests = -(-sum(LENGTHS) // block)
    assert runner.num_started == requests == sum(result.num_requests for result in results)
    assert runner.most_under_way == min(slots, requests)
    assert runner.under_way == []
    assert {len(value) for value in runner.fed[:-1]} <= {block}
    assert len(runner.fed[-1]) == (block if pad else sum(LENGTHS) - block * (requests - 1))


@pytest.mark.parametrize("slots", [1, 3])
def test_whole_utterances(slots: int) -> None:
    runner = DoublingRunner(slots)
    check(score_utterances(runner, TIME, WHOLE, utterances(*LENGTHS)), *LENGTHS)
    assert [value.shape for value in runner.fed] == [(1, length, WIDTH) for length in LENGTHS if length]
    assert runner.resets == 0


@pytest.mark.parametrize("fits", [ROW, TIME])
def test_blocks_in_order_with_the_last_frame_repeated(fits: Any) -> None:
    runner = DoublingRunner()
    results = list(score_utterances(runner, fits, BLOCKS, utterances(*LENGTHS)))
    check(results, *LENGTHS)
    assert [result.num_requests for result in results] == [2, 0, 1, 1, 4, 1, 0]
    assert runner.resets == len(LENGTHS)
    first = next(utterances(5)).features["x"]
    np.testing.assert_array_equal(runner.fed[1].reshape(3, WIDTH), first[[3, 4, 4]])


@pytest.mark.parametrize(("left", "right"), [(0, 1), (2, 0), (1, 4), (7, 7)])
def test_blocks_drop_the_frames_of_the_context(left: int, right: int) -> None:
    plan = BlocksPlan(3, stateful=False, left_context=left, right_context=right)
    for length in (1, 2, 3, 7):
        (result,) = score_utterances(DoublingRunner(), ROW, plan, utterances(length))
        value = next(utterances(length)).features["x"]
        sequence = [min(max(index - left, 0), length - 1) for index in range(length + left + right)]
        np.testing.assert_array_equal(result.scores["twice"], 2 * value[sequence][left + right :])
        assert result.context_frames == left + right
        assert result.infer_seconds > 0


def test_rows_look_ahead_by_the_right_context_only() -> None:
    plan = RowsPlan(4, left_context=5, right_context=2)
    (result,) = score_utterances(DoublingRunner(), ROW, plan, utterances(6))
    value = next(utterances(6)).features["x"]
    np.testing.assert_array_equal(result.scores["twice"], 2 * value[[2, 3, 4, 5, 5, 5]])
    assert result.context_frames == 0


@EACH
def test_layer_records_are_read_once_for_each_request(plan: Plan) -> None:
    records: list[Any] = []
    runner = DoublingRunner(2)
    list(score_utterances(runner, ROW, plan, utterances(5, 6), records.extend))
    assert len(records) == runner.num_started > 0


@EACH
def test_a_failing_runner_is_reported_with_the_utterance_and_left_idle(plan: Plan) -> None:
    runner = DoublingRunner(3, fail_at=3)
    with pytest.raises(DeviceError, match=r"^utterance 'u\d': inference failed: no more$"):
        list(score_utterances(runner, ROW, plan, utterances(9, 9, 9, 9)))
    assert runner.under_way == []


def test_a_reader_that_fails_or_stops_leaves_the_runner_idle() -> None:
    def failing() -> Iterator[Utterance]:
        yield from utterances(9, 9)
        raise ShapeMismatchError("the table ends here")

    runner = DoublingRunner(3)
    with pytest.raises(ShapeMismatchError, match="ends here"):
        list(score_utterances(runner, ROW, rows_plan(2, 3), failing()))
    assert runner.under_way == []
    scores = score_utterances(runner, ROW, rows_plan(2, 3), utterances(9, 9, 9))
    next(scores)
    scores.close()  # type: ignore[attr-defined]
    assert runner.under_way == []
    check(score_utterances(runner, ROW, rows_plan(2, 3), utterances(3, 4)), 3, 4)


def test_utterances_are_read_no_further_than_slots_need() -> None:
    taken = []

    def noting() -> Iterator[Utterance]:
        for utterance in utterances(*[4] * 10):
            taken.append(utterance.key)
            yield utterance

    scores = score_utterances(DoublingRunner(2), ROW, rows_plan(4, 2), noting())
    assert next(scores).key == "u0"
    assert len(taken) <= 4
    scores = score_utterances(DoublingRunner(1), ROW, BLOCKS, noting())
    taken.clear()
    assert next(scores).key == "u0"
    assert taken == ["u0"]


@EACH
def test_only_what_is_under_way_is_kept(plan: Plan) -> None:
    kept: list[weakref.ref[Any]] = []
    most = 0

    def noting() -> Iterator[Utterance]:
        nonlocal most
        for number in range(40):
            features = np.ones((8, WIDTH), np.float32)
            kept.append(weakref.ref(features))
            most = max(most, sum(reference() is not None for reference in kept))
            yield Utterance(f"u{number}", {"x": features}, 8)

    count = sum(1 for _ in score_utterances(DoublingRunner(2), ROW, plan, noting()))
    assert count == 40
    assert most <= 5


def test_wrong_dimensions_name_the_utterance() -> None:
    bad = Utterance("bad", {"x": np.zeros((3, 1), np.float32)}, 3)
    with pytest.raises(ShapeMismatchError, match=r"utterance 'bad': expected 3 frames of 2 values for input 'x'"):
        list(score_utterances(DoublingRunner(), ROW, rows_plan(4), [bad]))
    short = Utterance("short", {"x": np.zeros((2, WIDTH), np.float32)}, 3)
    with pytest.raises(ShapeMismatchError, match=r"utterance 'short': .* found \[2, 2\]"):
        list(score_utterances(DoublingRunner(), ROW, BLOCKS, [short]))
    with pytest.raises(ShapeMismatchError, match=r"utterance 'u0': output 'twice' .* expected scores of 4 frames"):
        list(score_utterances(DoublingRunner(lose_a_row=True), ROW, rows_plan(4), utterances(4)))


def test_one_vector_holds_for_all_rows() -> None:
    vector = Utterance("v", {"x": np.array([1, 2], np.float64)}, 5)
    for plan in (rows_plan(3), BLOCKS, WHOLE):
        (result,) = score_utterances(DoublingRunner(3), ROW, plan, [vector])
        np.testing.assert_array_equal(result.scores["twice"], [[2, 4]] * 5)


def test_the_arrays_of_the_caller_are_not_read_after_the_next_utterance_is_asked_for() -> None:
    buffer = np.zeros((4, WIDTH), np.float32)

    def reusing() -> Iterator[Utterance]:
        for number in range(6):
            buffer[:] = number
            yield Utterance(str(number), {"x": buffer}, 4)

    for plan in (rows_plan(16, 3), BLOCKS, WHOLE):
        results = list(score_utterances(DoublingRunner(3), ROW, plan, reusing()))
        assert [result.scores["twice"][0, 0] for result in results] == [0, 2, 4, 6, 8, 10]


def test_busy_clock_counts_overlapping_requests_once() -> None:
    clock = BusyClock()
    assert clock.add(10.0, 2.0) == 2.0
    assert clock.add(11.0, 3.0) == 2.0  # one second of it was counted
    assert clock.add(11.5, 1.0) == 0.0  # lies within
    assert clock.add(20.0, 1.0) == 1.0
    assert clock.seconds == 5.0


def test_seconds_of_a_shared_request_are_shared_by_rows() -> None:
    results = list(score_utterances(DoublingRunner(), ROW, rows_plan(4), utterances(3, 1)))
    assert results[0].infer_seconds == pytest.approx(3 * results[1].infer_seconds)
    assert [result.num_requests for result in results] == [1, 0]
