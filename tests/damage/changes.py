"""Changes of the bytes of any file: cut, bits flipped, bytes inserted, words and numbers exchanged."""

from __future__ import annotations

import random
import re
import struct

from tests.kaldi_judge.noise import IN_BINARY, IN_TEXT, ByteChange

_EXTREMES = (0, 1, -1, 2, 127, 255, 256, 0x7FFF, 0x10000, 1 << 20, 2**31 - 1, -(2**31), 10**9)
_WORDS = b"-1 0 1 2 3 1000000000 2147483647 -2147483648 99999999999 nan inf -inf 1e38 [ ] < > T x 1,2 \xff".split()


def flip_bits(data: bytes, chance: random.Random) -> bytes:
    """Up to eight bits the other way."""
    changed = bytearray(data)
    for _ in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def insert_bytes(data: bytes, chance: random.Random) -> bytes:
    """Some bytes more."""
    place = chance.randrange(len(data) + 1)
    return data[:place] + chance.randbytes(chance.choice((1, 2, 4, 100))) + data[place:]


def leave_out(data: bytes, chance: random.Random) -> bytes:
    """Some bytes less in the middle."""
    place = chance.randrange(len(data))
    return data[:place] + data[place + chance.choice((1, 2, 4, 64)) :]


def other_integer(data: bytes, chance: random.Random) -> bytes:
    """Four or eight bytes with an integer that is small, negative or too large."""
    form = chance.choice(("<i", "<i", "<q"))
    place = chance.randrange(max(1, len(data) - 8))
    number = struct.pack(form, chance.choice(_EXTREMES))
    return data[:place] + number + data[place + len(number) :]


def exchange_words(data: bytes, chance: random.Random) -> bytes:
    """Two words of the file in each other's place, or one of them elsewhere, too."""
    words = list(re.finditer(rb"[^\s\0]+", data[: 1 << 16]))
    if len(words) < 2:
        return data
    first, second = sorted(chance.sample(words, 2), key=lambda word: word.start())
    left, right = (second[0], first[0]) if chance.random() < 0.6 else (first[0], first[0])
    return data[: first.start()] + left + data[first.end() : second.start()] + right + data[second.end() :]


def other_word(data: bytes, chance: random.Random) -> bytes:
    """A number or a word that does not belong there."""
    words = list(re.finditer(rb"[^\s\0]+", data[: 1 << 16]))
    if not words:
        return data
    word = chance.choice(words)
    return data[: word.start()] + chance.choice(_WORDS) + data[word.end() :]


def repeat_part(data: bytes, chance: random.Random) -> bytes:
    """A part of the file twice."""
    place = chance.randrange(len(data))
    part = data[place : place + chance.choice((4, 32, 512))]
    return data[:place] + part + data[place:]


CHANGES: tuple[ByteChange, ...] = (
    *(flip_bits, flip_bits, insert_bytes, leave_out, other_integer, other_integer, exchange_words, other_word),
    *(other_word, repeat_part),
)


def damaged(data: bytes, chance: random.Random) -> tuple[bytes, str]:
    """The bytes after one to three changes, and the names of these."""
    own = IN_BINARY if b"\0" in data else IN_TEXT
    names = []
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        change = chance.choice(CHANGES if chance.random() < 0.7 else own)
        if data:
            data = change(data, chance)
            names.append(change.__name__)
    return data, ", ".join(names)
