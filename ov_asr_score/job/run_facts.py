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
from ov_asr_score.report.json_report import JsonReportWriter
from ov_asr_score.report.run_report import RunReport


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
def json_report(path: str) -> Iterator[JsonReportWriter | None]:
    """The JSON report at ``path``, which gets its name at the end; None when ``path`` is empty.

    Raises FileAccessError.
    """
    if not path:
        yield None
        return
    with atomic_output(path, "w") as file, JsonReportWriter(file) as writer:
        yield writer
