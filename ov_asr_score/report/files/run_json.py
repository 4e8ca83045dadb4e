"""The report as JSON, written while the run goes on, so that memory stays flat for any number of utterances."""

from __future__ import annotations

import json
from types import TracebackType
from typing import TextIO

from ov_asr_score.report.data.run import FORMAT_VERSION, RunReport, UtteranceReport, as_dict

FORMAT = "ov-asr-score-report"
"""Value of the field ``format``, the first one of every report."""


class JsonReportWriter:
    """Writes one JSON object to an open text file, one utterance per line.

    ``with JsonReportWriter(file) as writer:`` call ``writer.utterance`` as often as needed, then ``writer.finish``.
    Left without ``finish``, the block ends the object with the verdict ``"incomplete"``, so that what an interrupted
    run wrote is still valid JSON. The text is plain ASCII, whatever the keys hold. The file stays open, and its
    OSError passes through: both belong to the caller. Fields: docs/report-format.md.
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
        """End the object if that was not done yet."""
        if not self._finished:
            self._end({"verdict": "incomplete"})

    def utterance(self, report: UtteranceReport) -> None:
        """Append one utterance."""
        self._file.write(self._separator + _json(as_dict(report)))
        self._separator = ",\n"

    def finish(self, report: RunReport) -> None:
        """Write all the rest; nothing can follow."""
        rest = as_dict(report)
        del rest["format_version"]  # stands at the head already
        self._end(rest)
        self._file.flush()  # a full disk is to be known now

    def _end(self, rest: dict[str, object]) -> None:
        self._finished = True
        lines = (f",\n{json.dumps(name)}: {_json(value)}" for name, value in rest.items())
        self._file.write("\n]" + "".join(lines) + "\n}\n")


def _json(value: object) -> str:
    return json.dumps(value, allow_nan=False)
