"""Reference scores beside the scores of a run: looked up, compared, added up."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.comparison import ScoreDifference, ScoreMeasures, compare_scores
from ov_asr_score.errors import FileAccessError, OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.kaldi_io import KeyedTable, open_table, parse_read_specifier, read_table
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap

# key, output, scores [T, N], reference [T, N], their difference
OnCompared: TypeAlias = Callable[[str, str, NDArray[Any], NDArray[Any], ScoreDifference], None]


class ReferenceTables:
    """Reference tables by output layer; a context manager that holds them open while a run goes on.

    ``last`` holds the references of the utterance that was compared last.
    """

    def __init__(
        self,
        specifiers: Mapping[str, str],
        *,
        by_position: bool,
        allow_commands: bool,
        path_map: PathMap = NO_PATH_MAP,
        skip_damaged: bool = False,
        on_compared: OnCompared | None = None,
        measures: bool = True,
    ) -> None:
        """Nothing is opened before the ``with`` block begins.

        References that cannot be read are errors, or failures of their utterances with ``skip_damaged``.
        ``on_compared`` is called with every pair of matrices that was compared.
        """
        self._specifiers = dict(specifiers)
        self._by_position = by_position
        self._allow_commands, self._path_map = allow_commands, path_map
        self._on_compared = on_compared
        self._unreadable: tuple[type[OvAsrScoreError], ...] = ()
        if skip_damaged:
            self._unreadable = (FileAccessError, TableFormatError)
        self._keyed: dict[str, KeyedTable] = {}
        self._in_order: dict[str, Iterator[tuple[str, NDArray[Any]]]] = {}
        self._stack = ExitStack()
        self._measures = measures
        self.last: dict[str, NDArray[Any]] = {}

    def __enter__(self) -> ReferenceTables:
        """Open every table. Raises SpecifierError, FileAccessError."""
        with ExitStack() as stack:
            for layer, text in self._specifiers.items():
                specifier = parse_read_specifier(text, self._path_map)
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
        """Differences by layer for one utterance, added to ``report``; what cannot be compared is noted there.

        Raises what reading the references raises, unless it is to be skipped.
        """
        differences = {}
        for layer, specifier in self._specifiers.items():
            try:
                reference = self.find(layer, key)
                if reference is None:
                    report.missing_keys.setdefault(specifier, []).append(key)
                    continue
                self.last[layer] = reference = _as_matrix(reference, scores[layer])
                differences[layer] = compare_scores(scores[layer], reference, threshold=threshold, key=key)
            except ShapeMismatchError as error:
                report.add_failure(key, f"{specifier}: {error}")
            except self._unreadable as error:
                report.add_failure(key, str(error))
            else:
                report.add_difference(key, layer, differences[layer])
                if self._measures:
                    report.measures.setdefault(layer, ScoreMeasures()).add(scores[layer], reference)
                if self._on_compared is not None:
                    self._on_compared(key, layer, scores[layer], reference, differences[layer])
        return differences

    def find(self, layer: str, key: str) -> NDArray[Any] | None:
        """The reference of an utterance, None when the table has none."""
        if self._by_position:
            entry = next(self._in_order[layer], None)
            return None if entry is None else entry[1]
        return self._keyed[layer].get(key)

    def note_unused(self, report: RunReport) -> None:
        """Add the utterances that only the references have to ``report``, but for those that failed in the run."""
        known = {failure.key for failure in report.failures}
        for layer, specifier in self._specifiers.items():
            try:
                keys = (key for key, _ in self._in_order[layer]) if self._by_position else self._unused(layer)
                extra = [key for key in keys if key not in known]
            except self._unreadable as error:
                report.limit_messages.append(str(error))
                continue
            if extra:
                report.extra_keys[specifier] = extra

    def _unused(self, layer: str) -> Iterator[str]:
        return iter(self._keyed[layer].unused_keys())


def _as_matrix(reference: NDArray[Any], scores: NDArray[Any]) -> NDArray[Any]:
    """A vector as one frame; no frames as wide as the ``scores``, because in archives such a matrix is [0, 0]."""
    if reference.size == 0 and scores.size == 0:
        return np.empty_like(scores)
    return np.atleast_2d(reference)
