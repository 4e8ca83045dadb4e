"""Text forms of Kaldi's models: parameters filled with values of their own, and what a model is made of."""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterable

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

# What each field is filled with; fields that are not named here stay as the programs of Kaldi made them.
_AROUND_ZERO = ("LinearParams", "FilterParams", "BiasParams", "Params", "Bias", "Output", "w_h", "CuMatrix")
_AROUND_ONE = ("Scales",)
_POSITIVE = ("StatsVar",)
_OFFSETS = ("Offsets", "StatsMean")
_FILLED = "|".join((*_AROUND_ZERO, *_AROUND_ONE, *_POSITIVE, *_OFFSETS))
_FIELD = re.compile(rf"<({_FILLED})>\s*\[([^\]]*)\]")
_TYPE = re.compile(r"<(\w+Component(?:Preconditioned(?:Online)?)?)>")
_DESCRIPTOR = re.compile(r"\b(Append|Sum|Scale|Const|Offset|IfDefined|Failover|Switch|Round|ReplaceIndex)\(")


def random_numbers(name: str) -> np.random.Generator:
    """Numbers that depend on nothing but a name."""
    return np.random.default_rng(zlib.crc32(name.encode()))


def with_values(text: str, seed: str) -> str:
    """The text form of a model with new parameters in place of those that it has, of three digits, the same each time.

    Matrices keep their outputs of the size of their inputs, biases and statistics are not zero.
    """
    numbers = random_numbers(seed)

    # Kaldi breaks the line after the bracket of a matrix, not after that of a vector.
    def fill(match: re.Match[str]) -> str:
        field, old = match.group(1), match.group(2)
        if "," in old or not old.strip():
            return match.group(0)  # pairs of integers, or nothing
        rows = [row.split() for row in old.strip().splitlines() if row.split()]
        values = _values(field, (len(rows), len(rows[0])), numbers)
        return f"<{field}>  {text_matrix(values) if chr(10) in old else text_vector(values[0])}"

    filled = _FIELD.sub(fill, text)
    # Batch normalization without a count has no statistics.
    return re.sub(r"(<TestMode> \w <Count>) \S+", r"\1 500", filled)


def _values(field: str, shape: tuple[int, int], numbers: np.random.Generator) -> Floats:
    drawn = numbers.standard_normal(shape)
    if field in _AROUND_ONE:
        return 1 + 0.4 * drawn
    if field in _POSITIVE:
        return 0.3 + np.abs(drawn)
    if field in _OFFSETS or shape[0] == 1:
        return 0.5 * drawn
    return np.asarray(drawn / np.sqrt(shape[1]))


def text_vector(values: Iterable[float]) -> str:
    """``[ 1 2 3 ]`` with three digits."""
    return f"[ {' '.join(f'{value:.3g}' for value in values)} ]"


def text_matrix(values: Floats) -> str:
    """A matrix with three digits, as Kaldi writes it."""
    return "[\n  " + "\n  ".join(" ".join(f"{value:.3g}" for value in row) for row in values) + " ]"


def with_nodes(text: str, config: str) -> str:
    """The text form of an nnet3 model with the lines of ``config`` that describe nodes, as they are spelt there.

    Kaldi's programs write descriptors in a normal form, and read all forms.
    """
    nodes = [line.strip() for line in config.splitlines() if re.match(r"\s*\S+-node ", line)]
    rest = text[text.index("<NumComponents>") :]
    return "<Nnet3> \n" + "\n".join(nodes) + "\n\n" + rest


def component_types(text: str) -> list[str]:
    """The types of components in the text form of a model."""
    return sorted(set(_TYPE.findall(text)))


def descriptor_names(text: str) -> list[str]:
    """The descriptors in the text form of a model."""
    return sorted(set(_DESCRIPTOR.findall(text)))


def edited(*changes: tuple[str, str]) -> Callable[[str], str]:
    """A function that makes ``changes`` (regular expression, replacement), each of which must find its place."""

    def edit(text: str) -> str:
        for pattern, replacement in changes:
            text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
            if not count:
                raise ValueError(f"{pattern}: not found in the text of the model")
        return text

    return edit
