"""Compare two tables of scores that exist already."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.comparison import DEFAULT_THRESHOLD, Limits, exceeded_limits
from ov_asr_score.job.references import ReferenceTables
from ov_asr_score.kaldi_io import atomic_output, read_table
from ov_asr_score.report.json_report import JsonReportWriter
from ov_asr_score.report.run_report import RunReport, UtteranceReport

OUTPUT_NAME = "scores"


@dataclass(frozen=True, slots=True)
class CompareJob:
    """A comparison of the table ``scores`` with the table ``reference``, joined by utterance key."""

    scores: str
    reference: str
    threshold: float = DEFAULT_THRESHOLD
    limits: Limits = field(default_factory=Limits)
    by_position: bool = False
    allow_missing: bool = False
    allow_commands: bool = False
    report: str = ""


def run_comparison(job: CompareJob, on_utterance: Callable[[UtteranceReport], None] | None = None) -> RunReport:
    """The report of the comparison; its verdict is ``failed`` when a limit is exceeded or utterances are missing.

    Raises TableFormatError, FileAccessError, SpecifierError.
    """
    report = RunReport(tool_version=__version__)
    with ExitStack() as stack:
        reporter = None
        if job.report:
            reporter = JsonReportWriter(stack.enter_context(atomic_output(job.report, "w")))
        references = stack.enter_context(
            ReferenceTables(
                {OUTPUT_NAME: job.reference}, by_position=job.by_position, allow_commands=job.allow_commands
            )
        )
        for key, scores in read_table(job.scores, allow_commands=job.allow_commands):
            matrix = np.atleast_2d(scores)
            differences = references.compare(key, {OUTPUT_NAME: matrix}, report, job.threshold)
            report.totals.utterances += 1
            report.totals.frames += len(matrix)
            utterance = UtteranceReport(key, len(matrix), 0, 0, 0.0, {OUTPUT_NAME: matrix.shape[1]}, differences)
            if reporter is not None:
                reporter.utterance(utterance)
            if on_utterance is not None:
                on_utterance(utterance)
        references.note_unused(report)
        total = report.comparison.get(OUTPUT_NAME)
        if total is None:
            report.limit_messages.append(f"no utterance of {job.scores} could be compared with {job.reference}")
        else:
            report.limit_messages += exceeded_limits(total, job.limits)
        gaps = (report.missing_keys or report.extra_keys) and not job.allow_missing
        report.verdict = "failed" if report.limit_messages or report.num_failures or gaps else "ok"
        if reporter is not None:
            reporter.finish(report)
    return report
