"""The file that ``--report`` names: its suffix decides what is written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ov_asr_score.errors import UsageError
from ov_asr_score.job.error_detail import DetailCollector
from ov_asr_score.job.references import OnCompared
from ov_asr_score.job.run_facts import json_report
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.report.html_charts import import_matplotlib
from ov_asr_score.report.html_run import write_run_page
from ov_asr_score.report.run_report import RunReport, UtteranceReport

HTML_SUFFIXES = (".html", ".htm")


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
    name = path.lower().removesuffix(".gz")
    if with_scores and not name.endswith(HTML_SUFFIXES):
        raise UsageError(f"--report-scores: expected a page (--report FILE.html), found {path or 'no report'}")
    if name.endswith(HTML_SUFFIXES):
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


def _ignore(told: object) -> None:
    """Nothing; the report of a run that writes none."""
