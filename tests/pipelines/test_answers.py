"""What a pipeline answers."""

from __future__ import annotations

import copy
import pickle

import pytest

from ov_asr_score.pipelines.answers import answer_of, parse_timestamps
from tests.transcript.samples import lights


def test_text() -> None:
    answer = answer_of(lights(), False, {"id": 3})
    assert answer == {"text": lights().text, "id": 3}
    assert answer.transcript == lights()


def test_times_are_pairs() -> None:
    words = answer_of(lights(), "word", {})["chunks"]
    assert words[0]["text"] == "turn" and words[0]["timestamp"] == (0.31, 0.58)
    assert isinstance(answer_of(lights(), True, {})["chunks"][0]["timestamp"], tuple)


def test_what_was_recognized_comes_before_what_was_given() -> None:
    assert answer_of(lights(), False, {"text": "given", "chunks": 5})["text"] == lights().text


def test_answers_are_copied_and_sent() -> None:
    answer = answer_of(lights(), "word", {})
    for again in (copy.deepcopy(answer), pickle.loads(pickle.dumps(answer))):  # noqa: S301
        assert again == answer and again.transcript == answer.transcript


def test_timestamps() -> None:
    assert [parse_timestamps(each) for each in (None, False, True, "word")] == [False, False, True, "word"]
    with pytest.raises(ValueError, match=r"return_timestamps: 'char': times of letters are not known"):
        parse_timestamps("char")
    for wrong in ("phone", 1, 2.5):
        with pytest.raises(ValueError, match=r"return_timestamps: expected True, False or 'word', found"):
            parse_timestamps(wrong)
