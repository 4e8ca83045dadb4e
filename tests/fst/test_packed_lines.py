"""Large tables of symbols in text, read as small ones are."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import pytest

from ov_asr_score.fst import packed_lines
from ov_asr_score.fst.packed_lines import pack_lines
from ov_asr_score.fst.packed_symbols import PackedTexts
from ov_asr_score.fst.symbols import SymbolTable, read_symbols


@pytest.fixture(autouse=True)
def few_lines() -> Iterator[None]:
    with patch.object(packed_lines, "FEWEST_LINES", 2):
        yield


def both(path: Path) -> tuple[SymbolTable, SymbolTable]:
    """The table read in both ways."""
    found = read_symbols(path)
    with patch.object(packed_lines, "FEWEST_LINES", 1 << 30):
        return found, read_symbols(path)


@pytest.mark.parametrize("end", ["\n", ""])
def test_words_are_looked_up(tmp_path: Path, end: str) -> None:
    path = tmp_path / "words.txt"
    path.write_text("<eps> 0\none\t1\n#0 3\nzwölf 12345678901\n\N{SNOWMAN} 20" + end)
    found, expected = both(path)
    assert isinstance(found.texts, PackedTexts) and isinstance(expected.texts, dict)
    assert dict(found.texts) == dict(found.texts.items()) == expected.texts == {
        0: "<eps>", 1: "one", 3: "#0", 20: "\N{SNOWMAN}", 12345678901: "zwölf",
    }  # fmt: skip
    assert found.ids.tolist() == [0, 1, 3, 20, 12345678901]
    assert found.disambiguation().tolist() == expected.disambiguation().tolist() == [3]
    assert (found.source, found.numbers()["zwölf"]) == (expected.source, 12345678901)


@pytest.mark.parametrize("run", [0, 1, 300])
def test_words_and_numbers_that_are_there_twice(tmp_path: Path, run: int) -> None:
    """Behind some that are in order."""
    chance = random.Random(run)
    lines = [f"{number} {number}" for number in range(run)]
    lines += [f"{chance.randrange(800)} {chance.randrange(500)}" for _ in range(500)]
    path = tmp_path / "words.txt"
    path.write_bytes("\n".join(lines).encode() + b"\n\xff\xfe 70000\n")
    found, expected = both(path)
    assert isinstance(found.texts, PackedTexts)
    assert dict(found.texts) == expected.texts


ODD = [b"", b"a  1", b"a 1 ", b" a 1", b"a 1\r", b"a b 1", b"a -1", b"a +1", b"a 1x", b"a", b"1 ", b" 1"]
ODD += [b"a\x0b1", b"a\0 1", b"a\x0c 1", b"a 1" + b"0" * 18]


@pytest.mark.parametrize("line", ODD)
def test_other_lines_are_left_to_the_reader_of_small_tables(line: bytes) -> None:
    for lines in ([line, b"b 2", b"c 3"], [b"b 2", line, b"c 3"], [b"b 2", b"c 3", line]):
        assert pack_lines(b"\n".join(lines) + b"\n") is None


def test_few_lines_and_none() -> None:
    assert pack_lines(b"") is pack_lines(b"a 1") is pack_lines(b"a 1\n") is None
    assert pack_lines(b"a 1\nb 2\n") is not None
