"""Every way to read the axes of an input: which of them are utterances, frames and values. No runtime here."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, product
from math import prod
from typing import Literal

from ov_asr_score.ports import PortInfo

Shape = tuple[int | None, ...]
ValueKind = Literal["frames", "vector", "unknown"]
"""What a table gives an input for each utterance: a matrix [T, D], a vector [D]; unknown where there is no table."""

MAX_AXES = 6


def input_readings(
    shape: Shape, said: str, width: int | None, kind: ValueKind, *, beside_time: bool = False
) -> tuple[str, ...]:
    """The letters that the axes of an input may have, the usual order first; none where ``width`` does not fit.

    ``said`` has a letter for each axis, ``?`` where nothing is said. ``width`` is the number of values of a frame or
    vector (None: not known). With ``beside_time`` another input has a time axis, so that a first axis can be either
    utterances or frames of a table that has frames.
    """
    if len(shape) > MAX_AXES:
        return ()
    if kind == "vector" and len(shape) == 1:
        return ("C",) if said in "?C1" and _fits("C", shape, width) else ()
    choices = [
        _letters(axis, length, letter, len(shape))
        for axis, (length, letter) in enumerate(zip(shape, said, strict=True))
    ]
    found = list(dict.fromkeys(_with_batch(letters, said) for letters in product(*choices)))
    found = [letters for letters in found if _fits(letters, shape, width)]
    plain = [letters for letters in found if not _swaps_fixed_and_free(letters, shape, said)]
    if all("C" in letters for letters in plain):  # others take any features, too
        found = plain
    if kind == "vector":
        found = [letters for letters in found if "T" not in letters or letters.count("N") or "T" in said]
    with_fixed_values = [letters for letters in found if not _has_free_values(letters, shape)]
    found = with_fixed_values or found
    if kind != "vector" and not (beside_time and kind == "frames"):
        found = _without_twins(found, shape, said)
    return tuple(sorted(found, key=_usual_order))


def unlikely_readings(shape: Shape, width: int | None) -> tuple[str, ...]:
    """The readings that ``input_readings`` leaves out though the width fits, because any features would fit them."""
    if len(shape) > MAX_AXES:
        return ()
    unsaid = "?" * len(shape)
    choices = [_letters(axis, length, "?", len(shape)) for axis, length in enumerate(shape)]
    found = dict.fromkeys(_with_batch(letters, unsaid) for letters in product(*choices))
    return tuple(sorted((letters for letters in found if _fits(letters, shape, width)), key=_usual_order))


def value_lengths(letters: str, shape: Shape, width: int | None) -> tuple[int, ...]:
    """The lengths of the axes of values, in their order; a free one is what ``width`` leaves for it."""
    lengths = [length for letter, length in zip(letters, shape, strict=True) if letter == "C"]
    known = prod(length for length in lengths if length is not None)
    return tuple((width or 0) // known if length is None else length for length in lengths)


def request_shape(letters: str, shape: Shape, width: int | None, utterances: int, frames: int) -> tuple[int, ...]:
    """The shape of an input for so many utterances and frames."""
    values = iter(value_lengths(letters, shape, width))
    lengths = {"N": utterances, "T": frames, "1": 1}
    return tuple(next(values) if letter == "C" else lengths[letter] for letter in letters)


def frame_width(letters: str, shape: Shape, width: int | None) -> int:
    """Values of a frame or vector."""
    return prod(value_lengths(letters, shape, width))


def length_along(letters: str, shape: Shape, letter: str) -> int | None:
    """The length of the axis with ``letter``; None for a free one, and where there is none."""
    return shape[letters.index(letter)] if letter in letters else None


def axis_order(letters: str) -> list[int]:
    """For each axis that is not of length one, its place among utterances, frames (where there are any) and values."""
    outer = "NT" if "T" in letters else "N"
    values = count(len(outer))
    return [next(values) if letter == "C" else outer.index(letter) for letter in letters if letter != "1"]


def single_axes(letters: str) -> tuple[int, ...]:
    """The axes of length one that have no other meaning."""
    return tuple(axis for axis, letter in enumerate(letters) if letter == "1")


def has_time(readings: Sequence[str]) -> bool:
    """Whether any of the letters, those of all inputs or the readings of one, have an axis of frames."""
    return any("T" in letters for letters in readings)


def layout_text(port: PortInfo, letters: str) -> str:
    """``x[NTC]``, as the layout setting takes it."""
    return f"{port.name}[{letters}]"


def _letters(axis: int, length: int | None, said: str, rank: int) -> str:
    if said != "?":
        return said
    if length == 1:
        return "1"
    if length is None:
        return "NTC"
    return "NTC" if axis == 0 or rank > 2 else "TC"


def _with_batch(letters: tuple[str, ...], said: str) -> str:
    """The first axis of length one that nothing is said of holds the utterances, if no other does."""
    text = "".join(letters)
    if "N" not in text:
        first = next((axis for axis, letter in enumerate(text) if letter == "1" and said[axis] == "?"), None)
        # [1, D] is one frame of a batch, and so is the first axis of [1, 1, D]
        if first is not None:
            text = text[:first] + "N" + text[first + 1 :]
    return text


def _fits(letters: str, shape: Shape, width: int | None) -> bool:
    if letters.count("N") > 1 or letters.count("T") > 1:
        return False
    values = [length for letter, length in zip(letters, shape, strict=True) if letter == "C"]
    free = values.count(None)
    known = prod(length for length in values if length is not None)
    if width is None:
        return free == 0 and bool(values)
    return free <= 1 and (width % known == 0 and width >= known if free else known == width)


def _has_free_values(letters: str, shape: Shape) -> bool:
    return any(letter == "C" and length is None for letter, length in zip(letters, shape, strict=True))


def _swaps_fixed_and_free(letters: str, shape: Shape, said: str) -> bool:
    """Whether a fixed length, of which nothing is said, is that of time or a batch, and the values take any.

    Or else they have no axis. Features that do not fit would pass.
    """
    is_fixed = any(
        length not in (None, 1) and asked == "?" and (letter == "T" or (letter == "N" and axis > 0))
        for axis, (letter, length, asked) in enumerate(zip(letters, shape, said, strict=True))
    )
    return is_fixed and (
        ("C" not in letters)
        or any(
            letter == "C" and length is None and asked == "?"
            for letter, length, asked in zip(letters, shape, said, strict=True)
        )
    )


def _without_twins(found: list[str], shape: Shape, said: str) -> list[str]:
    """One letter for an axis that alone has a choice: N for the first, which a trial may find to be T, T for others.

    Frames that lie along the only axis of a request are scored right by either.
    """
    plain = {letters: _without_single_utterance(letters, shape, said) for letters in found}
    kept = []
    for letters, reduced in plain.items():
        axes = [axis for axis, letter in enumerate(reduced) if letter in "NT"]
        if len(axes) == 1 and said[axes[0]] == "?" and reduced[axes[0]] != ("N" if axes[0] == 0 else "T"):
            other = "T" if reduced[axes[0]] == "N" else "N"
            if reduced[: axes[0]] + other + reduced[axes[0] + 1 :] in plain.values():
                continue
        kept.append(letters)
    return kept


def _without_single_utterance(letters: str, shape: Shape, said: str) -> str:
    """``letters`` with ``1`` for an axis of one utterance that nobody asked for."""
    axis = letters.find("N")
    if axis >= 0 and shape[axis] == 1 and said[axis] == "?":
        return letters[:axis] + "1" + letters[axis + 1 :]
    return letters


def _usual_order(letters: str) -> tuple[int, ...]:
    """Utterances before frames before values."""
    return tuple("NT1C".index(letter) for letter in letters)
