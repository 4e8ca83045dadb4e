"""Which axis of an output follows the frames, and which hold the values of a frame. No runtime here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

OutputKind = Literal["rows", "vector"]


@dataclass(frozen=True, slots=True)
class OutputAxes:
    """The axes of an output for one utterance: those that are neither have length one.

    ``rows``: ``time`` is the axis of rows (None: a request gives one row). ``vector``: one for the whole utterance.
    ``width`` is the number of values of a row or vector. ``head`` is the axis of which entry ``chosen`` is taken.
    """

    kind: OutputKind
    time: int | None
    values: tuple[int, ...]
    width: int
    head: int | None = None
    chosen: int = 0

    def letters(self, rank: int) -> str:
        """As in the layout setting, 1 for the axes that have no other letter."""
        letters = ["1"] * rank
        for axis in self.values:
            letters[axis] = "C"
        if self.time is not None:
            letters[self.time] = "T"
        if self.head is not None:
            letters[self.head] = "H"
        return "".join(letters)

    def is_usual(self, shape: Sequence[int | None]) -> bool:
        """Whether rows come before values in memory, and the values of a row lie along the last axis."""
        if self.head is not None or len(self.values) > 1 or not shape:
            return False
        last = len(shape) - 1
        if self.values:
            return self.values[0] == last and (self.time is None or self.time < last)
        return self.time != last if self.time is not None else True


class UndecidedAxesError(Exception):
    """The axes of an output do not tell what its scores are.

    The text says what is open, without the name of the output; ``layouts`` would settle it, and so would the choice of
    one of ``entries`` (0: there is nothing to choose). ``fields`` are settings that the text names.
    """

    def __init__(self, text: str, layouts: Sequence[str] = (), entries: int = 0, fields: Sequence[str] = ()) -> None:
        """Keep what would settle it."""
        super().__init__(text)
        self.layouts, self.entries, self.fields = tuple(layouts), entries, tuple(fields)

    def advice(self, name: str, shape: Sequence[int | None] | None = None) -> str:
        """The end of a message about the output ``name``: what to give; it names the settings outputs and layout.

        A free axis of ``shape`` that has length one for an utterance is that of utterances.
        """
        layouts = " or ".join(f"{name}[{_with_utterances(letters, shape or ())}]" for letters in self.layouts)
        if not self.entries:
            return f"; say it with layout {layouts}" if layouts else ""
        choice = f": choose one with {name}[0] to {name}[{self.entries - 1}] as its name in outputs"
        return f"{choice}, or take all of them, in order, with layout {layouts}" if layouts else choice


def _with_utterances(letters: str, shape: Sequence[int | None]) -> str:
    free = next((axis for axis, length in enumerate(shape) if length is None and letters[axis : axis + 1] == "1"), None)
    return letters if free is None else f"{letters[:free]}N{letters[free + 1 :]}"


def decide_output(
    shape: Sequence[int | None] | None,
    longer: Sequence[int | None] | None,
    frames: int | None,
    said: str | None = None,
    chosen: int | None = None,
    frame_shape: Sequence[int] = (),
    shift: int | None = None,
) -> OutputAxes:
    """The axes of an output of ``shape`` for an utterance of ``frames`` frames (None: of one, in an axis of its own).

    ``longer`` is the shape for an utterance that is longer, where there is one. ``said`` are the letters that the user
    gave, ``chosen`` the entry that is taken of an axis beside those of time and values. Where the values of a frame
    that goes in have several axes, ``frame_shape``, those that come out may have the same. ``shift`` is the number of
    frames from one request to the next, 0 where nobody says it, None where requests cannot overlap. Raises
    UndecidedAxesError.
    """
    if shape is None or None in shape:
        raise UndecidedAxesError("has a shape that depends on its values")
    lengths = [length or 0 for length in shape]
    time, kind = _time_axis(lengths, longer, frames, said, shift)
    others = [axis for axis, length in enumerate(lengths) if axis != time and length != 1]
    head = said.find("H") if said and "H" in said else None
    if head is None and chosen is not None and len(others) > 1:
        head = others[0]
    if chosen is not None and head is None:
        raise UndecidedAxesError(f"has no entry [{chosen}]: it has no axis beside those of frames and values")
    if head is not None:
        if chosen is None:
            raise UndecidedAxesError(f"has {lengths[head]} entries along axis {head + 1}", entries=lengths[head])
        if not 0 <= chosen < lengths[head]:
            raise UndecidedAxesError(
                f"has {lengths[head]} entries along axis {head + 1}, [0] to [{lengths[head] - 1}]; found [{chosen}]"
            )
        others = [axis for axis in others if axis != head]
    as_taken = [lengths[axis] for axis in others] == [length for length in frame_shape if length != 1]
    if len(others) > 1 and not as_taken and (said is None or any(said[axis] not in "C" for axis in others)):
        axes = " and ".join(str(axis + 1) for axis in others)
        letters = OutputAxes(kind, time, tuple(others), 0).letters(len(lengths))
        raise UndecidedAxesError(
            f"has values along axes {axes}, such as heads or directions", [letters], entries=lengths[others[0]]
        )
    width = prod(lengths[axis] for axis in others)
    return OutputAxes(kind, time, tuple(others), width, head, chosen or 0)


def _time_axis(
    lengths: Sequence[int],
    longer: Sequence[int | None] | None,
    frames: int | None,
    said: str | None,
    shift: int | None,
) -> tuple[int | None, OutputKind]:
    asked = said.find("T") if said and "T" in said else None
    if frames is None:
        return asked, "rows"
    if longer is not None:
        if len(longer) != len(lengths):
            raise UndecidedAxesError("has another number of axes for a longer utterance")
        following = [axis for axis, (one, other) in enumerate(zip(lengths, longer, strict=True)) if one != other]
        if len(following) > 1:
            axes = " and ".join(str(axis + 1) for axis in following)
            raise UndecidedAxesError(f"grows with the number of frames along axes {axes}: these are not rows of scores")
        if asked is not None and following != [asked]:
            where = f"axis {following[0] + 1} does" if following else "no axis does"
            raise UndecidedAxesError(f"does not grow with the number of frames along axis {asked + 1}; {where}")
        return (following[0], "rows") if following else (None, "vector")
    if asked is not None:
        return asked, "rows"
    if said is not None and "?" not in said:
        return None, "vector"
    equal = [axis for axis, length in enumerate(lengths) if length == frames]
    if shift:
        # Requests that overlap have fewer rows than frames, a whole number of frames for each.
        equal = [axis for axis, length in enumerate(lengths) if 1 < length <= frames]
        if len(equal) == 1 and shift % lengths[equal[0]] == 0:
            return equal[0], "rows"
        if not equal and lengths.count(1) > 1:
            return None, "rows"  # one row beside the batch: values are more than there are frames
    # An axis without others may as well hold as many values of one vector as there are frames.
    is_alone = (
        not shift and len(equal) == 1 and all(lengths[axis] == 1 for axis in range(len(lengths)) if axis not in equal)
    )
    if not shift and len(equal) == 1 and not is_alone:
        return equal[0], "rows"
    if shift == 0 and not equal:
        raise UndecidedAxesError(
            f"has no axis of the {frames} frames of a request: say by how many frames requests advance with "
            "chunk_shift",
            fields=("chunk_shift",),
        )
    plain = ["1" if length == 1 else "C" for length in lengths]
    options = equal or [axis for axis, length in enumerate(lengths) if length != 1]
    layouts = ["".join([*plain[:axis], "T", *plain[axis + 1 :]]) for axis in options]
    if plain and (not equal or is_alone):
        layouts.append("".join(plain))
    raise UndecidedAxesError(f"does not tell along which of its axes the {frames} frames lie", layouts)
