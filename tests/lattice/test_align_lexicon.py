from __future__ import annotations

import logging
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.align_lexicon import AlignLexicon, read_align_lexicon


def read(
    folder: Path, text: str, words: dict[str, int] | None = None, phones: dict[str, int] | None = None
) -> AlignLexicon:
    path = folder / "align_lexicon.int"
    path.write_text(text)
    return read_align_lexicon(str(path), words, phones)


def refusal(folder: Path, text: str, words: dict[str, int] | None = None, phones: dict[str, int] | None = None) -> str:
    with pytest.raises(TableFormatError) as caught:
        read(folder, text, words, phones)
    return str(caught.value).removeprefix(f"{folder}/")


def test_pronunciations(tmp_path: Path) -> None:
    lexicon = read(tmp_path, "0 0 1\n3 3 35 17 64\n3 3 35 64\n5 6\n")
    assert lexicon.pronunciations == {0: {(1,): 0}, 3: {(35, 17, 64): 3, (35, 64): 3}, 5: {(): 6}}
    assert lexicon.lengths(3) == (2, 3)
    assert lexicon.lengths(4) == (1, 0)


def test_what_may_go_on(tmp_path: Path) -> None:
    lexicon = read(tmp_path, "0 0 1 2\n3 3 35 17 64\n")
    assert lexicon.goes_on((35, 17), 3)
    assert not lexicon.goes_on((35, 17, 64), 3)
    assert not lexicon.goes_on((35,), 4)
    assert lexicon.goes_on((1,), 4)


def test_names(tmp_path: Path) -> None:
    words, phones = {"<eps>": 0, "si": 1}, {"sil": 1, "s_B": 2, "i_E": 3}
    lexicon = read(tmp_path, "<eps> <eps> sil\nsi si s_B i_E\n", words, phones)
    assert lexicon.pronunciations == {0: {(1,): 0}, 1: {(2, 3): 1}}


def test_repeated_lines_are_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        lexicon = read(tmp_path, "1 1 5\n1 1 5\n")
    assert lexicon.pronunciations == {1: {(5,): 1}}
    assert [record.getMessage() for record in caplog.records] == [f"{lexicon.name}: 1 lines repeat another one"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 1 5\n2\n", "line 2: expected a word, the word to show, and phones, found '2'"),
        ("1 1 5\nsi 1 5\n", "line 2: expected the number of a word, found 'si'; names need words.txt"),
        ("1 1 s\n", "line 1: expected the number of a phone, found 's'; names need phones.txt"),
        ("1 -1 5\n", "line 1: expected the number of a word, found -1"),
        ("0 0 5\n0 0\n", "line 2: expected a silence (word 0) with at least one phone, found none"),
        ("7 7 5\n7 8 5\n", "line 2: expected word 7 to be shown as 7 as on a line before, found 8"),
        ("\n", "expected lines with a word and its phones, found none"),
    ],
)
def test_bad_lines(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(f"align_lexicon.int: {message}")


def test_unknown_names(tmp_path: Path) -> None:
    words, phones = {"si": 1}, {"s": 2}
    said = refusal(tmp_path, "si si s\nno no s\n", words, phones)
    assert said == "align_lexicon.int: line 2: expected a word of words.txt, found 'no'"
    said = refusal(tmp_path, "si si s\nsi si t\n", words, phones)
    assert said == "align_lexicon.int: line 2: expected a phone of phones.txt, found 't'"
