"""Tables of symbols as OpenFst's fstprint takes them, in text and in automata."""

from __future__ import annotations

from pathlib import Path

import pytest

from ov_asr_score.errors import FileAccessError, TableFormatError
from ov_asr_score.fst.header import read_header
from ov_asr_score.fst.symbols import read_symbols
from ov_asr_score.kaldi_io.matrices.stream import open_stream

FOLDER = Path(__file__).parent / "data" / "fst"


def texts(folder: Path, content: bytes) -> dict[int, str]:
    path = folder / "words.txt"
    path.write_bytes(content)
    return dict(read_symbols(path).texts)


def test_lines(tmp_path: Path) -> None:
    assert texts(tmp_path, b"<eps> 0\n  a \t 1  \n\n   \n#0 7\nb +05") == {0: "<eps>", 1: "a", 7: "#0", 5: "b"}


def test_text_and_ids(tmp_path: Path) -> None:
    path = tmp_path / "words.txt"
    path.write_bytes(b"<eps> 0\nb 9\na 4\n")
    table = read_symbols(path)
    assert (len(table), table.ids.tolist(), table.text(9)) == (3, [0, 4, 9], "b")
    with pytest.raises(TableFormatError, match=r"words.txt: expected a symbol for 5, found none; is it the table of"):
        table.text(5)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        # fstprint of OpenFst 1.7.9 gives these symbols for the same tables.
        (b"<eps> 0\na 1\nb 2\nB 2\nc 3\n", {0: "<eps>", 1: "a", 2: "b", 3: "c"}),
        (b"<eps> 0\na 1\nd 5\nD 5\n", {0: "<eps>", 1: "a", 5: "D"}),
        (b"<eps> 0\na 1\nb 2\na 5\n", {0: "<eps>", 1: "a", 2: "b"}),
        (b"<eps> 0\na 1\na 1\n", {0: "<eps>", 1: "a"}),
    ],
)
def test_repeated_words_and_numbers(tmp_path: Path, lines: bytes, expected: dict[int, str]) -> None:
    assert texts(tmp_path, lines) == expected


def test_bytes_that_are_no_utf8_are_kept(tmp_path: Path) -> None:
    found = texts(tmp_path, b"\xff\xfe 2\n\xc3\xa4\xc2\xa0b 3\n")
    assert found[2].encode("utf-8", "surrogateescape") == b"\xff\xfe"
    assert found[3] == "ä\xa0b"


def test_line_breaks_of_windows(tmp_path: Path) -> None:
    assert texts(tmp_path, b"<eps> 0\r\na 1\r\n\r\n") == {0: "<eps>", 1: "a"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<eps> 0\na 1 x\n", "line 2: expected a symbol and its number, found 'a 1 x'"),
        (b"<eps> 0\n\na\n", "line 3: expected a symbol and its number, found 'a'"),
        (b"a -1\n", "line 1: expected a symbol and its number, found 'a -1'"),
        (b"a 1_0\n", "line 1: expected a symbol and its number, found 'a 1_0'"),
        (b"a 0x1\n", "line 1: expected a symbol and its number, found 'a 0x1'"),
        (b"a b\n", "line 1: expected a symbol and its number, found 'a b'"),
        (b"a " + b"1" * 5000, "line 1: expected a symbol and its number, found 'a 111111111111111111…'"),
        (b"\x74\xfb\xb2\x7e\n", "line 1: expected a symbol and its number"),
    ],
)
def test_other_lines(tmp_path: Path, content: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as failure:
        texts(tmp_path, content)
    assert str(failure.value).startswith(f"{tmp_path / 'words.txt'}: {message}")
    assert str(failure.value).isprintable()


def test_large_numbers_and_files(tmp_path: Path) -> None:
    assert texts(tmp_path, b"a 99999999999999999999\n") == {2**63 - 1: "a"}
    with pytest.raises(FileAccessError, match="no such file"):
        read_symbols(tmp_path / "none.txt")


def test_tables_in_automata() -> None:
    with open_stream(str(FOLDER / "symbols.fst")) as stream:
        header = read_header(stream)
    expected = dict(read_symbols(FOLDER / "symbols.txt").texts)
    assert header.input_symbols is not None and header.output_symbols is not None
    assert dict(header.input_symbols.texts) == dict(header.output_symbols.texts) == expected
    assert len(expected) > 5


@pytest.mark.parametrize(("place", "expected"), [(0, "a table of symbols"), (4, "the length of a name")])
def test_damaged_tables(tmp_path: Path, place: int, expected: str) -> None:
    data = bytearray((FOLDER / "symbols.fst").read_bytes())
    table = data.index(b"\x74\xfb\xb2\x7e")
    data[table + place : table + place + 4] = b"\xff" * 4
    path = tmp_path / "x.fst"
    path.write_bytes(data)
    with (
        open_stream(str(path)) as stream,
        pytest.raises(TableFormatError, match=f"at byte {table + place}: .*{expected}"),
    ):
        read_header(stream)
