"""Pipelines of model directories: the words are those of Kaldi's program, whatever the sound comes as."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import ov_asr_score
from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.pipelines.creating import pipeline
from ov_asr_score.pipelines.speech_recognition import SpeechRecognitionPipeline
from ov_asr_score.recognition.recognizer import load_recognizer

pytest.importorskip("kaldi_decoder")
ROOT = Path(__file__).parents[2]
MODEL = ROOT / "models/chain_ivector"
FILES = sorted((ROOT / "data/speech").glob("*.flac"))
TASK = "automatic-speech-recognition"


@pytest.fixture(scope="module")
def recognize() -> SpeechRecognitionPipeline:
    return pipeline(TASK, model=MODEL)


def kaldi_texts() -> list[str]:
    lines = (ROOT / "data/speech/kaldi_text").read_text().splitlines()
    by_key = dict(line.split(" ", 1) for line in lines)
    return [by_key[path.stem] for path in FILES]


def test_words_are_those_of_kaldi(recognize: SpeechRecognitionPipeline) -> None:
    assert [answer["text"] for answer in recognize(list(map(str, FILES)))] == kaldi_texts()
    assert [answer["text"] for answer in recognize(iter(FILES), batch_size=3)] == kaldi_texts()


def test_any_form_of_the_same_sound(recognize: SpeechRecognitionPipeline) -> None:
    samples = read_audio(FILES[4]).samples[0]
    floats = {"raw": samples / 32768, "sampling_rate": 16000}
    for given in (
        FILES[4].read_bytes(),
        floats,
        {"audio": {"array": samples.astype(np.int16), "sampling_rate": 16000}},
    ):
        assert recognize(given) == {"text": kaldi_texts()[4]}
    assert recognize(samples.astype(np.int16), sampling_rate=16000) == {"text": kaldi_texts()[4]}
    assert recognize(np.repeat(samples, 3).astype(np.int16), sampling_rate=48000) == {"text": kaldi_texts()[4]}


def test_times(recognize: SpeechRecognitionPipeline) -> None:
    words = recognize(FILES[4], return_timestamps="word")["chunks"]
    assert [word["text"] for word in words] == ["on", "start", "six", "right"]
    assert words[0]["timestamp"] == (0.3, 0.54) and words[3]["timestamp"] == (1.71, 2.22)
    pauses = ROOT / "tests/kaldi_speech/sessions/pauses.flac"
    chunks = recognize(pauses, return_timestamps=True)["chunks"]
    assert len(chunks) > 2 and " ".join(chunk["text"] for chunk in chunks) == recognize(pauses)["text"]
    assert all(before["timestamp"][1] + 0.5 <= after["timestamp"][0] for before, after in pairwise(chunks))


def test_silence_and_less_than_a_frame(recognize: SpeechRecognitionPipeline) -> None:
    assert recognize(np.zeros(10), sampling_rate=16000, return_timestamps=True) == {"text": "", "chunks": []}


def test_chunks_change_nothing(recognize: SpeechRecognitionPipeline) -> None:
    assert recognize(FILES[4], chunk_length_s=1, stride_length_s=(0.2, 0.2)) == recognize(FILES[4])


def test_alternatives_and_confidences_of_a_recognizer_that_is_given() -> None:
    with load_recognizer(MODEL) as recognizer:
        with pipeline(model=recognizer, alternatives=3, confidence="mbr", return_timestamps="word") as recognize:
            answer = recognize(FILES[4])
        assert recognize(FILES[4])["text"] == answer["text"]  # it is not closed
    assert [word["confidence"] > 0.9 for word in answer["chunks"]] == [True] * 4
    (segment,) = answer.transcript.segments
    assert [alternative.text for alternative in segment.alternatives][1:] == [
        "one start six right",
        "on start six four right",
    ]
    assert answer.transcript.duration == pytest.approx(2.4688125)


def test_the_name_in_the_package() -> None:
    assert ov_asr_score.pipeline is pipeline
    assert "pipeline" in dir(ov_asr_score)


def test_refusals(tmp_path: Path) -> None:
    for arguments, problem in (
        (
            {"task": "text-classification"},
            "^task: expected 'automatic-speech-recognition', found 'text-classification'",
        ),
        ({}, "^model: expected the folder of a model, found none"),
        ({"model": "openai/whisper-small"}, "found no 'openai/whisper-small'; models are not downloaded"),
        ({"model": MODEL, "device": 0}, "^device: expected the name of a device of OpenVINO such as CPU, found 0"),
        ({"model": MODEL, "batch_size": 0}, "^batch_size"),
        ({"model": MODEL, "return_timestamps": "char"}, "^return_timestamps: 'char'"),
        ({"model": MODEL, "chunk_length_s": 1, "stride_length_s": 1}, "^stride_length_s"),
        ({"model": MODEL, "alternatives": 0}, "^alternatives: expected 1 or more"),
        ({"model": MODEL, "confidence": "high"}, "^confidence: expected none, best-path or mbr"),
        ({"model": MODEL, "sampling_rate": -1}, "^sampling_rate"),
    ):
        with pytest.raises(ValueError, match=problem) as refused:
            pipeline(**arguments)
        assert isinstance(refused.value, OvAsrScoreError)
    with pytest.raises(OvAsrScoreError, match="expected"):
        pipeline(TASK, tmp_path)
