"""What is asked when the best scales of lattices are searched, as Kaldi's score.sh does."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.setting import SWEEP, Setting

MAX_VALUES = 1000
"""Weights, or penalties, that are tried at most."""


def parse_values(text: str) -> tuple[float, ...]:
    """The numbers of ``7,8.5,10`` or ``7:17`` or ``7:17:0.5``. Raises UsageError."""
    values = _range(text) if ":" in text else [_number(part, text) for part in text.split(",")]
    if len(values) > MAX_VALUES:
        raise UsageError(f"{text}: expected {MAX_VALUES:,} values or fewer, found {len(values):,}")
    return tuple(dict.fromkeys(values))


def parse_weights(text: str) -> tuple[float, ...]:
    """Numbers above 0, as ``parse_values`` reads them. Raises UsageError."""
    weights = parse_values(text)
    if min(weights) <= 0:
        raise UsageError(f"{text}: expected weights above 0, found {min(weights):g}")
    return weights


def _range(text: str) -> list[float]:
    numbers = [_number(part, text) for part in text.split(":")]
    if len(numbers) not in (2, 3):
        raise UsageError(f"{text}: expected FIRST:LAST or FIRST:LAST:STEP")
    first, last, step = (*numbers, 1.0)[:3]
    if step <= 0 or last < first:
        raise UsageError(f"{text}: expected a range with at least one value")
    count = math.floor((last - first) / step + 1e-9) + 1 if (last - first) / step < MAX_VALUES else MAX_VALUES + 1
    # fifteen digits: 0.1 + 2 * 0.1 is 0.3 again
    return [float(f"{first + index * step:.15g}") for index in range(count)]


def _number(part: str, text: str) -> float:
    try:
        value = float(part)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise UsageError(f"{text}: expected numbers, such as 7:17 or 0,0.5,1")
    return value


@dataclass(frozen=True, slots=True)
class SweepSettings:
    """Which scales are tried. ``words`` is the table of the words in the lattices."""

    sweep: Annotated[
        bool,
        Setting(
            "HYP is a table of lattices, and all pairs of a weight and a penalty are tried; the best one is reported.",
            panel=SWEEP,
        ),
    ] = False
    words: Annotated[str, Setting("Words of the lattices: words.txt.", metavar="FILE", panel=SWEEP)] = ""
    lm_weights: Annotated[
        Sequence[float],
        Setting(
            "Weights of the language model (LMWT), the inverse of the acoustic scale: FIRST:LAST, FIRST:LAST:STEP, or "
            "a list.",
            metavar="VALUES",
            panel=SWEEP,
            parse=parse_weights,
            shown="7:17",
        ),
    ] = tuple(map(float, range(7, 18)))
    word_penalties: Annotated[
        Sequence[float],
        Setting(
            "Costs of every word (WIP).",
            names=("--word-ins-penalties",),
            metavar="VALUES",
            panel=SWEEP,
            parse=parse_values,
            shown="0,0.5,1",
        ),
    ] = (0.0, 0.5, 1.0)
    best_text: Annotated[
        str, Setting("Write the words of the best pair as Kaldi's text.", metavar="FILE", panel=SWEEP)
    ] = ""
