"""What a generated model is: its ports with the meaning of every axis, its body, and the utterances for it.

Letters of axes: N utterances (or frames, in a model of single frames), T frames, C values, 1 a length of one, S frames
beside each other in one frame of features, H heads or directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import Literal

Naming = Literal["helpful", "unhelpful", "none"]
SecondKind = Literal["rows", "vector", "mask", "length", "gain", "state"]
ElementType = Literal["float", "int64", "int32", "bool"]

SHOWN = {"S": "?", "H": "?"}
"""Letters that layouts have no name for."""


@dataclass(frozen=True, slots=True)
class SecondInput:
    """Another input: its axes, the values of a row, and whether the user gives a table (else the tool fills it in)."""

    kind: SecondKind
    name: str
    letters: str
    width: int = 1
    given: bool = True
    dtype: ElementType = "float"
    result: str = ""  # the output that hands on a state


@dataclass(frozen=True, slots=True)
class TrueOutput:
    """An output: its axes, values of a row, and heads (or directions) beside each other."""

    name: str
    letters: str
    width: int
    heads: int = 1


@dataclass(frozen=True, slots=True)
class TrueModel:
    """A model, and lengths of utterances in the order of the table.

    ``free`` holds the letters whose axes are free; ``batch`` and ``frames`` are the lengths of N and T that are fixed.
    """

    letters: str
    width: int
    body: str
    outputs: tuple[TrueOutput, ...]
    seconds: tuple[SecondInput, ...]
    free: str
    batch: int
    frames: int
    naming: Naming
    axis_names: tuple[str, str]  # of N and T, where naming is helpful
    lengths: tuple[int, ...]
    splice: int = 1
    seed: int = 0
    name: str = "x"

    @property
    def by_rows(self) -> bool:
        """Whether the first axis counts frames that know nothing of each other."""
        return "T" not in self.letters

    @property
    def ports(self) -> dict[str, tuple[str, int]]:
        """Letters and width of each input and output, but for what states hand on."""
        ports = {self.name: (self.letters, self.width)}
        ports |= {each.name: (each.letters, each.width) for each in self.seconds}
        return ports | {each.name: (each.letters, each.width) for each in self.outputs}

    @property
    def fixed_frames(self) -> int:
        """The number of frames that the graph takes at a time; 0 where it is free."""
        return 0 if ("N" if self.by_rows else "T") in self.free else (self.batch if self.by_rows else self.frames)

    def axis_length(self, letter: str, width: int) -> int | None:
        """The length of an axis of an input; None where it is free."""
        lengths = {"N": self.batch, "T": self.frames, "S": self.splice, "C": width, "1": 1, "H": 1}
        return None if letter in self.free else lengths[letter]

    def shape(self, letters: str, width: int) -> tuple[int | None, ...]:
        """The shape of an input with these axes."""
        return tuple(self.axis_length(letter, width) for letter in letters)

    def layout(self) -> str:
        """What a user would give as the layout of all ports that have frames or utterances."""
        said = {name: letters for name, (letters, _) in self.ports.items() if letters and "L" not in letters}
        return ",".join(f"{name}[{shown(letters)}]" for name, letters in said.items())

    @property
    def features_width(self) -> int:
        """Columns of the features."""
        return prod((self.width if "C" in self.letters else 1, self.splice))


PLAIN = TrueModel(
    letters="NTC",
    width=4,
    body="affine",
    outputs=(TrueOutput("y", "NTC", 3),),
    seconds=(),
    free="NT",
    batch=1,
    frames=8,
    naming="none",
    axis_names=("N", "T"),
    lengths=(4, 7, 1),
)
"""A small model to vary."""


def shown(letters: str) -> str:
    """The letters as layouts have them."""
    return "".join(SHOWN.get(letter, letter) for letter in letters)
