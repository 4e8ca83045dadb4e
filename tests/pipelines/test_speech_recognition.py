"""Calls of a pipeline, over a recognizer that tells how many samples it got."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.pipelines.sound_inputs import InputOptions, SoundInput
from ov_asr_score.pipelines.speech_recognition import CallOptions, SpeechRecognitionPipeline
from ov_asr_score.transcript.transcript import Alternative, Segment, Transcript, Word


def counted(sound: SoundInput) -> Transcript:
    count = sum(len(piece) for piece in sound.pieces)
    word = Word(str(count), 0.0, count / sound.rate, 0.5)
    return Transcript((Segment("u", 0.0, count / sound.rate, (Alternative((word,)),)),))


@pytest.fixture
def pipeline() -> SpeechRecognitionPipeline:
    return SpeechRecognitionPipeline(counted, CallOptions(InputOptions(sampling_rate=100)))


def test_one_input(pipeline: SpeechRecognitionPipeline) -> None:
    assert pipeline(np.zeros(50)) == {"text": "50"}
    assert pipeline({"raw": np.zeros(50), "sampling_rate": 200, "id": 1}, return_timestamps=True) == {
        "text": "50",
        "chunks": [{"text": "50", "timestamp": (0.0, 0.25)}],
        "id": 1,
    }
    words = pipeline(np.zeros(50), return_timestamps="word", sampling_rate=50)
    assert words["chunks"] == [{"text": "50", "timestamp": (0.0, 1.0), "confidence": 0.5}]


def test_lists_and_iterators(pipeline: SpeechRecognitionPipeline) -> None:
    arrays = [np.zeros(length) for length in (1, 2, 3, 4, 5)]
    expected = [{"text": str(length)} for length in (1, 2, 3, 4, 5)]
    assert pipeline(arrays) == pipeline(tuple(arrays)) == pipeline(arrays, batch_size=2) == expected
    for lazy in (pipeline(iter(arrays), batch_size=3), pipeline(array for array in arrays)):
        assert iter(lazy) is lazy
        assert list(lazy) == expected
    assert pipeline([]) == []


def test_data_sets(pipeline: SpeechRecognitionPipeline) -> None:
    class DataSet:
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> dict[str, Any]:
            if index >= 2:
                raise IndexError
            return {"audio": {"array": np.zeros(index + 1), "sampling_rate": 100}, "index": index}

    answers = pipeline(DataSet())
    assert not isinstance(answers, list)
    assert list(answers) == [{"text": "1", "index": 0}, {"text": "2", "index": 1}]


def test_a_batch_is_under_way_at_once() -> None:
    barrier = threading.Barrier(4, timeout=10)

    def recognize(sound: SoundInput) -> Transcript:
        barrier.wait()
        return counted(sound)

    pipeline = SpeechRecognitionPipeline(recognize, CallOptions(InputOptions(sampling_rate=100), batch_size=4))
    assert [answer["text"] for answer in pipeline([np.zeros(n) for n in range(1, 9)])] == list("12345678")


def test_what_cannot_be_read_is_told_in_its_turn(pipeline: SpeechRecognitionPipeline) -> None:
    def inputs() -> Iterator[Any]:
        yield np.zeros(1)
        yield "gone.wav"

    answers = pipeline(inputs())
    assert next(answers) == {"text": "1"}
    with pytest.raises(FileAccessError, match=r"gone.wav: no such file"):
        next(answers)


def test_wrong_arguments_are_told_at_once(pipeline: SpeechRecognitionPipeline) -> None:
    for wrong in ({"batch_size": 0}, {"batch_size": True}, {"sampling_rate": 0}, {"return_timestamps": "char"}):
        with pytest.raises(ValueError, match=next(iter(wrong))):
            pipeline(iter([]), **wrong)
    with pytest.raises(ValueError, match=r"stride_length_s"):
        pipeline(iter([]), chunk_length_s=10, stride_length_s=5)
    with pytest.raises(ValueError, match=r"found a list of numbers; give samples as an array of numpy"):
        pipeline([0.5, 0.5])
    with pytest.raises(ValueError, match=r"found int"):
        pipeline(5)


def test_chunks_change_nothing(pipeline: SpeechRecognitionPipeline) -> None:
    assert pipeline(np.zeros(50), chunk_length_s=10, stride_length_s=(4, 2)) == {"text": "50"}


def test_a_pipeline_that_nobody_holds_is_closed() -> None:
    closed: list[bool] = []
    pipeline = SpeechRecognitionPipeline(
        counted, CallOptions(InputOptions(sampling_rate=100)), lambda: closed.append(True)
    )
    answers = pipeline(iter([np.zeros(1), np.zeros(2)]))
    del pipeline
    assert next(answers) == {"text": "1"} and not closed
    del answers
    gc.collect()
    assert closed == [True]


def test_closing() -> None:
    closed: list[bool] = []
    with SpeechRecognitionPipeline(counted, CallOptions(InputOptions()), lambda: closed.append(True)) as pipeline:
        assert pipeline.task == "automatic-speech-recognition"
    assert closed == [True]
