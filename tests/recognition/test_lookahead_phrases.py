"""Phrases, grammars and boosted words on a lookahead pair, through all doors."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions
from ov_asr_score.errors import UsageError
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.vosk import KaldiRecognizer, Model
from tests.model_directory.layouts.pairs import PAIR, lay_out_vosk_2_packed_pair, lay_out_vosk_2_pair
from tests.model_directory.layouts.places import lay_out_vosk_2
from tests.recognition.places import KEYS, RATE, SOUND, samples_of

pytest.importorskip("numba")
VOSK = json.loads((PAIR / "vosk_grammars.json").read_text())
GRAMMAR = """#JSGF V1.0;
grammar player;
public <command> = play <digit> | [on] start <digit> (left | right) | off | two [unk] seven;
<digit> = one | two | six | seven;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out_vosk_2_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def pair(folder: Path) -> Iterator[Recognizer]:
    with load_recognizer(folder) as found:
        yield found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recognizer]:
    with load_recognizer(lay_out_vosk_2(tmp_path_factory.mktemp("whole"))) as found:
        yield found


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Model:
    return Model(str(lay_out_vosk_2_packed_pair(tmp_path_factory.mktemp("packed"))))


def said(recognizer: Recognizer, key: str, phrases: object = None, boost: object = None) -> str:
    with recognizer.session(phrases=phrases, boost=boost, endpoints=False) as session:  # type: ignore[arg-type]
        session.accept(samples_of(key))
        return " ".join(final.text for final in session.finish())


@pytest.mark.parametrize("case", VOSK, ids=lambda case: case["keys"][0])
def test_grammars_as_vosk(packed: Model, case: dict[str, list[object]]) -> None:
    recognizer = KaldiRecognizer(packed, RATE, json.dumps(case["grammar"]))
    recognizer.SetWords(True)
    sound = np.concatenate([samples_of(str(key)) for key in case["keys"]])
    results = []
    for first in range(0, len(sound), 4000):
        if recognizer.AcceptWaveform(sound[first : first + 4000].tobytes()):
            results.append(json.loads(recognizer.Result()))
    results.append(json.loads(recognizer.FinalResult()))
    found = [[[word[name] for name in ("word", "start", "end", "conf")] for word in each.get("result", [])]
             for each in results]  # fmt: skip
    assert len(found) == len(case["results"])
    for words, expected in zip(found, case["results"], strict=True):
        assert [word for word, *_ in words] == [word for word, *_ in expected]  # type: ignore[attr-defined]
        numbers, theirs = ([rest for _, *rest in each] for each in (words, expected))  # type: ignore[attr-defined]
        np.testing.assert_allclose(numbers, theirs, atol=0.02)


def test_grammars_that_change(packed: Model, caplog: pytest.LogCaptureFixture) -> None:
    recognizer = KaldiRecognizer(packed, RATE)
    texts = []
    with caplog.at_level(logging.WARNING):
        for grammar in ("[]", '["play six", "zzqx", "zzqy off"]', '["off"]', "[]"):
            recognizer.SetGrammar(grammar)
            recognizer.AcceptWaveform(samples_of("es_f4-t0000").tobytes())
            texts.append(json.loads(recognizer.FinalResult())["text"])
    assert texts[0] == texts[3] == "play seven"
    assert texts[1].startswith("play")
    assert set(texts[1].split()) <= {"play", "six", "off"}
    assert set(texts[2].split()) <= {"off"}
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 1  # in one line
    assert "'zzqx' is not in" in told[0]
    assert "'zzqy' is not in" in told[0]
    with pytest.raises(
        UsageError, match="a word that the model knows, found none; words are left out: 'zzqx' is not in"
    ):
        KaldiRecognizer(packed, RATE, '["zzqx"]')


@pytest.mark.parametrize(
    "phrases",
    [
        PhraseOptions(["play seven", "two", "off"]),
        PhraseOptions(["play", "seven", "two", "three", "[unk]"], repeat=True),
        PhraseOptions(["play seven", "three two", "[unk]"]),
    ],
    ids=["list", "repeated", "with other words"],
)
def test_phrases_as_on_the_complete_graph(pair: Recognizer, whole: Recognizer, phrases: PhraseOptions) -> None:
    texts = {key: said(whole, key, phrases) for key in KEYS}
    assert len(set(texts.values())) > 2
    assert {key: said(pair, key, phrases) for key in KEYS} == texts


def test_what_cannot_be_said_is_named(pair: Recognizer) -> None:
    with pair.session(phrases=["play zzqx", "two"]) as session:
        assert len(session.warnings) == 1
        assert session.warnings[0].startswith("phrase 'play zzqx' is left out: 'zzqx' is not in ")
    with pytest.raises(UsageError, match="expected a phrase that the graph can say, found none among 1; phrase 'zzqx'"):
        pair.session(phrases=["zzqx"])


def test_boosted_words_and_phrases(pair: Recognizer) -> None:
    key = "es_Annie-t0024"  # two
    assert said(pair, key) == "two"
    assert said(pair, key, boost={"two": -40.0}) != "two"
    assert said(pair, key, boost={"two": -40.0, "no two": 1.0}) != "two"
    assert said(pair, key, PhraseOptions(["two", "no"], boost=[("two", -300.0)])) == "no"
    # flite says three two; without more, what is heard stays
    assert said(pair, "flite_slt-t0017", boost={"two two": 60.0}).startswith("two two")


def test_whole_files(folder: Path, whole: Recognizer, tmp_path: Path) -> None:
    (tmp_path / "player.jsgf").write_text(GRAMMAR)
    settings = PhraseSettings(grammar=str(tmp_path / "player.jsgf"))
    for long_after in (0.0, 1e6):
        path = tmp_path / f"text{long_after:g}"
        files, sound = WordFiles(text=str(path)), f"wav:{SOUND}/*.flac"
        job = TranscribeJob(str(folder), (sound,), files=files, phrases=settings, long_after=long_after)
        assert run_transcription(job).verdict == "ok"
        texts = {key: " ".join(words) for key, *words in map(str.split, path.read_text().splitlines())}
        assert texts["es_f4-t0000"] == "play seven"
        assert texts["es_belinda-t0011"] == "on start six right"
        assert texts["es_Andrea-t0004"] == "off"
        assert texts["es_Gene-t0010"] == "two [unk] seven"
