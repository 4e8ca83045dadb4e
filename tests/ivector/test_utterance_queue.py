"""Reading ahead: runs of a speaker, results in order, and how much is held."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.ivector import utterance_queue
from ov_asr_score.ivector.adaptation_state import AdaptationState, first_state
from ov_asr_score.ivector.utterance_queue import IvectorUtterance, UtteranceIvectors, UtteranceQueue
from tests.ivector.references import extractor


def queue_of(speakers: str, read: list[int] | None = None) -> UtteranceQueue:
    """Utterances 0, 1, …, one per letter, which is its speaker; ``-`` for none."""

    def source() -> Iterator[IvectorUtterance]:
        for index, speaker in enumerate(speakers):
            if read is not None:
                read.append(index)
            yield IvectorUtterance(str(index), np.zeros((3, 40), np.float32), speaker.replace("-", ""))

    return UtteranceQueue(extractor(), source(), None)


def result(index: int) -> UtteranceIvectors:
    return UtteranceIvectors(str(index), np.zeros((1, 24), np.float32))


def test_a_speaker_is_one_run_while_it_goes_on() -> None:
    queue = queue_of("aab--a")
    runs = []
    while (run := queue.next_run()) is not None:
        runs.append(run)
    assert [run.speaker for run in runs] == ["a", "b", "", "", "a"]
    assert [[index for index, _ in run.waiting] for run in runs] == [[0, 1], [2], [3], [4], [5]]
    assert runs[0].state is not runs[4].state
    assert queue.is_empty()


def test_a_run_that_is_done_is_given_again() -> None:
    queue = queue_of("aa")
    run = queue.next_run()
    assert run is not None
    assert run.waiting.popleft()[0] == 0
    run.is_known = False
    assert queue.next_run() is run
    assert [index for index, _ in run.waiting] == [1]


def test_results_are_given_in_order() -> None:
    queue = queue_of("----")
    while queue.next_run() is not None:
        pass
    given = []
    for index in (2, 0, 3, 1):
        queue.settle(index, str(index), result(index))
        given.append([key for key, _ in queue.finished()])
    assert given == [[], ["0"], [], ["1", "2", "3"]]


def test_no_more_is_read_than_may_be_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(utterance_queue, "_MOST_HELD", 2 * 4096)
    read: list[int] = []
    queue = queue_of("------", read)
    assert queue.next_run() is not None and queue.next_run() is not None
    assert queue.next_run() is None and len(read) == 2
    queue.settle(1, "1", result(1))
    assert list(queue.finished()) == [] and queue.next_run() is None, "results wait for those before them"
    queue.settle(0, "0", result(0))
    assert len(list(queue.finished())) == 2
    assert queue.next_run() is not None
    assert not queue.is_empty()


def test_states_of_speakers_are_asked_for() -> None:
    asked: list[str] = []
    state = first_state(extractor())

    def states(speaker: str) -> AdaptationState | None:
        asked.append(speaker)
        return state if speaker == "a" else None

    given = [IvectorUtterance(key, np.zeros((3, 40), np.float32), key.strip("12")) for key in ("a1", "a2", "b1", "1")]
    queue = UtteranceQueue(extractor(), iter(given), states)
    runs = [run for run in iter(queue.next_run, None) if run is not None]
    assert asked == ["a", "b"]
    assert runs[0].state is state and runs[1].state is not state


def test_errors_of_the_input_come_last() -> None:
    def source() -> Iterator[IvectorUtterance]:
        yield IvectorUtterance("0", np.zeros((3, 40), np.float32))
        raise TableFormatError("damaged")

    queue = UtteranceQueue(extractor(), source(), None)
    assert queue.next_run() is not None and queue.next_run() is None
    assert queue.is_empty()
    with pytest.raises(TableFormatError, match="damaged"):
        queue.raise_error()
