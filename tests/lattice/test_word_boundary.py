from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.lattice.word_boundary import PhonePosition, WordBoundary, read_word_boundary

FIVE = "1 nonword\n2 begin\n3 end\n4 internal\n5 singleton\n"


def read(folder: Path, text: str, phones: dict[str, int] | None = None) -> WordBoundary:
    path = folder / "word_boundary.int"
    path.write_text(text)
    return read_word_boundary(str(path), phones)


def refusal(folder: Path, text: str, phones: dict[str, int] | None = None) -> str:
    with pytest.raises(TableFormatError) as caught:
        read(folder, text, phones)
    return str(caught.value).removeprefix(f"{folder}/")


def test_positions(tmp_path: Path) -> None:
    boundary = read(tmp_path, FIVE)
    assert boundary.positions == {
        1: PhonePosition.NONWORD,
        2: PhonePosition.BEGIN,
        3: PhonePosition.END,
        4: PhonePosition.INTERNAL,
        5: PhonePosition.SINGLETON,
    }
    assert boundary.name == str(tmp_path / "word_boundary.int")


def test_positions_of_an_array(tmp_path: Path) -> None:
    found = read(tmp_path, FIVE).of_phones(np.array([[5, 1], [9, 2]], np.int32))
    assert found.tolist() == [[PhonePosition.SINGLETON, PhonePosition.NONWORD], [0, PhonePosition.BEGIN]]


def test_names_of_phones(tmp_path: Path) -> None:
    boundary = read(tmp_path, "sil nonword\na_B begin\n", {"sil": 7, "a_B": 8})
    assert boundary.positions == {7: PhonePosition.NONWORD, 8: PhonePosition.BEGIN}


def test_numbers_though_names_are_known(tmp_path: Path) -> None:
    assert set(read(tmp_path, FIVE, {"sil": 7}).positions) == {1, 2, 3, 4, 5}


def test_spacing_and_repeated_phones_as_in_kaldi(tmp_path: Path) -> None:
    assert read(tmp_path, " 3\tend \r\n\n3 begin").positions == {3: PhonePosition.BEGIN}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 nonword\n2\n", "line 2: expected two words, a phone and its position, found 1 in '2'"),
        ("1 nonword\n\n2 begin x\n", "line 3: expected two words, a phone and its position, found 3 in '2 begin x'"),
        ("0 nonword\n", "line 1: expected a phone above 0, found 0"),
        ("-4 nonword\n", "line 1: expected the number of a phone, found -4"),
        ("4294967297 end\n", "line 1: expected the number of a phone, found 4294967297"),
        ("1 non-word\n", "line 1: expected a position in a word, found 'non-word'; did you mean 'nonword'?"),
        ("1 end\nb end\n", "line 2: expected the number of a phone, found 'b'; names need phones.txt, and are read if"),
    ],
)
def test_bad_lines(tmp_path: Path, text: str, message: str) -> None:
    assert refusal(tmp_path, text).startswith(f"word_boundary.int: {message}")


def test_unknown_name(tmp_path: Path) -> None:
    said = refusal(tmp_path, "sil nonword\nb end\n", {"sil": 1})
    assert said == "word_boundary.int: line 2: expected a phone of phones.txt, found 'b'"


def test_empty_and_missing(tmp_path: Path) -> None:
    assert refusal(tmp_path, "\n") == "word_boundary.int: expected lines with a phone and its position, found none"
    with pytest.raises(FileAccessError):
        read_word_boundary(str(tmp_path / "none"))
