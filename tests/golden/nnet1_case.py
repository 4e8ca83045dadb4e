"""What a golden case of nnet1 is made of, before Kaldi's programs have made its files."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.golden.nnet1_text import ModelText, network

LENGTHS = (25, 1, 7, 2)


@dataclass(frozen=True, slots=True)
class Case:
    """One model, and the options of nnet-forward.

    ``text`` and ``transform`` give the text form of the model and of a feature transform for a seed; ``old`` says that
    the text is spelled as in an older Kaldi, and to be kept. ``components`` are those that the case proves. ``lengths``
    are frames of the utterances, around ``mean``. ``reason`` says why ``tolerance`` is more than usual.
    """

    name: str
    components: tuple[str, ...]
    text: Callable[[int], str]
    options: tuple[str, ...] = ()
    transform: Callable[[int], str] | None = None
    counts: Sequence[int] = ()
    old: bool = False
    lengths: tuple[int, ...] = LENGTHS
    mean: float = 0.0
    tolerance: float = 1e-5
    reason: str = ""


def number_of_columns(text: str) -> int:
    """Width of the input of the first component of a model's text."""
    found = re.search(r"<\w+> \d+ (\d+)", text)
    if found is None:
        raise ValueError("no component")
    return int(found[1])


def chain(*parts: Callable[[ModelText], str]) -> Callable[[int], str]:
    """The network of components that are made one after the other."""

    def text(seed: int) -> str:
        model = ModelText(seed)
        return network(*(part(model) for part in parts))

    return text


def fixed(text: str) -> Callable[[ModelText], str]:
    return lambda _: text


def affine(rows: int, columns: int, scale: float = 1.5) -> Callable[[ModelText], str]:
    return lambda model: model.affine(rows, columns, scale)


def around(part: Callable[[ModelText], str], columns: int, width: int) -> Callable[[int], str]:
    """A component behind a matrix, so that the case is not about the features alone."""
    return chain(affine(width, columns), part)
