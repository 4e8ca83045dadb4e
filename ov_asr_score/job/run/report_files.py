"""The file that ``--report`` names: its suffix decides what is written."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.errors import UsageError
from ov_asr_score.job.run.error_detail import DetailCollector
from ov_asr_score.job.run.references import OnCompared
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.openvino_api import version as openvino_version
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.report.files.report_format import report_format
from ov_asr_score.report.files.run_csv import CsvReportWriter
from ov_asr_score.report.files.run_json import JsonReportWriter
from ov_asr_score.report.html.charts import import_matplotlib
from ov_asr_score.report.html.run import write_run_page
from ov_asr_score.report.trace import TraceWriter


@dataclass(frozen=True, slots=True)
class ReportFile:
    """What a run tells its report: each utterance when it is done, everything else at the end.

    ``compared`` is called with the matrices of each comparison, before its utterance, where the report wants them.
    """

    utterance: Callable[[UtteranceReport], None]
    finish: Callable[[RunReport], None]
    compared: OnCompared | None = None


@contextmanager
def report_file(
    path: str, *, of_layers: bool = False, with_scores: bool = False, subject: str = ""
) -> Iterator[ReportFile]:
    """The report at ``path``, which gets its name at the end; one that is written nowhere when ``path`` is empty.

    ``.html``: a page, with pictures of scores only ``with_scores``, under the title ``subject`` where the report has
    none of its own; ``.csv``: layers with ``of_layers``, else utterances; JSON for every other name.

    Raises FileAccessError, MissingExtraError (a page, and no matplotlib) and UsageError (``with_scores``, and no page),
    all before the ``with`` block begins.
    """
    is_page = report_format(path) == "page"
    if with_scores and not is_page:
        raise UsageError(
            f"report_scores: expected a page (report FILE.html), found {path or 'no file'}",
            fields=("report_scores", "report"),
        )
    if is_page:
        with _html_report(path, with_scores, subject) as report:
            yield report
        return
    with json_report(path, of_layers=of_layers) as writer:
        yield ReportFile(_ignore, _ignore) if writer is None else ReportFile(writer.utterance, writer.finish)


@contextmanager
def _html_report(path: str, with_scores: bool, subject: str) -> Iterator[ReportFile]:
    import_matplotlib()  # what is missing is better known before an hour of scoring
    collector = DetailCollector(with_scores=with_scores)
    with atomic_output(path, "w") as file:

        def finish(report: RunReport) -> None:
            write_run_page(file, report, collector.detail, subject)
            file.flush()  # a full disk is to be known now

        yield ReportFile(collector.utterance, finish, collector.compared)


def _ignore(value: object) -> None:
    """Do nothing, as the report of a run that writes none."""


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
        if report_format(path) == "csv":
            yield CsvReportWriter(file, of_layers=of_layers)
        else:
            with JsonReportWriter(file) as writer:
                yield writer


@contextmanager
def trace_file(path: str) -> Iterator[TraceWriter | None]:
    """The trace at ``path``, which gets its name at the end; None when ``path`` is empty. Raises FileAccessError."""
    if not path:
        yield None
        return
    with atomic_output(path, "w") as file:
        yield TraceWriter(file, __version__)
