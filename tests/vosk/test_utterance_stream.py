"""Recognizers of vosk's door beside vosk itself: what every call says, for the bundled sound and model."""

from __future__ import annotations

import gc
import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.audio.decoding import read_audio
from ov_asr_score.errors import SoundFormatError
from ov_asr_score.vosk import EndpointerMode, KaldiRecognizer, Model
from tests.command_line import ROOT
from tests.model_directory.layouts.places import lay_out_vosk_2

pytest.importorskip("kaldi_decoder")
SAID = json.loads((ROOT / "tests/kaldi_speech/vosk/utterances.json").read_text())
STREAM = json.loads((ROOT / "tests/kaldi_speech/vosk/stream.json").read_text())
PAUSES = ROOT / "tests/kaldi_speech/sessions/pauses.flac"
NUMBER = re.compile(r"-?[0-9]+\.[0-9]+")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(str(lay_out_vosk_2(tmp_path_factory.mktemp("vosk") / "model")))


def int16_bytes(path: Path) -> bytes:
    data: bytes = read_audio(path).samples[0].astype("<i2").tobytes()
    return data


def sound(key: str) -> bytes:
    return int16_bytes(ROOT / f"data/speech/{key}.flac")


def assert_same(found: str, expected: str) -> None:
    """That texts are the same but for the last digits of numbers."""
    assert NUMBER.sub("#", found) == NUMBER.sub("#", expected)
    numbers, those = (np.array(NUMBER.findall(text), float) for text in (found, expected))
    np.testing.assert_allclose(numbers, those, atol=2e-3)


def calls(recognizer: KaldiRecognizer, data: bytes, size: int = 8000) -> list[list[object]]:
    said: list[list[object]] = []
    for first in range(0, len(data), size):
        is_over = recognizer.AcceptWaveform(data[first : first + size])
        said.append([is_over, recognizer.Result() if is_over else recognizer.PartialResult()])
    return said


@pytest.mark.parametrize("key", sorted(SAID))
def test_every_call_says_what_vosk_says(model: Model, key: str) -> None:
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.SetWords(True)
    *expected, last = SAID[key]
    for found, said in zip(calls(recognizer, sound(key)), expected, strict=True):
        assert found[0] == said[0]
        assert_same(str(found[1]), said[1])
    assert_same(recognizer.FinalResult(), last)


def test_a_stream_with_pauses_and_a_second_one(model: Model) -> None:
    """Endpoints, times of the stream, and what follows a final result."""
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.SetMaxAlternatives(2)
    recognizer.SetWords(True)
    data = int16_bytes(PAUSES)
    for name in ("first", "second"):
        *expected, last = STREAM[name]
        found = calls(recognizer, data)
        assert [each[0] for each in found] == [each[0] for each in expected]
        assert sum(each[0] for each in expected) == 3
        for (_, text), (_, said) in zip(found, expected, strict=True):
            assert_same(str(text), said)
        assert_same(recognizer.FinalResult(), last)


def test_delays_of_endpoints(model: Model) -> None:
    """Beside vosk 0.3.45 with the same seconds in model.conf: it has no methods for them yet."""
    data = int16_bytes(PAUSES)
    recognizer = KaldiRecognizer(model, 16000)

    def endpoints() -> str:
        flags = "".join(str(is_over) for is_over, _ in calls(recognizer, data))
        recognizer.FinalResult()
        return flags

    recognizer.SetEndpointerMode(EndpointerMode.VERY_LONG)
    assert endpoints() == "00000000000001000000000000000"
    recognizer.SetEndpointerMode(EndpointerMode.SHORT)
    assert endpoints() == "00000000100000000010000001000"
    recognizer.SetEndpointerDelays(5.0, 0.3, 1.0)
    assert endpoints() == "00000101000010001000010001000"


def test_partial_words_have_times(model: Model) -> None:
    recognizer = KaldiRecognizer(model, 16000)
    recognizer.SetPartialWords(True)
    recognizer.AcceptWaveform(sound("es_belinda-t0011"))
    said = json.loads(recognizer.PartialResult())
    assert said["partial"] == " ".join(word["word"] for word in said["partial_result"])
    assert said["partial_result"][0] == {"word": "on", "start": 0.3, "end": 0.51, "conf": pytest.approx(0.66, abs=0.02)}


