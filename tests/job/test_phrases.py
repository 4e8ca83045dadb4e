"""Decoding and transcription restricted to phrases and grammars.

The words of the phrase lists are those that latgen-faster-mapped finds in the graph composed by fstcompose with the
acceptor of the phrases.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.job.decode import run_decode
from ov_asr_score.job.transcribe.transcription import run_transcription
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.settings.words.word_outputs import GraphSettings, WordFiles
from tests.command_line import ROOT
from tests.job.test_decode import job

KEYS = [line.split()[0] for line in (ROOT / "data/speech/text").read_text().splitlines()]
GRAMMAR = """#JSGF V1.0;
public <command> = <number>+ [open] <number>* | [on] start <number> (left | right) | play <number> | off | no;
<number> = one | two | three | six | seven | five up | one up;
"""


WIDE = DecodingOptions(beam=200.0)  # the words of a narrower one depend on how the states of a graph are merged


def words(phrases: PhraseSettings, folder: Path) -> list[str]:
    report = run_decode(job(WordFiles(text=f"{folder}/text"), phrases=phrases, search=WIDE))
    assert report.totals.num_failures == 0
    lines = (folder / "text").read_text().splitlines()
    assert [line.split()[0] for line in lines] == KEYS
    return [line.partition(" ")[2] for line in lines]


def test_one_of_the_phrases(tmp_path: Path) -> None:
    found = words(PhraseSettings("off;six;two;no;three two;play seven;two open;on start six right;five up"), tmp_path)
    assert found == [
        *("off", "six", "two", "two open", "on start six right", "play seven", "no", "five up", "three two")
    ]


def test_several_of_the_phrases(tmp_path: Path) -> None:
    found = words(PhraseSettings("up;down;three two;on start;seven;six right", repeat_phrases=True), tmp_path)
    assert found == [
        *("up", "six right", "three two", "three two up down seven", "on start six right", "seven", "up"),
        *("down up up down up seven", "three two"),
    ]


def test_other_words(tmp_path: Path) -> None:
    found = words(PhraseSettings("off;six;[unk]"), tmp_path)
    unknown = "[unk]"
    assert found[:3] == ["off", "six", unknown]
    assert {word for text in found[3:] for word in text.split()} == {unknown}
    assert words(PhraseSettings("off;six;[unk]", unknown_cost=1000.0), tmp_path)[2] in ("off", "six")


def test_grammar_of_all_that_was_said(tmp_path: Path) -> None:
    (tmp_path / "g.jsgf").write_text(GRAMMAR)
    found = words(PhraseSettings(grammar=str(tmp_path / "g.jsgf")), tmp_path)
    assert found == [line.partition(" ")[2] for line in (ROOT / "data/speech/kaldi_text").read_text().splitlines()]


def test_preferred_words(tmp_path: Path) -> None:
    assert words(PhraseSettings(), tmp_path)[-1] == "three one"
    assert words(PhraseSettings(boost=(("two", 3.0),)), tmp_path)[-1] == "three two"
    assert words(PhraseSettings(boost=(("three two", 3.0),)), tmp_path)[-1] == "three two"


def test_what_cannot_be_said_is_a_note(tmp_path: Path) -> None:
    phrases = PhraseSettings("off;of;two tow", boost=(("tow", 1.0), ("off", 1.0)))
    report = run_decode(job(WordFiles(text=f"{tmp_path}/text"), phrases=phrases))
    table = f"{ROOT}/models/chain_ivector/graph/words.txt"
    assert report.notes[2:] == [
        f"phrase 'of' is left out: 'of' is not in {table}; did you mean 'off'?",
        f"phrase 'two tow' is left out: 'tow' is not in {table}; did you mean 'two'?",
        f"boost of 'tow' is left out: 'tow' is not in {table}; did you mean 'two'?",
    ]


def test_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("off\n")
    with pytest.raises(UsageError, match=r"text"):
        run_decode(job(WordFiles(text=f"{tmp_path}/text"), phrases=PhraseSettings(f"{tmp_path}/text")))
    assert (tmp_path / "text").read_text() == "off\n"


def test_transcription(tmp_path: Path) -> None:
    sound = [str(ROOT / f"data/speech/{key}.flac") for key in KEYS[:3]]
    phrases = PhraseSettings("two;six;[unk]")
    files = WordFiles(text=f"{tmp_path}/text")
    run_transcription(TranscribeJob(str(ROOT / "models/chain_ivector"), sound, phrases=phrases, files=files))
    assert (tmp_path / "text").read_text().splitlines() == [f"{KEYS[0]} [unk]", f"{KEYS[1]} six", f"{KEYS[2]} two"]


def test_phrases_need_a_graph(tmp_path: Path) -> None:
    (tmp_path / "tokens.txt").write_text("<blk> 0\na 1\nb 2\n")
    ctc = CtcOptions(str(tmp_path / "tokens.txt"))
    asked = job(WordFiles(text=f"{tmp_path}/text"), graph=GraphSettings(), ctc=ctc, phrases=PhraseSettings(grammar="g"))
    with pytest.raises(UsageError, match=r"^grammar: is for decoding graphs"):
        run_decode(replace(asked, model=""))
