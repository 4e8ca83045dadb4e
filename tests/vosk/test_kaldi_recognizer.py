"""The states of a recognizer, and what it does with sound, over a stream that says what a list tells it."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.kaldi_model.transitions import load_transitions
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.settings.recognition.endpointing import EndpointOptions
from ov_asr_score.vosk.endpointer import EndpointerMode
from ov_asr_score.vosk.kaldi_recognizer import KaldiRecognizer
from ov_asr_score.vosk.messages import MessageMaker
from ov_asr_score.vosk.utterance_stream import Samples

MODEL = Path(__file__).parents[2] / "models/chain_ivector"
ROW = 480  # samples
ONE = 15  # the word


@dataclass
class SpokenStream:
    """A stream in which every utterance is "one", and ends after ``endpoint_after`` rows."""

    rate: int
    phrases: tuple[str, ...]
    endpoint_after: int = 10**9
    pieces: list[int] = field(default_factory=list)
    samples: list[float] = field(default_factory=list)
    endpoints: list[EndpointOptions] = field(default_factory=list)
    num_rows: int = 0
    rest: int = 0
    is_finished: bool = False
    is_closed: bool = False

    def accept(self, samples: Samples) -> None:
        self.pieces.append(len(samples))
        self.samples += samples.tolist()
        self.rest += len(samples)
        self.num_rows, self.rest = self.num_rows + self.rest // ROW, self.rest % ROW

    def finish_sound(self) -> None:
        self.is_finished = True

    def is_endpoint(self, options: EndpointOptions) -> bool:
        self.endpoints.append(options)
        return self.num_rows >= self.endpoint_after

    def best_path(self) -> BestPath | None:
        word = np.array([ONE], np.int32)
        return BestPath(word, np.array([0], np.int32), np.zeros(0, np.int32), 0.0, 0.0, False)

    def lattice_so_far(self) -> Decoded | None:
        return None

    def end_utterance(self) -> Decoded:
        rows, self.num_rows = self.num_rows, 0
        return Decoded("u", rows, None)

    def drop_utterance(self) -> None:
        self.num_rows = 0

    def close(self) -> None:
        self.is_closed = True


class SpokenModel:
    """A model whose streams are of that kind; ``streams`` are those that were opened."""

    def __init__(self, endpoint_after: int = 10**9) -> None:
        symbols = read_symbols(MODEL / "graph/words.txt")
        self.messages = MessageMaker(load_transitions(MODEL / "final.mdl"), symbols, None, 1.0, 2.0)
        self.endpoints, self.row_seconds, self.endpoint_after = EndpointOptions(), 0.03, endpoint_after
        self.streams: list[SpokenStream] = []

    def open_stream(self, rate: int, phrases: tuple[str, ...]) -> SpokenStream:
        self.streams.append(SpokenStream(rate, phrases, self.endpoint_after))
        return self.streams[-1]


def sound(samples: int) -> bytes:
    return np.arange(samples, dtype="<i2").tobytes()


def test_before_any_sound_nothing_was_said() -> None:
    recognizer = KaldiRecognizer(SpokenModel(), 16000.0)
    assert recognizer.PartialResult() == recognizer.Result() == recognizer.FinalResult() == '{"text": ""}'
    recognizer.SetMaxAlternatives(3)
    assert recognizer.FinalResult() == '{"alternatives" : [{"text": "", "confidence" : 1.0}] }'
    recognizer.SetNLSML(True)
    assert recognizer.Result().startswith('<?xml version="1.0"?>\n<result grammar="default">\n<interpretation confid')
    recognizer.SetMaxAlternatives(0)
    assert recognizer.Result() == '{"text": ""}'


def test_sound_goes_on_in_fifths_of_a_second() -> None:
    model = SpokenModel()
    assert KaldiRecognizer(model, 8000).AcceptWaveform(sound(4000)) == 0
    assert model.streams[0].pieces == [1600, 1600, 800]
    assert model.streams[0].samples == list(range(4000))


def test_a_sample_waits_for_its_second_byte() -> None:
    model = SpokenModel()
    recognizer = KaldiRecognizer(model, 16000)
    data = sound(300)
    for first in range(0, len(data), 7):
        recognizer.AcceptWaveform(data[first : first + 7])
    assert model.streams[0].samples == list(range(300))


@pytest.mark.parametrize("make", [bytes, bytearray, memoryview, lambda data: np.frombuffer(data, "<i2")])
def test_sound_of_any_type(make) -> None:  # type: ignore[no-untyped-def]
    model = SpokenModel()
    KaldiRecognizer(model, 16000).AcceptWaveform(make(sound(5)))
    assert model.streams[0].samples == [0, 1, 2, 3, 4]


def test_partial_results() -> None:
    recognizer = KaldiRecognizer(SpokenModel(), 16000)
    recognizer.AcceptWaveform(b"")
    assert recognizer.PartialResult() == '{\n  "partial" : ""\n}'
    recognizer.AcceptWaveform(sound(ROW))
    assert recognizer.PartialResult() == '{\n  "partial" : "one"\n}'
    recognizer.Reset()
    assert recognizer.PartialResult() == '{"text": ""}'


def test_an_utterance_goes_on_until_its_result_is_asked_for() -> None:
    model = SpokenModel(endpoint_after=2)
    recognizer = KaldiRecognizer(model, 16000)
    assert [recognizer.AcceptWaveform(sound(ROW)) for _ in range(4)] == [0, 1, 1, 1]
    assert model.streams[0].num_rows == 4
    recognizer.Result()
    assert recognizer.Result() == '{"text": ""}'
    assert recognizer.AcceptWaveform(sound(ROW)) == 0
    assert len(model.streams) == 1


def test_after_the_final_result_another_stream_begins() -> None:
    model = SpokenModel()
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.AcceptWaveform(sound(ROW) + b"\1")
    recognizer.FinalResult()
    assert model.streams[0].is_finished and recognizer.FinalResult() == '{"text": ""}'
    recognizer.Reset()
    recognizer.AcceptWaveform(sound(2))
    assert model.streams[0].is_closed and model.streams[1].samples == [0, 1]


def test_after_ten_minutes_another_stream_begins_with_an_utterance() -> None:
    model = SpokenModel()
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.AcceptWaveform(bytes(2 * ROW * 20000))
    recognizer.Result()
    recognizer.AcceptWaveform(bytes(2 * ROW))
    recognizer.Result()
    assert len(model.streams) == 1
    recognizer.AcceptWaveform(bytes(2 * ROW))
    assert len(model.streams) == 2


def test_times_go_on_over_results_and_streams() -> None:
    recognizer = KaldiRecognizer(SpokenModel(), 16000)
    recognizer.SetPartialWords(True)

    def start() -> float:
        return float(json.loads(recognizer.PartialResult())["partial_result"][0]["start"])

    recognizer.AcceptWaveform(sound(2 * ROW + 50))
    assert start() == 0
    recognizer.Result()
    recognizer.AcceptWaveform(sound(ROW))
    assert start() == 0.06
    recognizer.Reset()
    recognizer.AcceptWaveform(sound(ROW))
    assert start() == 0.09
    recognizer.FinalResult()
    recognizer.AcceptWaveform(sound(ROW))
    assert start() == 0.123125  # 4 rows and 50 samples


def test_endpointer() -> None:
    model = SpokenModel()
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.SetEndpointerMode(EndpointerMode.SHORT)
    recognizer.AcceptWaveform(sound(1))
    recognizer.SetEndpointerDelays(1.0, 0.25, 3.0)
    recognizer.AcceptWaveform(sound(1))
    assert [options.rule2.min_trailing_silence for options in model.streams[0].endpoints] == [0.375, 0.25]


def test_grammars() -> None:
    model = SpokenModel()
    recognizer = KaldiRecognizer(model, 16000, '["one two"]')
    recognizer.AcceptWaveform(sound(ROW))
    with pytest.raises(UsageError, match=r"SetGrammar: expected an utterance that has ended; call Result, FinalResult"):
        recognizer.SetGrammar("[]")
    recognizer.Result()
    recognizer.SetGrammar("[]")
    assert [stream.phrases for stream in model.streams] == [("one two",), ()]


def test_refusals() -> None:
    recognizer = KaldiRecognizer(SpokenModel(), 16000)
    for rate in (0, -1, 16000.5, float("nan"), float("inf"), "16000", True, None):
        with pytest.raises(UsageError, match=r"rate .*: expected whole samples per second"):
            KaldiRecognizer(SpokenModel(), rate)  # type: ignore[arg-type]
    for model in (None, "model"):
        with pytest.raises(TypeError, match="expected a Model, found"):
            KaldiRecognizer(model, 16000)  # type: ignore[arg-type]
    with pytest.raises(OvAsrScoreError, match=r"found int; models of speakers are not supported"):
        KaldiRecognizer(SpokenModel(), 16000, 5)
    with pytest.raises(OvAsrScoreError, match=r"models of speakers are not supported"):
        recognizer.SetSpkModel(object())
    with pytest.raises(TypeError, match=r"expected samples of 16 bits as bytes, found a text"):
        recognizer.AcceptWaveform("sound")  # type: ignore[arg-type]
    for data, found in (
        (np.zeros(5, np.float32), "an array of float32"),
        (np.zeros((5, 2), np.int16), r"an array of int16 and shape \(5, 2\)"),
        ([1, 2], "list"),
        (5, "int"),
        (None, "NoneType"),
    ):
        with pytest.raises(TypeError, match=f"^expected samples of 16 bits .*, found {found}"):
            recognizer.AcceptWaveform(data)  # type: ignore[arg-type]
    assert recognizer.AcceptWaveform(np.zeros(5, ">i2")) == 0


def test_subtitles_of_a_file() -> None:
    model = SpokenModel(endpoint_after=4)
    assert KaldiRecognizer(model, 16000).SrtResult(io.BytesIO(sound(5000))) == ""
    assert sum(model.streams[0].pieces) == 5000 and model.streams[0].is_finished