def test_less_than_a_frame_of_sound(model: Model) -> None:
    for data in (b"", b"\0", bytes(2), bytes(100)):
        recognizer = KaldiRecognizer(model, 16000)
        assert recognizer.AcceptWaveform(data) == 0
        assert recognizer.PartialResult() == '{\n  "partial" : ""\n}'
        assert recognizer.FinalResult() == '{"text": ""}'


def test_other_rates(model: Model) -> None:
    recognizer = KaldiRecognizer(model, 48000)
    data = np.repeat(np.frombuffer(sound("es_belinda-t0011"), "<i2"), 3)
    recognizer.AcceptWaveform(data.tobytes())
    assert json.loads(recognizer.FinalResult()) == {"text": "on start six right"}
    refused = KaldiRecognizer(model, 8000)
    assert refused.FinalResult() == '{"text": ""}'
    for _ in range(2):
        with pytest.raises(SoundFormatError, match=r"expected sound of 16000 Hz \(sample_frequency\), found 8000 Hz"):
            refused.AcceptWaveform(bytes(8000))
    assert refused.FinalResult() == '{"text": ""}'


def test_threads_of_a_model_end_with_it(tmp_path: Path) -> None:
    before = threading.active_count()
    recognizer = KaldiRecognizer(Model(str(lay_out_vosk_2(tmp_path / "model"))), 16000)
    recognizer.AcceptWaveform(bytes(32000))
    # a recognizer that is alone needs no thread: it is another one that asks next
    other = threading.Thread(target=recognizer.AcceptWaveform, args=(bytes(32000),))
    other.start()
    other.join()
    assert recognizer.FinalResult() != '{"text": ""}' and threading.active_count() > before
    del recognizer
    gc.collect()
    assert threading.active_count() == before


def test_recognizers_of_a_model_in_threads(model: Model) -> None:
    def said(key: str) -> list[list[object]]:
        recognizer = KaldiRecognizer(model, 16000)
        return [*calls(recognizer, sound(key)), [0, recognizer.FinalResult()]]

    expected = [said(key) for key in sorted(SAID)]
    with ThreadPoolExecutor(len(SAID)) as pool:
        assert list(pool.map(said, sorted(SAID))) == expected


def test_words_of_the_model(model: Model) -> None:
    assert [model.vosk_model_find_word(word) for word in ("one", "<eps>", "two ", "")] == [15, 0, -1, -1]


def test_a_model_by_language(model: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay_out_vosk_2(tmp_path / "vosk-model-small-en-us-0.1")
    monkeypatch.setenv("VOSK_MODEL_PATH", str(tmp_path))
    assert Model(lang="en-us").vosk_model_find_word("one") == 15


@pytest.mark.parametrize(
    ("grammar", "texts"),
    [
        ('["on start six right", "off"]', ["off", "on start six right"]),
        ('["off", "[unk]"]', ["off", "off [unk] [unk] [unk]"]),
        ('["right six", "start on off"]', ["off", "on start six right"]),
        ("[]", ["off", "on start six right"]),
    ],
)
def test_grammars(model: Model, grammar: str, texts: list[str]) -> None:
    given, changed = KaldiRecognizer(model, 16000, grammar), KaldiRecognizer(model, 16000, '["two"]')
    changed.SetGrammar(grammar)
    for recognizer in (given, changed):
        for key, text in zip(("es_Andrea-t0004", "es_belinda-t0011"), texts, strict=True):
            recognizer.AcceptWaveform(sound(key))
            said = json.loads(recognizer.FinalResult())["text"]
            assert said == text


def test_higher_rates_of_models_that_are_not_made_for_vosk() -> None:
    recognizer = KaldiRecognizer(Model(str(ROOT / "models/chain_ivector")), 48000)
    recognizer.AcceptWaveform(np.repeat(np.frombuffer(sound("es_john-t0021"), "<i2"), 3))
    assert json.loads(recognizer.FinalResult()) == {"text": "no"}
