"""Compare two tables of scores that exist already."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.job.outputs.overwriting import check_files, files_read
from ov_asr_score.job.run.references import ReferenceTables
from ov_asr_score.job.run.report_files import new_report, report_file
from ov_asr_score.job.run.run_verdict import check_measures, judge
from ov_asr_score.kaldi_io import parse_read_specifier, read_table
from ov_asr_score.report.data.run import RunReport, UtteranceReport
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.table_jobs import CompareJob

OUTPUT_NAME = "scores"


def run_comparison(job: CompareJob, on_utterance: Callable[[UtteranceReport], None] | None = None) -> RunReport:
    """The report of the comparison; its verdict is ``failed`` when a limit is exceeded or utterances are missing.

    Raises TableFormatError, FileAccessError, UsageError (the report would overwrite a table, a bad threshold,
    a limit on what is not measured).
    """
    started = time.perf_counter()
    check_measures(job.measures, job.limits)
    report = new_report(job.command)
    path_map = parse_path_map(job.path_map)
    scores, reference = (parse_read_specifier(text, path_map) for text in (job.scores, job.reference))
    read = chain(files_read("scores", scores), files_read("reference", reference))
    check_files(read, iter([("report", job.report)] if job.report else []))
    subject = f"{job.scores} against {job.reference}"
    with report_file(job.report, with_scores=job.report_scores, subject=subject) as reporter:
        references = ReferenceTables(
            {OUTPUT_NAME: job.reference},
            by_position=job.by_position,
            allow_commands=job.allow_commands,
            path_map=path_map,
            on_compared=reporter.compared,
            measures=job.measures,
        )
        with references:
            for key, matrix in read_table(scores, allow_commands=job.allow_commands):
                utterance = _compare(key, np.atleast_2d(matrix), references, report, job.threshold)
                reporter.utterance(utterance)
                if on_utterance is not None:
                    on_utterance(utterance)
            references.note_unused(report)
        judge(report, {OUTPUT_NAME: job.reference}, job.limits, allow_missing=job.allow_missing)
        report.totals.total_seconds = time.perf_counter() - started
        reporter.finish(report)
    return report


def _compare(
    key: str, scores: NDArray[Any], references: ReferenceTables, report: RunReport, threshold: float
) -> UtteranceReport:
    differences = references.compare(key, {OUTPUT_NAME: scores}, report, threshold)
    report.totals.utterances += 1
    report.totals.frames += len(scores)
    return UtteranceReport(key, len(scores), 0, 0, 0.0, {OUTPUT_NAME: scores.shape[1]}, differences)
