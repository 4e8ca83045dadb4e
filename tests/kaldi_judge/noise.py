"""Changes of the bytes of a model file: blanks, ends, what stands behind it, damage."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import TypeAlias

from tests.kaldi_judge.values import BINARY_MARK

ByteChange: TypeAlias = Callable[[bytes, random.Random], bytes]


def other_blanks(data: bytes, chance: random.Random) -> bytes:
    """Blanks, tabs and line ends where one blank was (text)."""
    places = [match.start() for match in re.finditer(rb"[ \n]", data)]
    if not places:
        return data
    for place in sorted(chance.sample(places, min(len(places), chance.choice((1, 1, 3)))), reverse=True):
        blank = chance.choice((b"  ", b"\t", b"\n", b"\r\n", b" \n ", b"\v", b""))
        data = data[:place] + blank + data[place + 1 :]
    return data


def no_blanks_in_brackets(data: bytes, chance: random.Random) -> bytes:
    """``[1 2]`` instead of ``[ 1 2 ]`` (text)."""
    return data.replace(
        *chance.choice(((b"[ ", b"["), (b" ]", b"]"), (b"[ ]", b"[]"), (b"]\n", b"] "), (b"]\n", b"]")))
    )


def windows_lines(data: bytes, chance: random.Random) -> bytes:
    """``\\r\\n`` at the end of lines (text)."""
    return data.replace(b"\n", b"\r\n")


def other_number(data: bytes, chance: random.Random) -> bytes:
    """A number in another spelling (text)."""
    places = list(re.finditer(rb"(?<= )-?\d[\d.e-]*(?= )", data))
    if not places:
        return data
    found = chance.choice(places)
    text = found[0]
    spellings = (
        *(b"+" + text, b"0" + text, text + b"x", text + b".", text + b".0", text + b"e0", text + b"f", b"." + text),
        *(b"nan", b"inf", b"-inf", b"1e400", b"1e-400", b"1e39", b"0x10", b"1,5", b"99999999999", b"-"),
    )
    return data[: found.start()] + chance.choice(spellings) + data[found.end() :]


def blank_in_binary(data: bytes, chance: random.Random) -> bytes:
    """A blank more behind a token (binary)."""
    places = [match.end() for match in re.finditer(rb"<[/!A-Za-z]+> ", data)]
    if not places:
        return data
    place = chance.choice(places)
    return data[:place] + chance.choice((b" ", b"\n", b"  ")) + data[place:]


def more_behind(data: bytes, chance: random.Random) -> bytes:
    """Something behind the model."""
    return data + chance.choice((b"\n", b" ", b"\0", b"<Foo> 1 ", b"</Nnet> ", b"garbage", data, data[2:]))


def less_at_the_end(data: bytes, chance: random.Random) -> bytes:
    """Without the last bytes."""
    return data.rstrip(b"\n ") if chance.random() < 0.4 else data[: -chance.choice((1, 2, 5, 8, 20))]


def cut_anywhere(data: bytes, chance: random.Random) -> bytes:
    """The beginning of the file only."""
    return data[: chance.randrange(len(data))]


def other_mark(data: bytes, chance: random.Random) -> bytes:
    """A binary mark where none belongs, or none where it does."""
    return data[2:] if data.startswith(BINARY_MARK) else chance.choice((BINARY_MARK, b"\n", b"  ")) + data


def other_byte(data: bytes, chance: random.Random) -> bytes:
    """One byte has another value, is missing, or comes twice."""
    place = chance.randrange(len(data))
    new = chance.choice((b"", data[place : place + 1] * 2, bytes([chance.randrange(256)]), bytes([data[place] ^ 1])))
    return data[:place] + new + data[place + 1 :]


IN_TEXT: tuple[ByteChange, ...] = (
    *(other_blanks, other_blanks, no_blanks_in_brackets, windows_lines, other_number, other_number, more_behind),
    *(less_at_the_end, cut_anywhere, other_mark, other_byte, other_byte),
)
IN_BINARY: tuple[ByteChange, ...] = (
    *(blank_in_binary, blank_in_binary, more_behind, less_at_the_end, cut_anywhere, other_mark, other_byte),
    *(other_byte, other_byte),
)
