"""What the report of any run begins with: versions, command line, and the JSON file that it goes to."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.openvino_api import version as openvino_version
from ov_asr_score.report.csv_report import CsvReportWriter
from ov_asr_score.report.json_report import JsonReportWriter
from ov_asr_score.report.run_report import RunReport
from ov_asr_score.report.trace import TraceWriter


def new_report(command: Sequence[str], notes: Sequence[str] = ()) -> RunReport:
    """An empty report that knows its command line (none: null in JSON) and the versions of everything below."""
    versions = {
        "openvino": openvino_version(),
        "numpy": np.__version__,
        "python": platform.python_version(),
        "platform": f"{sys.platform} {platform.machine()}",
    }
    return RunReport(tool_version=__version__, command=list(command) or None, versions=versions, notes=list(notes))


@contextmanager
def json_report(path: str, *, of_layers: bool = False) -> Iterator[JsonReportWriter | CsvReportWriter | None]:
    """The report at ``path``, which gets its name at the end; None when ``path`` is empty.

    The suffix says what it is: ``.csv`` holds layers with ``of_layers``, else utterances; all others hold JSON.
    Raises FileAccessError.
    """
    if not path:
        yield None
        return
    with atomic_output(path, "w") as file:
        if is_csv(path):
            yield CsvReportWriter(file, of_layers=of_layers)
        else:
            with JsonReportWriter(file) as writer:
                yield writer


def is_csv(path: str) -> bool:
    """Whether a report of that name holds CSV."""
    return path.lower().endswith((".csv", ".csv.gz"))


@contextmanager
def trace_file(path: str) -> Iterator[TraceWriter | None]:
    """The trace at ``path``, which gets its name at the end; None when ``path`` is empty. Raises FileAccessError."""
    if not path:
        yield None
        return
    with atomic_output(path, "w") as file:
        yield TraceWriter(file, __version__)
