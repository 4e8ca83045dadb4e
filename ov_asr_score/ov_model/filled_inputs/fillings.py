"""What takes the place of a table at an input: plain data, and the words by which users ask for it.

Tests: tests/ov_model/filled_inputs/test_filling_plan.py
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from ov_asr_score.errors import UsageError

FillingKind = Literal["frames", "ones", "zeros", "position", "value"]

WORDS: tuple[FillingKind, ...] = ("frames", "ones", "zeros", "position")
"""Words that stand in place of a table; a file of such a name is written ``ark:frames``."""

_VALUE = "value:"


@dataclass(frozen=True, slots=True)
class Filling:
    """What an input holds in place of a table.

    That is the number of ``frames``, ``ones``, ``zeros``, the ``position`` (the number of rows of scores that the
    utterance has had so far), or a ``value``. ``is_asked``: the user said so, not the name and the shape of the
    input.
    """

    input: str
    kind: FillingKind
    value: float = 0.0
    is_asked: bool = False

    @property
    def text(self) -> str:
        """What the input is filled in with, in words; a value with all its digits, by which runs are told apart."""
        return {
            "frames": "the number of frames",
            "ones": "ones",
            "zeros": "zeros",
            "position": "the number of rows of scores that the utterance has had so far",
            "value": repr(self.value).removesuffix(".0"),
        }[self.kind]

    @property
    def note(self) -> str:
        """What reports say of it."""
        return f"input '{self.input}' is filled in with {self.text}"


@dataclass(frozen=True, slots=True)
class StatePair:
    """An input that takes, in the next request of an utterance, what an output gave in this one.

    ``shape`` is what it is when an utterance begins, if that is asked for; ``is_fixed``: and keeps on being.
    """

    input: str
    output: str
    shape: tuple[int, ...] | None = None
    is_fixed: bool = False


@dataclass(frozen=True, slots=True)
class FillingPlan:
    """What becomes of the inputs of a model that have no table."""

    states: tuple[StatePair, ...] = ()
    fillings: tuple[Filling, ...] = ()

    @property
    def inputs(self) -> frozenset[str]:
        """The inputs that are gone once the model is filled in."""
        return frozenset([*(pair.input for pair in self.states), *(filling.input for filling in self.fillings)])

    @property
    def outputs(self) -> frozenset[str]:
        """The outputs that hand states on."""
        return frozenset(pair.output for pair in self.states)

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.states or self.fillings)


NOTHING_TO_FILL = FillingPlan()
"""The plan for a model all of whose inputs have tables."""


def is_filling(text: str) -> bool:
    """Whether ``text``, which stands where a table can stand, says what an input is filled in with."""
    return text in WORDS or text.startswith(_VALUE)


def parse_filling(name: str, text: str) -> Filling:
    """The filling that ``text`` asks for at the input ``name``. Raises UsageError."""
    for kind in WORDS:
        if text == kind:
            return Filling(name, kind, is_asked=True)
    number = text.removeprefix(_VALUE)
    try:
        value = float(number)
    except ValueError:
        value = math.nan
    if math.isnan(value):
        raise UsageError(f"inputs '{name}={text[:40]}': expected a number behind '{_VALUE}'", fields=("inputs",))
    return Filling(name, "value", value, is_asked=True)
