"""Changes of values: other numbers, sizes, indices, kinds of values; vectors and matrices that are longer or empty."""

from __future__ import annotations

import math
import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from tests.kaldi_judge.places import Change, picked, replaced
from tests.kaldi_judge.values import (
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
    as_bytes,
)

_ODD_WHOLES = (0, 1, 2, 3, -1, -2, 7, 100, 1 << 20, (1 << 20) + 1, (1 << 31) - 1, -(1 << 31))
_ODD_NUMBERS = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 1e-30, 1e30, -1e30, 1e-45, 3e38, math.inf, -math.inf, math.nan)
_Element = TypeVar("_Element")


def change_whole(values: Values, chance: random.Random) -> Values | None:
    """Another integer."""
    found = picked(values, Whole, chance)
    return replaced(values, found[0], Whole(_other_whole(found[1].value, chance))) if found else None


def _other_whole(number: int, chance: random.Random) -> int:
    near = (number + 1, number - 1, -number, number * 2, number // 2, number + 2)
    return chance.choice(near) if chance.random() < 0.6 else chance.choice(_ODD_WHOLES)


def change_equal_wholes(values: Values, chance: random.Random) -> Values | None:
    """All integers of one value become another, so that widths still fit each other."""
    found = picked(values, Whole, chance)
    if not found:
        return None
    new = _other_whole(found[1].value, chance)
    return [Whole(new) if value == found[1] else value for value in values]


def change_number(values: Values, chance: random.Random) -> Values | None:
    """Another float."""
    found = picked(values, Number, chance)
    if not found:
        return None
    number = found[1].value
    new = chance.choice((-number, number * 2, number + 1)) if chance.random() < 0.3 else chance.choice(_ODD_NUMBERS)
    return replaced(values, found[0], Number(new))


def flip_truth(values: Values, chance: random.Random) -> Values | None:
    """True instead of false."""
    found = picked(values, Truth, chance)
    return replaced(values, found[0], Truth(not found[1].value)) if found else None


def change_kind(values: Values, chance: random.Random) -> Values | None:
    """A value in the form of another kind: an integer as float, of another size, a truth value as number, doubles."""
    kinds: tuple[type[Value], ...] = (Truth, Whole, Whole, Number, Wholes, Row, Grid)
    found = picked(values, chance.choice(kinds), chance)
    return replaced(values, found[0], chance.choice(_other_kinds(found[1]))) if found else None


def _other_kinds(value: Value) -> list[Value]:
    match value:
        case Whole():
            text, bits = b"%d " % value.value, value.value % 2**64
            return [
                Number(float(value.value)),
                Passage(b"%d.0 " % value.value, b"\x01" + (bits % 2**8).to_bytes(1, "little")),
                Passage(b"+" + text, b"\x02" + (bits % 2**16).to_bytes(2, "little")),
                Passage(b"000000000000" + text, b"\x08" + bits.to_bytes(8, "little")),
                Passage(b"0x%x " % abs(value.value), b"\xfc" + (bits % 2**32).to_bytes(4, "little")),
                Passage(b"%de0 " % value.value, b" \x04" + (bits % 2**32).to_bytes(4, "little")),
            ]
        case Number():
            double = as_bytes([replace(value, double=True)], binary=True)[2:]
            forms = ("{:.0f} ", "{:+.6f} ", "{:.9e} ", "{:.1f}")
            return [Passage(form.format(value.value).encode(), double) for form in forms]
        case Truth():
            number = Number(float(value.value))
            return [number, Whole(int(value.value)), Passage(b"true ", b"T "), Passage(b"t ", b"\x01")]
        case Wholes():
            numbers = tuple(map(float, value.values))
            return [Row(numbers), Grid((numbers,))]
        case Row():
            small = [number if abs(number) < 1e9 else 0.0 for number in value.values]
            return [replace(value, double=True), Grid((value.values,)), Wholes(tuple(map(int, small)))]
        case Grid():
            return [replace(value, double=True), Row(tuple(number for row in value.rows for number in row))]
    return [value]


def change_wholes(values: Values, chance: random.Random) -> Values | None:
    """Another vector of integers: elements that are out of range, the same twice, too many or too few, none."""
    found = picked(values, Wholes, chance)
    if not found:
        return None
    return replaced(values, found[0], Wholes(_other_elements(found[1].values, chance, _other_whole)))


def change_pairs(values: Values, chance: random.Random) -> Values | None:
    """Another vector of pairs of integers."""
    found = picked(values, Pairs, chance)
    return replaced(values, found[0], Pairs(_other_elements(found[1].values, chance, _other_pair))) if found else None


def _other_pair(pair: tuple[int, int], chance: random.Random) -> tuple[int, int]:
    first, second = pair
    return (_other_whole(first, chance), second) if chance.random() < 0.5 else (first, _other_whole(second, chance))


def change_row(values: Values, chance: random.Random) -> Values | None:
    """Another vector of floats."""
    found = picked(values, Row, chance)
    if not found:
        return None
    return replaced(values, found[0], replace(found[1], values=_other_elements(found[1].values, chance, _other_number)))


def _other_number(number: float, chance: random.Random) -> float:
    return chance.choice(_ODD_NUMBERS)


def same_row(values: Values, chance: random.Random) -> Values | None:
    """A vector of one number everywhere: nothing, negative, huge."""
    found = picked(values, Row, chance)
    if not found:
        return None
    number = chance.choice((0.0, 0.0, 1.0, -1.0, 1e20, 1e-20))
    return replaced(values, found[0], Row((number,) * len(found[1].values)))


def _other_elements(
    elements: tuple[_Element, ...], chance: random.Random, other: Callable[[_Element, random.Random], _Element]
) -> tuple[_Element, ...]:
    way = chance.randrange(9)
    if way == 0 or not elements:
        return ()
    index = chance.randrange(len(elements))
    match way:
        case 1:
            return elements[:-1]
        case 2:
            return (*elements, elements[index])
        case 3:
            return elements[::-1]
        case 4:
            return (*elements[:index], chance.choice(elements), *elements[index + 1 :])
        case 5:
            return elements[:index] + elements[index + 1 :]
    return (*elements[:index], other(elements[index], chance), *elements[index + 1 :])


def change_grid(values: Values, chance: random.Random) -> Values | None:
    """Another matrix: a row or column less or more, turned round, empty, an element that is no number."""
    found = picked(values, Grid, chance)
    if not found:
        return None
    rows = _other_rows(found[1].rows, chance)
    return replaced(values, found[0], replace(found[1], rows=rows if all(rows) else ()))


def _other_rows(rows: tuple[tuple[float, ...], ...], chance: random.Random) -> tuple[tuple[float, ...], ...]:
    if not rows:
        return ((1.0,),)
    match chance.randrange(9):
        case 0:
            return rows[:-1]
        case 1:
            return (*rows, rows[0])
        case 2:
            return tuple(row[:-1] for row in rows)
        case 3:
            return tuple((*row, row[0]) for row in rows)
        case 4:
            return tuple(zip(*rows, strict=True))
        case 5:
            return ()
        case 6:
            factor = chance.choice((0.0, -1.0, 1e4))
            return tuple(tuple(number * factor for number in row) for row in rows)
    row = list(rows[0])
    row[chance.randrange(len(row))] = chance.choice(_ODD_NUMBERS)
    return (tuple(row), *rows[1:])


def other_height(values: Values, chance: random.Random) -> Values | None:
    """A matrix and the vectors behind it have a row more or less, and so have the integers that tell its rows."""
    found = picked(values, Grid, chance)
    if not found or not found[1].rows:
        return None
    place, rows = found[0], found[1].rows
    more = len(rows) == 1 or chance.random() < 0.5
    new = replaced(values, place, Grid((*rows, rows[-1]) if more else rows[:-1]))
    for at, value in enumerate(new):
        if at > place and isinstance(value, Row) and len(value.values) == len(rows):
            new[at] = replace(value, values=(*value.values, 0.25) if more else value.values[:-1])
        elif value == Whole(len(rows)):
            new[at] = Whole(len(rows) + (1 if more else -1))
    return new


def change_line(values: Values, chance: random.Random) -> Values | None:
    """A line of the nodes of nnet3 with another number, twice, or not there."""
    found = picked([value for value in values if isinstance(value, Line) and value.text], Line, chance)
    if not found:
        return None
    place, text = values.index(found[1]), found[1].text
    numbers = list(re.finditer(r"-?\b\d+\b", text))
    if numbers and chance.random() < 0.6:
        number = chance.choice(numbers)
        new = f"{text[: number.start()]}{_other_whole(int(number[0]), chance)}{text[number.end() :]}"
        return replaced(values, place, Line(new))
    lines: tuple[list[Line], ...] = (
        [],
        [Line(text), Line(text)],
        [Line(text.replace(" ", "  "))],
        [Line(f"{text} x=1")],
    )
    return replaced(values, place, *chance.choice(lines))


VALUE_CHANGES: tuple[Change, ...] = (
    *(change_whole, change_whole, change_whole, change_equal_wholes, change_equal_wholes, change_number, change_number),
    *(change_number, flip_truth, change_kind, change_kind, change_wholes, change_wholes, change_wholes, change_pairs),
    *(change_pairs, change_row, change_row, same_row, same_row, change_grid, change_grid, other_height, other_height),
    *(change_line, change_line),
)
