"""Writes the report of a run as JSON while the run lasts, so that memory does not grow with the utterances."""

from __future__ import annotations

import json
from types import TracebackType
from typing import TextIO

from ov_asr_score.report.data.run import FORMAT_VERSION, RunReport, UtteranceReport, as_dict

FORMAT = "ov-asr-score-report"
"""Value of the field ``format``, the first field of every report."""


class JsonReportWriter:
    """Writes one JSON object to an open text file, one utterance per line.

    ``with JsonReportWriter(file) as writer:`` call ``writer.utterance`` for each utterance, then ``writer.finish``.
    Without ``finish``, the end of the block closes the object with the verdict ``"incomplete"``, so that the file of an
    interrupted run is still valid JSON. The text is plain ASCII, whatever the keys. The file stays open, and OSError is
    passed on: both are up to the caller. Fields: docs/report-format.md.
    """

    def __init__(self, file: TextIO) -> None:
        """Write the head of the report to ``file``."""
        self._file = file
        self._separator = "\n"
        self._finished = False
        file.write(f'{{\n"format": {json.dumps(FORMAT)},\n"format_version": {FORMAT_VERSION},\n"utterances": [')

    def __enter__(self) -> JsonReportWriter:
        """The writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the object if ``finish`` was not called."""
        if not self._finished:
            self._end({"verdict": "incomplete"})

    def utterance(self, report: UtteranceReport) -> None:
        """Append one utterance."""
        self._file.write(self._separator + _json(as_dict(report)))
        self._separator = ",\n"

    def finish(self, report: RunReport) -> None:
        """Write the rest of the report; nothing may be written after it."""
        rest = as_dict(report)
        del rest["format_version"]  # is written at the beginning already
        self._end(rest)
        self._file.flush()  # so that a full disk is noticed now

    def _end(self, rest: dict[str, object]) -> None:
        self._finished = True
        lines = (f",\n{json.dumps(name)}: {_json(value)}" for name, value in rest.items())
        self._file.write("\n]" + "".join(lines) + "\n}\n")


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False)
