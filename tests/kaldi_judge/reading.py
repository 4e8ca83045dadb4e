"""The values of a model file, from its text form and its binary form together.

The text form tells where a value ends, the binary form which kind it is: the two are read side by side.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping

from tests.kaldi_judge.values import (
    BINARY_MARK,
    Grid,
    Line,
    Number,
    Pairs,
    Passage,
    Row,
    Truth,
    Value,
    Values,
    Whole,
    Wholes,
    Word,
)

_PIECE = re.compile(r"\[([^\]]*)\]|<[^\s<\[\]]*|[^\s<\[\]]+")
_NUMBER = re.compile(r"[+-]?(\d|\.\d|inf|nan).*")
_TRANSITIONS_END = b"</TransitionModel> "
# What is 0 in both forms may be either: these tokens are followed by an integer.
_WHOLE_TOKENS = re.compile(r"<(\w*(Dim|Context|Num\w+|Rank\w*|Period|Interval|Frames|Size|Step|Stride|Vectorization))>")


class _Binary:
    """Where the binary form is read."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.offset = 0

    def take(self, count: int) -> bytes:
        self.offset += count
        return self.data[self.offset - count : self.offset]

    def expect(self, expected: bytes) -> None:
        found = self.take(len(expected))
        if found != expected:
            raise ValueError(f"byte {self.offset - len(expected)}: {expected!r} in the text form, {found!r} in binary")

    def integer(self) -> int:
        self.expect(b"\x04")
        return int(struct.unpack("<i", self.take(4))[0])


def read_text_values(text: bytes, kinds: Mapping[str, str]) -> Values:
    """The values of a model of nnet2 that has a text form only; ``kinds`` tells what follows a token."""
    values: Values = []
    for match in _PIECE.finditer(text.decode()):
        last = values[-1] if values else None
        kind = kinds.get(last.text.strip("<>"), "int") if isinstance(last, Word) else "int"
        word, rows = match[0], [line.split() for line in (match[1] or "").split("\n") if line.strip()]
        if match[1] is None:
            if word in ("T", "F"):
                values.append(Truth(word == "T"))
            elif not _NUMBER.fullmatch(word):
                values.append(Word(word))
            else:
                values.append(Whole(int(word)) if kind == "int" else Number(float(word)))
        elif kind == "ints":
            values.append(Wholes(tuple(int(word) for row in rows for word in row)))
        elif kind == "matrix":
            values.append(Grid(tuple(tuple(map(float, row)) for row in rows)))
        else:
            values.append(Row(tuple(float(word) for row in rows for word in row)))
    return values


def read_values(text: bytes, binary: bytes) -> Values:
    """The values of a model, given both of its forms. Raises ValueError where they differ."""
    values: Values = []
    reader = _Binary(binary.removeprefix(BINARY_MARK))
    if text.startswith(b"<TransitionModel>"):
        ends = [form.index(_TRANSITIONS_END) + len(_TRANSITIONS_END) for form in (text, reader.data)]
        values.append(Passage(text[: ends[0]] + b"\n", reader.take(ends[1])))
        text = text[ends[0] :]
    rest = text.decode()
    if rest.lstrip().startswith("<Nnet3>"):
        rest = rest.partition("\n\n")[2]
        end = reader.data.index(b"\n\n", reader.offset)
        head = reader.take(end - reader.offset).decode()
        reader.expect(b"\n\n")
        # The binary form spells nodes out (objective=linear), which the text form need not do.
        values += [
            Word("<Nnet3>"),
            *(Line(line.strip()) for line in head.partition("<Nnet3>")[2].split("\n")),
            Line(""),
        ]
    for match in _PIECE.finditer(rest):
        values.append(_value(match[0], match[1], reader, values))
    if reader.offset < len(reader.data):
        raise ValueError(f"byte {reader.offset}: the binary form goes on behind the end of the text form")
    return values


def _value(word: str, inside: str | None, reader: _Binary, before: Values) -> Value:
    if inside is not None:
        return _array(inside, reader)
    if word in ("T", "F"):
        reader.expect(word.encode())
        return Truth(word == "T")
    if not _NUMBER.fullmatch(word):
        reader.expect(word.encode() + b" ")
        return Word(word)
    size = reader.take(1)
    if size == b"\x08":
        return Number(struct.unpack("<d", reader.take(8))[0], double=True)
    data = reader.take(4)
    whole, number = struct.unpack("<i", data)[0], struct.unpack("<f", data)[0]
    if re.fullmatch(r"-?\d+", word) and whole == int(word):
        token = before[-1].text if before and isinstance(before[-1], Word) else ""
        if whole or not token.startswith("<") or _WHOLE_TOKENS.fullmatch(token):
            return Whole(whole)
    return Number(float(word) if abs(float(word)) < 1e30 else number)


def _array(inside: str, reader: _Binary) -> Value:
    rows = tuple(tuple(line.split()) for line in inside.split("\n") if line.strip())
    token = reader.data[reader.offset : reader.offset + 3]
    if token in (b"FM ", b"DM "):
        reader.take(3)
        count = reader.integer() * reader.integer()
        reader.take(count * (8 if token == b"DM " else 4))
        return Grid(tuple(tuple(map(float, row)) for row in rows), token == b"DM ")
    words = [word for row in rows for word in row]
    if token in (b"FV ", b"DV "):
        reader.take(3)
        reader.take(reader.integer() * (8 if token == b"DV " else 4))
        return Row(tuple(map(float, words)), token == b"DV ")
    reader.integer()
    if any("," in word for word in words):
        reader.take(8 * len(words))
        first_second = (word.split(",") for word in words)
        return Pairs(tuple((int(first), int(second)) for first, second in first_second))
    reader.take(4 * len(words))
    return Wholes(tuple(map(int, words)))
