"""Chance among changes of nnet3 models: what is taken of several, and numbers in all spellings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

from tests.kaldi_judge.nnet3_text import TextModel

Numbers: TypeAlias = np.random.Generator
Change: TypeAlias = Callable[[TextModel, Numbers], str]
"""Changes a model, and says how; raises ValueError where there is nothing to change."""
Item = TypeVar("Item")

INTEGERS = ("0", "1", "-1", "2", "3", "4", "7", "100", "2147483647", "-2147483648", "1000000")
FLOATS = ("0", "1", "-1", "0.5", "2", "1e-20", "1e10", "1e39", "nan", "inf", "-inf", "0.99", "-0.1", "1.5")
# Spellings that C++ and Python take differently.
SPELLINGS = ("+3", "03", " 3", "3.0", "1e1", "0x10", ".5", "5.", "+.5", "-0", "1E-3", "infinity", "-nan", "1d0")


def pick(numbers: Numbers, items: Sequence[Item]) -> Item:
    """One of the items. Raises ValueError if there are none."""
    return items[index(numbers, items)]


def index(numbers: Numbers, items: Sequence[object]) -> int:
    """The index of one of the items. Raises ValueError if there are none."""
    if not items:
        raise ValueError("nothing to choose from")
    return int(numbers.integers(len(items)))
