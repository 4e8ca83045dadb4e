"""Values that inputs of integers do not take, counted: the graph cuts fractions off, and clips what is out of range."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.scoring.utterances.joining import Utterance

_RANGES: Mapping[str, tuple[int, int]] = {
    "boolean": (0, 1),
    **{f"i{bits}": (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) for bits in (4, 8, 16, 32, 64)},
    **{f"u{bits}": (0, (1 << bits) - 1) for bits in (1, 2, 4, 8, 16, 32, 64)},
}


@dataclass(slots=True)
class _Misfits:
    """How many of all values an input does not take, and the one that is farthest off."""

    total: int = 0
    count: int = 0
    farthest: float = 0.0
    distance: float = -1.0
    key: str = ""


class IntegerInputs:
    """Counts, for inputs of these element types, the values that do not fit; other inputs cost nothing."""

    def __init__(self, types: Mapping[str, str]) -> None:
        """``types`` are the element types of the inputs in the model, such as ``u8``."""
        self._types = {name: kind for name, kind in types.items() if kind in _RANGES}
        self._misfits = {name: _Misfits() for name in self._types}

    def passing(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """The utterances, whose values are counted as they pass."""
        for utterance in utterances:
            for name, misfits in self._misfits.items():
                _count(utterance.key, np.asarray(utterance.features[name]), _RANGES[self._types[name]], misfits)
            yield utterance

    def counting(self, utterances: Iterator[Utterance]) -> Iterator[Utterance]:
        """``passing``, or the utterances themselves where no input takes integers."""
        return self.passing(utterances) if self._types else utterances

    def notes(self) -> list[str]:
        """One line for each input that was given values that it does not take."""
        return [_note(name, self._types[name], misfits) for name, misfits in self._misfits.items() if misfits.count]


def _note(name: str, kind: str, misfits: _Misfits) -> str:
    least, most = _RANGES[kind]
    return (
        f"input '{name}' takes {kind}: {misfits.count:,} of {misfits.total:,} values are not whole numbers from "
        f"{least} to {most}; fractions were cut off and others clipped (farthest off: {misfits.farthest:g} "
        f"in utterance '{misfits.key}')"
    )


def _count(key: str, values: NDArray[Any], limits: tuple[int, int], misfits: _Misfits) -> None:
    misfits.total += values.size
    given = values.astype(np.float32)  # as the model gets them
    with np.errstate(invalid="ignore"):
        whole = np.clip(np.trunc(given), np.float32(limits[0]), np.float32(limits[1]))
        fits = (given == values) & (whole == given)
        if fits.all():
            return
        distances = np.where(fits, -1.0, np.abs(values.astype(np.float64) - whole))
    distances = np.where(np.isnan(distances), np.inf, distances)
    misfits.count += int(values.size - np.count_nonzero(fits))
    place = int(distances.argmax())
    if distances.flat[place] > misfits.distance:
        misfits.farthest, misfits.distance = float(values.flat[place]), float(distances.flat[place])
        misfits.key = key
