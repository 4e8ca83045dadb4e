from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.decoding.phrases.expressions import Grammar, GrammarWord
from ov_asr_score.decoding.phrases.phrase_files import read_grammar, read_phrase_options
from ov_asr_score.decoding.phrases.phrase_options import PhraseOptions, WordAcceptor
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from tests.decoding.kaldi_decodings import FOLDER


def phrases_of(text: str) -> tuple[str, ...]:
    return tuple(read_phrase_options(PhraseSettings(phrases=text)).phrases)


def test_nothing_asked_for() -> None:
    assert read_phrase_options(PhraseSettings()) == PhraseOptions()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("turn left;stop", ("turn left", "stop")),
        (" turn   left ; ; stop;", ("turn left", "stop")),
        ("stop", ("stop",)),
        ("a/b.txt;", ("a/b.txt",)),
    ],
)
def test_phrases_in_the_setting(text: str, expected: tuple[str, ...]) -> None:
    assert phrases_of(text) == expected


def test_phrases_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "commands"
    file.write_bytes(b"\xef\xbb\xbfturn  left\r\n\n// a comment\nstop\n[unk]")
    assert phrases_of(str(file)) == ("turn left", "stop", "[unk]")


def test_all_settings(tmp_path: Path) -> None:
    (tmp_path / "boosts").write_text("turn left:2\nstop : -1.5\n")
    (tmp_path / "g.jsgf").write_text("#JSGF V1.0; public <a> = on;")
    settings = PhraseSettings(
        "on", str(tmp_path / "g.jsgf"), True, 2.5, (("off", 1.0),), boost_file=str(tmp_path / "boosts")
    )
    assert settings.are_given
    options = read_phrase_options(settings)
    assert (options.phrases, options.repeat, options.unknown_cost) == (("on",), True, 2.5)
    assert options.boost == (("off", 1.0), ("turn left", 2.0), ("stop", -1.5))
    assert isinstance(options.grammar, Grammar)
    assert options.grammar.rules == {"a": GrammarWord("on")}


def test_acceptor_of_openfst(tmp_path: Path) -> None:
    with pytest.raises(TableFormatError, match=r"HCLG.fst: expected an acceptor, with the same word on both sides"):
        read_grammar(str(FOLDER / "HCLG.fst"))
    kaldifst = pytest.importorskip("kaldifst")
    kaldifst.compile("0 1 3\n1 2 4 0.5\n2\n", acceptor=True).write(str(tmp_path / "g.fst"))
    grammar = read_grammar(str(tmp_path / "g.fst"))
    assert isinstance(grammar, WordAcceptor)
    assert grammar.fst.ilabels.tolist() == [3, 4]


@pytest.mark.parametrize(
    ("settings", "content", "message"),
    [
        (PhraseSettings(phrases="FILE"), b"\n// x\n", "FILE: expected a phrase per line, found none"),
        (PhraseSettings(phrases="FILE"), b"on\nof\0f\n", "FILE: line 2: expected a text, found a byte of 0"),
        (PhraseSettings(boost_file="FILE"), b"on:1\nturn left\n", "FILE: line 2: expected a word or phrase, a colon"),
        (PhraseSettings(boost_file="FILE"), b"\n", "FILE: expected a word or phrase, a colon and a number per line"),
        (PhraseSettings(grammar="FILE"), b"turn left\n", "FILE: line 1: expected a grammar that begins with '#JSGF V1"),
        (PhraseSettings(grammar="FILE"), b"#JSGF V1.0;\n<a> = (b;", "FILE: line 2: expected ')', found ';'"),
        (PhraseSettings(grammar="FILE"), b"", "FILE: line 1: expected a grammar that begins with"),
    ],
)
def test_damaged_files(
    settings: PhraseSettings, content: bytes, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("FILE").write_bytes(content)
    with pytest.raises(TableFormatError) as raised:
        read_phrase_options(settings)
    assert str(raised.value).startswith(message)


def test_a_list_in_the_place_of_a_grammar_is_told_its_option(tmp_path: Path) -> None:
    (tmp_path / "list").write_text("turn left\n")
    with pytest.raises(TableFormatError, match=r"a list of phrases is given as phrases$") as raised:
        read_grammar(str(tmp_path / "list"))
    assert raised.value.fields == ("phrases",)


@pytest.mark.parametrize(
    ("settings", "error", "message"),
    [
        (PhraseSettings(phrases=";"), UsageError, "phrases: expected phrases with ';' between them, found ';'"),
        (PhraseSettings(phrases="x/commands"), FileAccessError, "x/commands: no such file; a phrase of this name"),
        (PhraseSettings(phrases="commands.txt"), FileAccessError, "commands.txt: no such file"),
        (PhraseSettings(grammar="missing"), FileAccessError, "missing"),
        (PhraseSettings(boost_file="missing"), FileAccessError, "missing"),
    ],
)
def test_files_that_are_not_there(
    settings: PhraseSettings,
    error: type[OvAsrScoreError],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error) as raised:
        read_phrase_options(settings)
    assert str(raised.value).startswith(message)
