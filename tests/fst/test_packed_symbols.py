"""Large tables of symbols, read as small ones are."""

from __future__ import annotations

import io
import random
import struct
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.packed_symbols import PackedTexts, read_packed_texts
from ov_asr_score.fst.symbols import SYMBOLS_MAGIC, SymbolTable, read_binary_symbols
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream

Items = list[tuple[bytes, int]]


def entries(items: Items) -> bytes:
    return b"".join(struct.pack("<i", len(text)) + text + struct.pack("<q", number) for text, number in items)


def table(items: Items) -> bytes:
    return SYMBOLS_MAGIC + struct.pack("<i4sqq", 4, b"name", len(items), len(items)) + entries(items)


def read(content: bytes) -> SymbolTable:
    stream = KaldiStream(io.BytesIO(content), "x.fst")
    found = read_binary_symbols(stream)
    assert stream.offset == len(content) - content.endswith(b"behind") * 6
    return found


def many(count: int = 2000) -> Items:
    """Words in any order, with numbers that have gaps."""
    chance = random.Random(0)
    numbers = chance.sample(range(10 * count), count)
    return [(f"w{number}".encode() + b"\xc3\xa4" * chance.randrange(30), number) for number in numbers]


def test_words_are_looked_up() -> None:
    items = many()
    found = read(table(items) + b"behind")
    assert isinstance(found.texts, PackedTexts)
    assert dict(found.texts) == {number: text.decode() for text, number in items}
    assert found.ids.tolist() == sorted(number for _, number in items) == list(found.texts)
    assert len(found) == len(items)
    assert found.text(items[7][1]) == items[7][0].decode()
    assert {text: found.numbers().get(text) for text in found.texts.values()} == {v: k for k, v in found.texts.items()}
    assert not set(found.numbers()) & {"", "w", "w1x", "w123456789"}
    assert "w123456789" not in found.numbers()
    unused = next(number for number in range(10**6) if number not in found.texts)
    for number in (unused, -1, 10**6):
        with pytest.raises(TableFormatError, match=f"x.fst: expected a symbol for {number}, found none"):
            found.text(number)


@pytest.mark.parametrize("run", [0, 1, 700, 1500])
def test_as_small_tables_are(run: int) -> None:
    """With symbols and numbers that are there twice, behind some that are in order."""
    chance = random.Random(run)
    items = [(b"%d" % number, number) for number in range(run)]
    items += [(b"%d" % chance.randrange(3000), chance.randrange(-50, 2000)) for _ in range(2000)]
    items += [(b"\xff\xfe", 10**6), (b"", 10**7)]
    stream = KaldiStream(io.BytesIO(table(items)), "x.fst")
    stream.size = None
    expected = read_binary_symbols(stream)
    found = read(table(items))
    assert isinstance(expected.texts, dict) and isinstance(found.texts, PackedTexts)
    assert dict(found.texts) == expected.texts
    assert found.text(10**6) == "\udcff\udcfe"


def test_symbols_that_begin_with_a_byte() -> None:
    items = [*many(), (b"#0", 3 * 10**6), (b"", ord("#")), (b"#", 10**6), (b"a#", 2 * 10**6), (b"#nonterm:a", 10**8)]
    for small in (False, True):
        found = read(table(items[2000:] if small else items))
        assert isinstance(found.texts, dict) == small
        assert found.disambiguation().tolist() == [3 * 10**6, 10**8]


@pytest.mark.parametrize("odd", [(b"", 1), (b"x" * 300, 2), (b"\0\0\0\0\0\0\5\0\0\0", 3), (b"y", 1 << 40)])
def test_entries_that_look_otherwise(odd: tuple[bytes, int]) -> None:
    """Empty, long, with zeros inside, of a large number: at each end, and between others."""
    items = [(b"w%d" % number, number + 10) for number in range(1500)]
    for place in (0, 700, 1500):
        found = read(table([*items[:place], odd, *items[place:]]) + b"behind")
        assert isinstance(found.texts, PackedTexts)
        assert dict(found.texts) == {number: text.decode() for text, number in [*items, odd]}


def test_long_words_take_more_than_the_first_piece() -> None:
    items = [(b"%d" % number + b"x" * 500, number) for number in range(1500)]
    found = read(table(items))
    assert isinstance(found.texts, PackedTexts) and len(found.text(1499)) == 504


def test_equal_tables_are_kept_once() -> None:
    items = many()
    content = table(items)
    stream = KaldiStream(io.BytesIO(content + content + table(items[::-1]) + table(items[:1999])), "x.fst")
    first = read_binary_symbols(stream)
    assert read_binary_symbols(stream, first).texts is first.texts
    for expected in (items, items[:1999]):
        other = read_binary_symbols(stream, first)
        assert other.texts is not first.texts
        assert dict(other.texts) == {number: text.decode() for text, number in expected}


def test_what_is_left_to_the_other_reader(tmp_path: Path) -> None:
    content = entries(many())
    stream = KaldiStream(io.BytesIO(content), "x.fst")
    assert read_packed_texts(stream, 999, None) is None
    assert read_packed_texts(stream, 2001, None) is None
    assert read_packed_texts(stream, 1 << 60, None) is None
    assert stream.offset == 0
    with open_stream(f"printf '{'a' * 4000}' |", allow_commands=True) as pipe:
        assert read_packed_texts(pipe, 2000, None) is None and pipe.offset == 0


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (0, struct.pack("<i", -1), "expected the length of a name, found -1; the file is damaged"),
        (0, struct.pack("<i", 70000), "expected the length of a name, found 70000; the file is damaged"),
        (-8, b"", "expected 8 bytes, found 0; the file is truncated"),
        (-12, struct.pack("<i", 100), "bytes, found"),
    ],
)
def test_damaged(place: int, value: bytes, message: str) -> None:
    """The messages are those of small tables."""
    content = table([*many(), (b"", 99999)])
    start = place + (len(content) if place < 0 else content.index(b"name") + 20)
    damaged = content[:start] + value + (content[start + len(value) :] if value else b"")
    with pytest.raises(TableFormatError) as failure:
        read(damaged)
    assert message in str(failure.value)
