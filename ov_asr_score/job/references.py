"""Reference scores beside the scores of a run: looked up, compared, added up."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.comparison import ScoreDifference, compare_scores
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError
from ov_asr_score.kaldi_io import KeyedTable, open_table, read_table
from ov_asr_score.report.run_report import RunReport


class ReferenceTables:
    """Reference tables by output layer; a context manager that holds them open while a run goes on.

    ``last`` holds the references of the utterance that was compared last.
    """

    def __init__(self, specifiers: Mapping[str, str], *, by_position: bool, allow_commands: bool) -> None:
        """Nothing is opened before the ``with`` block begins."""
        self._specifiers = dict(specifiers)
        self._by_position = by_position
        self._allow_commands = allow_commands
        self._keyed: dict[str, KeyedTable] = {}
        self._in_order: dict[str, Iterator[tuple[str, NDArray[Any]]]] = {}
        self._stack = ExitStack()
        self.last: dict[str, NDArray[Any]] = {}

    def __enter__(self) -> ReferenceTables:
        """Open every table. Raises SpecifierError, FileAccessError."""
        with ExitStack() as stack:
            for layer, specifier in self._specifiers.items():
                if self._by_position:
                    self._in_order[layer] = read_table(specifier, allow_commands=self._allow_commands)
                else:
                    table = open_table(specifier, allow_commands=self._allow_commands)
                    self._keyed[layer] = stack.enter_context(table)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close them."""
        self._stack.close()

    def compare(
        self, key: str, scores: Mapping[str, NDArray[Any]], report: RunReport, threshold: float
    ) -> dict[str, ScoreDifference]:
        """Differences by layer for one utterance, added to ``report``; what cannot be compared is noted there."""
        differences = {}
        for layer, specifier in self._specifiers.items():
            try:
                reference = self.find(layer, key)
                if reference is None:
                    report.missing_keys.setdefault(specifier, []).append(key)
                    continue
                self.last[layer] = reference
                difference = compare_scores(scores[layer], np.atleast_2d(reference), threshold=threshold, key=key)
            except OvAsrScoreError as error:
                place = f"{specifier}: " if isinstance(error, ShapeMismatchError) else ""
                report.add_failure(key, f"{place}{error}")
                continue
            differences[layer] = difference
            report.add_difference(key, layer, difference)
        return differences

    def find(self, layer: str, key: str) -> NDArray[Any] | None:
        """The reference of an utterance, None when the table has none."""
        if self._by_position:
            entry = next(self._in_order[layer], None)
            return None if entry is None else entry[1]
        return self._keyed[layer].get(key)

    def note_unused(self, report: RunReport) -> None:
        """Add the utterances that only the references have to ``report``."""
        for layer, specifier in self._specifiers.items():
            if self._by_position:
                extra = [key for key, _ in self._in_order[layer]]
            else:
                extra = list(self._keyed[layer].unused_keys())
            if extra:
                report.extra_keys[specifier] = extra


def find_delay(scores: NDArray[Any], reference: NDArray[Any], longest: int) -> int | None:
    """Frames by which ``scores`` come later than ``reference``, both [T, N]; None when no shift explains it.

    Only frames whose memory is filled with the utterance itself are looked at, so the start is left out.
    """
    frames = min(len(scores), len(reference))
    start = min(longest, frames // 3)

    def distance(shift: int) -> float:
        late = scores[start + shift : frames].astype(np.float64)
        early = reference[start : frames - shift].astype(np.float64)
        return float(np.sqrt(np.mean((late - early) ** 2))) if late.size else float("inf")

    shifts = range(1, max(1, min(longest, frames - start - 8)) + 1)
    best = min(shifts, key=distance, default=None)
    if best is None or not distance(best) < 0.02 * distance(0):
        return None
    return best
