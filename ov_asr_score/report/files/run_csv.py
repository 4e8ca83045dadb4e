"""Writes the report of a run as CSV: one row per layer, or one row per utterance and output."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from typing import TextIO

from ov_asr_score.comparison import ScoreDifference
from ov_asr_score.profiling import total_microseconds
from ov_asr_score.report.data.run import RunReport, UtteranceReport

LAYER_COLUMNS = ("layer", "type", "implementation", "calls", "total_us", "mean_us", "cpu_us", "share", "frames")
"""Columns of a profile; ``frames`` is the number of frames of the whole run, the same in each row."""

UTTERANCE_COLUMNS = (
    *("utterance", "output", "frames", "context_frames", "requests", "seconds", "scores"),
    *("max_error", "mean_error", "rms_error", "max_relative_error", "over_threshold", "class_changes", "mismatches"),
)
"""Columns of utterances; those after ``scores`` are empty without a reference."""


class CsvReportWriter:
    """Writes CSV to an open text file: utterances while they are scored, or with ``of_layers`` the layers at the end.

    Columns: docs/report-format.md. The file stays open, and OSError is passed on: both are up to the caller.
    """

    def __init__(self, file: TextIO, *, of_layers: bool) -> None:
        """Write the header row."""
        self._file, self._of_layers = file, of_layers
        self._writer = csv.writer(file, lineterminator="\n")
        self._writer.writerow(LAYER_COLUMNS if of_layers else UTTERANCE_COLUMNS)

    def utterance(self, report: UtteranceReport) -> None:
        """Append the rows of one utterance."""
        if self._of_layers:
            return
        for output, width in report.scores.items():
            counts = (report.frames, report.context_frames, report.requests, f"{report.infer_seconds:.9f}", width)
            errors = _errors(report.differences.get(output))
            self._writer.writerow((_text(report.key), output, *counts, *errors))

    def finish(self, report: RunReport) -> None:
        """Write the rest of the report; nothing may be written after it."""
        if self._of_layers:
            total = total_microseconds(report.layers)
            frames = report.totals.frames - report.totals.resumed_frames
            for layer in report.layers:
                times = (layer.real_microseconds, layer.mean_microseconds, layer.cpu_microseconds)
                formatted_times = [f"{time:.3f}" for time in times]
                name = (layer.name, layer.type, layer.exec_type, layer.calls)
                self._writer.writerow((*name, *formatted_times, f"{layer.share_of(total):.6f}", frames))
        self._file.flush()  # so that a full disk is noticed now


def _errors(difference: ScoreDifference | None) -> Sequence[object]:
    if difference is None:
        return [""] * (len(UTTERANCE_COLUMNS) - UTTERANCE_COLUMNS.index("max_error"))
    numbers = (difference.max_abs, difference.mean_abs, difference.rms, difference.max_rel)
    counts = (difference.num_over_threshold, difference.class_changes, difference.num_nonfinite_mismatch)
    return [*(f"{number:.9g}" for number in numbers), *counts]


def _text(key: str) -> str:
    """The key, with bytes that are not UTF-8 escaped."""
    return key.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
