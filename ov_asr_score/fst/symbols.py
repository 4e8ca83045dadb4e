"""Tables of symbols: ``words.txt`` and ``phones.txt``, and the tables that lie inside of automata.

What a table with repeated words or numbers means is what OpenFst makes of it: a word keeps its first number, and of
several words of a number the last one counts, or the first one within the run 0, 1, 2, … at the beginning of the table.

Source: symbol-table.h of OpenFst 1.7 (``SymbolTableImpl::ReadText``, ``AddSymbol``, ``Find``).
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.packed_lines import pack_lines
from ov_asr_score.fst.packed_symbols import LONGEST_NAME, PackedNumbers, PackedTexts, read_packed_texts
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.tables.archive import said_instead
from ov_asr_score.text import clipped

SYMBOLS_MAGIC = struct.pack("<i", 2125658996)
"""The first bytes of a table of symbols in binary form."""

_DISAMBIGUATION = re.compile(r"#(\d+|nonterm.*)")
_LARGEST_KEY = 2**63 - 1
_SEPARATORS = re.compile(rb"[\t ]+")
_INTEGER = re.compile(rb"\+?[0-9]+")


@dataclass(frozen=True, slots=True, eq=False)
class SymbolTable:
    """Symbols by their numbers. Bytes that are no UTF-8 stand in them as Python's ``surrogateescape`` has them."""

    source: str  # name of the file for messages
    texts: Mapping[int, str]

    def __len__(self) -> int:
        """How many numbers have a symbol."""
        return len(self.texts)

    @property
    def ids(self) -> NDArray[np.int64]:
        """All numbers that have a symbol, ascending."""
        if isinstance(self.texts, PackedTexts):
            return self.texts.numbers
        return np.sort(np.fromiter(self.texts, np.int64, len(self.texts)))

    def disambiguation(self) -> NDArray[np.int64]:
        """The numbers of symbols such as ``#0``, ascending."""
        if isinstance(self.texts, PackedTexts):
            found = self.texts.beginning_with(b"#").tolist()
        else:
            found = sorted(number for number, text in self.texts.items() if text.startswith("#"))
        return np.array([number for number in found if _DISAMBIGUATION.fullmatch(self.texts[number])], np.int64)

    def numbers(self) -> Mapping[str, int]:
        """The numbers of all symbols, of each the first one in the table; made anew each time."""
        if isinstance(self.texts, PackedTexts):
            return PackedNumbers(self.texts)
        numbers: dict[str, int] = {}
        for number, text in self.texts.items():
            numbers.setdefault(text, number)
        return numbers

    def text(self, number: int) -> str:
        """The symbol of that number. Raises TableFormatError if it has none."""
        try:
            return self.texts[number]
        except KeyError:
            raise TableFormatError(
                f"{self.source}: expected a symbol for {number}, found none; is it the table of this graph?"
            ) from None


def read_symbols(path: str | os.PathLike[str], allow_commands: bool = False) -> SymbolTable:
    """The table in a text file of lines ``symbol number``; blank lines do not count.

    Raises FileAccessError, and TableFormatError (file, line) for another line, as OpenFst does; it does not take line
    breaks of Windows, which are taken here.
    """
    name = os.fspath(path)
    with open_stream(name, allow_commands=allow_commands) as stream:
        source = stream.name
        if b"\0" in stream.peek(256) and (said := said_instead(stream, "a table of symbols, such as words.txt")):
            raise TableFormatError(said)
        content = stream.read_all()
    if (packed := pack_lines(content)) is not None:
        return SymbolTable(source, packed)
    return _table(source, _parse(source, content))


def _parse(source: str, content: bytes) -> Iterable[tuple[bytes, int]]:
    for number, line in enumerate(content.split(b"\n"), 1):
        fields = line.split()
        if len(fields) != 2:
            fields = [field for field in _SEPARATORS.split(line.partition(b"\0")[0].rstrip(b"\r")) if field]
            if not fields:
                continue
        if len(fields) != 2 or not (fields[1].isdigit() or _INTEGER.fullmatch(fields[1])) or len(fields[1]) > 1000:
            shown = clipped(b" ".join(fields))
            raise TableFormatError(f"{source}: line {number}: expected a symbol and its number, found {shown}")
        yield fields[0], min(int(fields[1]), _LARGEST_KEY)


def read_binary_symbols(stream: KaldiStream, like: SymbolTable | None = None) -> SymbolTable:
    """The table at the stream's place, as automata have it behind their headers; with the texts of ``like`` if equal.

    Raises TableFormatError.
    """
    offset = stream.offset
    if (found := stream.read(4)) != SYMBOLS_MAGIC:
        raise stream.error("a table of symbols", clipped(found), "the file is damaged", offset=offset)
    read_name(stream)
    _, count = struct.unpack("<qq", stream.read(16))
    known = like.texts if like is not None and isinstance(like.texts, PackedTexts) else None
    if (packed := read_packed_texts(stream, count, known)) is not None:
        return SymbolTable(stream.name, packed)
    items = ((read_name(stream), int.from_bytes(stream.read(8), "little", signed=True)) for _ in range(count))
    return _table(stream.name, items)


def read_name(stream: KaldiStream) -> bytes:
    """Bytes with their number in front. Raises TableFormatError."""
    offset = stream.offset
    (length,) = struct.unpack("<i", stream.read(4))
    if not 0 <= length <= LONGEST_NAME:
        raise stream.error("the length of a name", str(length), "the file is damaged", offset=offset)
    return stream.read(length)


def _table(source: str, items: Iterable[tuple[bytes, int]]) -> SymbolTable:
    texts: dict[int, bytes] = {}
    known: set[bytes] = set()
    run = 0  # numbers below it came in order
    for text, number in items:
        if text in known:
            continue
        known.add(text)
        if number == run == len(known) - 1:
            run += 1
        elif number < run:
            continue
        texts[number] = text
    return SymbolTable(source, {number: text.decode("utf-8", "surrogateescape") for number, text in texts.items()})
