"""Model directories whose graph is a lookahead pair, through all doors: words are those of both halves composed."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ov_asr_score.fst.language_model import open_language_model
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.recognition.recognizer import Recognizer, load_recognizer
from ov_asr_score.recognition.results import Final
from ov_asr_score.settings.recognition.search_choices import SearchChoices
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.word_outputs import WordFiles
from ov_asr_score.vosk import KaldiRecognizer, Model
from tests.command_line import ROOT
from tests.model_directory.layouts.pairs import PAIR, lay_out_vosk_1_pair, lay_out_vosk_2_pair
from tests.recognition.places import KEYS, RATE, SOUND, pieces_of, samples_of

pytest.importorskip("numba")
# of online2-wav-nnet3-latgen-faster; whole files and sound in pieces have the same words
EXPECTED = (PAIR / "decoded" / "composed.txt").read_text().splitlines()
WORDS = {key: words for key, *words in map(str.split, EXPECTED)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out_vosk_2_pair(tmp_path_factory.mktemp("pair"))


@pytest.fixture(scope="module")
def pair_recognizer(folder: Path) -> Iterator[Recognizer]:
    with load_recognizer(folder) as found:
        yield found


def transcribed(folder: Path, path: Path, **more: object) -> list[str]:
    job = TranscribeJob(str(folder), (f"wav:{SOUND}/*.flac",), files=WordFiles(text=str(path)), **more)  # type: ignore[arg-type]
    assert run_transcription(job).verdict == "ok"
    return path.read_text().splitlines()


def test_whole_files(folder: Path, tmp_path: Path) -> None:
    assert transcribed(folder, tmp_path / "text") == EXPECTED


def test_long_files(folder: Path, tmp_path: Path) -> None:
    assert transcribed(folder, tmp_path / "text", long_after=0.0) == EXPECTED


def test_version_1_of_vosk(tmp_path: Path) -> None:
    folder = lay_out_vosk_1_pair(tmp_path / "model")
    assert transcribed(folder, tmp_path / "text") == EXPECTED


def test_a_packed_language_model(tmp_path: Path) -> None:
    folder = lay_out_vosk_2_pair(tmp_path / "model")
    shutil.copyfile(PAIR / "Gr_ngram.fst", folder / "graph/Gr.fst")
    # whose words have the numbers of the labels, as mkgraph_lookahead.sh writes them
    symbols, words = read_symbols(PAIR / "words.txt"), open_language_model(PAIR / "Gr.fst").model.words_of_label
    lines = [f"{symbols.text(word)} {label}\n" for label, word in enumerate(words.tolist()) if word]
    (folder / "graph/words.txt").write_text("".join(["<eps> 0\n", *lines]))
    assert transcribed(folder, tmp_path / "text") == EXPECTED


def test_limits_of_the_search_hold_for_lattices(folder: Path, tmp_path: Path) -> None:
    files = WordFiles(nbest=2, nbest_text=str(tmp_path / "nbest"))
    job = TranscribeJob(str(folder), (f"wav:{SOUND}/*.flac",), files=files, search=SearchChoices(max_active=2000))
    report = run_transcription(job)
    assert not any("not used, as the search for lattices" in note for note in report.notes)
    lines = (tmp_path / "nbest").read_text().splitlines()
    assert [line.replace("-1 ", " ", 1) for line in lines if line.split()[0].endswith("-1")] == EXPECTED


def test_sessions(pair_recognizer: Recognizer) -> None:
    for key in KEYS:
        with pair_recognizer.session(words=True, endpoints=False) as session:
            for piece in pieces_of(key, 3200):
                session.accept(piece)
            finals = session.finish()
        assert all(isinstance(final, Final) for final in finals)
        found = [word for final in finals for word in final.segment.alternatives[0].words]
        assert [word.text for word in found] == WORDS[key]
        assert all(word.start is not None and word.start < word.end for word in found if word.end is not None)


def test_partial_results_and_endpoints(pair_recognizer: Recognizer) -> None:
    with pair_recognizer.session() as session:
        results = [each for piece in pieces_of("pauses", 1600) for each in session.accept(piece)]
    assert any(isinstance(each, Final) and each.endpoint_rule for each in results)
    assert any(not isinstance(each, Final) and each.words for each in results)


def test_the_door_of_vosk(folder: Path) -> None:
    model = Model(str(folder))
    for key in KEYS:
        recognizer = KaldiRecognizer(model, RATE)
        recognizer.AcceptWaveform(samples_of(key).tobytes())
        assert json.loads(recognizer.FinalResult())["text"].split() == WORDS[key]


PARTIALS = {  # of vosk 0.3.45 with the same directory, sound in pieces of 8000 bytes; the last is its final result
    "es_Gene-t0010": ["", "two", "two open", "two open", *["two open seven"] * 4],
    "es_f4-t0000": ["", "play", "play", "play", *["play seven"] * 4],
    "flite_slt-t0017": ["", "", "three", "three yes", "three yes", "three two"],
}


@pytest.mark.parametrize("key", PARTIALS)
def test_partial_results_are_those_of_vosk(folder: Path, key: str) -> None:
    """A word is told when it is the only one left, not first where the graph has its label."""
    recognizer = KaldiRecognizer(Model(folder), RATE)
    data = samples_of(key).tobytes()
    texts = []
    for first in range(0, len(data), 8000):
        recognizer.AcceptWaveform(data[first : first + 8000])
        texts.append(json.loads(recognizer.PartialResult())["partial"])
    assert [*texts, json.loads(recognizer.FinalResult())["text"]] == PARTIALS[key]


def test_words_of_partial_results_have_times(pair_recognizer: Recognizer) -> None:
    with pair_recognizer.session(RATE, partial_words=True) as session:
        results = [each for piece in pieces_of("es_f4-t0000", 4000) for each in session.accept(piece)]
    assert results
    for result in results:
        assert all(word.start is not None and word.end is not None and word.end > word.start for word in result.words)


def test_without_numba_the_extra_is_named_before_anything_is_decoded(folder: Path) -> None:
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "from ov_asr_score.recognition.recognizer import load_recognizer\n"
        f"load_recognizer({str(folder)!r})"
    )
    outcome = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=ROOT)
    assert 'pip install "ov-asr-score[decode]"' in outcome.stderr.splitlines()[-1]
