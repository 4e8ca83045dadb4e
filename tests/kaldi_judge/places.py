"""Where in the values of a model something stands that can be changed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from typing import TypeAlias, TypeVar

from tests.kaldi_judge.values import Line, Passage, Value, Values, Whole, Word

Change: TypeAlias = Callable[[Values, random.Random], "Values | None"]
"""Gives other values, or None where there is nothing that it could change. Depends on its randomness alone."""

_Kind = TypeVar("_Kind")


def picked(values: Values, kind: type[_Kind], chance: random.Random) -> tuple[int, _Kind] | None:
    """One of the values of a kind, and where it stands."""
    found = [(place, value) for place, value in enumerate(values) if isinstance(value, kind)]
    return chance.choice(found) if found else None


def replaced(values: Values, place: int, *new: Value) -> Values:
    """The values with ``new`` at a place."""
    return [*values[:place], *new, *values[place + 1 :]]


def tokens(values: Values) -> list[tuple[int, str]]:
    """All tokens with their places."""
    return [
        (place, value.text)
        for place, value in enumerate(values)
        if isinstance(value, Word) and value.text.startswith("<")
    ]


def fields(values: Values) -> list[tuple[int, int]]:
    """Tokens with a value, as ranges: the token and what follows it."""
    ranges = []
    for place, _ in tokens(values):
        end = place + 1
        while end < len(values) and not isinstance(values[end], Word | Line | Passage):
            end += 1
        if end > place + 1:
            ranges.append((place, end))
    return ranges


def components(values: Values) -> list[tuple[int, int]]:
    """Components as ranges: from one opening token of a component to the next, or to the end of the network."""
    starts = []
    ends = []
    for place, text in tokens(values):
        widths = values[place + 1 : place + 3]
        has_widths = len(widths) == 2 and all(isinstance(value, Whole) for value in widths)
        if re.fullmatch(r"<[A-Z]\w*Component\w*>", text) or (has_widths and re.fullmatch(r"<[A-Z]\w+>", text)):
            starts.append(place - 2 if place > 1 and values[place - 2] == Word("<ComponentName>") else place)
        elif text in ("</Nnet>", "</Components>", "</Nnet3>"):
            ends.append(place)
    marks = sorted({*starts, *ends})
    return [(start, min((mark for mark in marks if mark > start), default=len(values))) for start in starts]
