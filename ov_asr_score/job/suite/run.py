"""Run a suite: every case on every device, a verdict for each, whatever happens to the others."""

from __future__ import annotations

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ov_asr_score import __version__
from ov_asr_score.device.availability import lacking_device, lacking_precision
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.score import run_job
from ov_asr_score.job.suite.baseline import BaselineEntry, read_baseline, with_results, write_baseline
from ov_asr_score.job.suite.ranking import rank_runs
from ov_asr_score.job.suite.recording import Recorder
from ov_asr_score.job.suite.run_texts import RunTexts, without_words
from ov_asr_score.job.suite.suite import Suite, SuiteLimits, SuiteRun, select_runs
from ov_asr_score.job.suite.verdict import judge_other_words, judge_run, judge_speed, require
from ov_asr_score.openvino_api import ov
from ov_asr_score.openvino_api import version as openvino_version
from ov_asr_score.report.data.run import UtteranceReport
from ov_asr_score.report.data.suite import RunResult, Status, SuiteReport

OnResult = Callable[[RunResult], None]


@dataclass(frozen=True, slots=True)
class CheckJob:
    """What is asked of a suite.

    ``update`` writes references of cases that have none or no longer keep their limits, and the baseline.
    """

    suite: Suite
    only: Sequence[str] = ()
    require_all: bool = False
    update: bool = False
    conversion_cache: str | None = None  # folder for converted models
    compiled_cache: str = ""  # folder for compiled models; empty: none is kept


def run_suite(job: CheckJob, on_result: OnResult | None = None) -> SuiteReport:
    """The report of all chosen runs; ``on_result`` is called after each, before its speed was held against others'.

    While it runs, the working folder of the process is that of the suite. What goes wrong in a case is in its result.
    Raises UnknownNameError (a pattern that matches nothing), SuiteFormatError and FileAccessError (the baseline).
    """
    started = time.perf_counter()
    suite = job.suite
    runs = select_runs(suite, job.only)
    baseline_path = suite.baseline_path.resolve()
    baseline = read_baseline(baseline_path)
    recorder = Recorder(suite.sources()) if job.update else None
    # as seen from here, before the working folder is another
    conversions = None if job.conversion_cache is None else str(Path(job.conversion_cache).resolve())
    compiled = str(Path(job.compiled_cache).resolve()) if job.compiled_cache else ""
    results: dict[str, RunResult] = {}
    core = ov.Core()
    with (
        tempfile.TemporaryDirectory(prefix="ov-asr-score-") as folder,
        _working_folder(suite.folder),
    ):
        texts = RunTexts(Path(folder))
        for run in runs:
            device = replace(run.job.device, cache_dir=compiled)
            prepared = replace(run, job=replace(run.job, device=device, conversion_cache=conversions))
            # what is recorded anew is not held against what was recorded before
            limits = prepared.limits if recorder is None else _without_baseline(prepared)
            prepared = replace(prepared, job=texts.job(prepared), limits=limits)
            result = _run(core, prepared, baseline.get(run.name), recorder)
            results[run.name] = result
            if on_result is not None:
                on_result(result)
        rankings = rank_runs(runs, results, texts)
    judged = [judge_speed(run, judge_other_words(run, results[run.name], results), results) for run in runs]
    if job.require_all:
        judged = [require(result) for result in judged]
    recorded = []
    if recorder is not None:
        recorded += recorder.written
        found = with_results(baseline, judged)
        if found != baseline:
            write_baseline(baseline_path, found, __version__)
            recorded.append(suite.baseline_path.name)
    return SuiteReport(
        suite=str(suite.path),
        results=tuple(judged),
        recorded=tuple(recorded),
        seconds=time.perf_counter() - started,
        tool_version=__version__,
        versions={
            "openvino": openvino_version(),
            "numpy": np.__version__,
            "python": platform.python_version(),
            "platform": f"{sys.platform} {platform.machine()}",
        },
        rankings=rankings,
    )


def _run(core: ov.Core, run: SuiteRun, baseline: BaselineEntry | None, recorder: Recorder | None) -> RunResult:
    """The result of one run, whatever it raises."""
    started = time.perf_counter()
    try:
        lacking = lacking_device(core, run.device) or lacking_precision(core, run.device, run.precision)
        if lacking:
            return _ended(run, "skipped", lacking, started)
        result = _score(run, baseline)
        if recorder is not None and recorder.wants(run, result):
            recorder.record(run)
            result = _score(run, baseline)
    except (OvAsrScoreError, OSError) as error:
        if recorder is None or not recorder.wants(run, None):
            return _ended(run, "error", str(error), started)
        return _recorded_after(error, run, baseline, recorder, started)
    except MemoryError:
        return _ended(run, "error", "not enough memory; use a smaller batch_size or split long utterances", started)
    except Exception as error:  # a fault of this package must not keep the other cases from being looked at
        return _ended(run, "error", f"internal error in ov-asr-score: {type(error).__name__}: {error}", started)
    return result


def _recorded_after(
    error: Exception, run: SuiteRun, baseline: BaselineEntry | None, recorder: Recorder, started: float
) -> RunResult:
    """The result after references were recorded that could not be read; ``error`` stands where it was not for them."""
    try:
        recorder.record(run)
        return _score(run, baseline)
    except (OvAsrScoreError, OSError) as other:
        message = str(error) if str(other) == str(error) else f"{error}; and no references were recorded: {other}"
        return _ended(run, "error", message, started)


def _score(run: SuiteRun, baseline: BaselineEntry | None) -> RunResult:
    """The judged result of a run and its repeats. Raises what scoring raises."""
    widths: dict[str, int] = {}

    def note_widths(utterance: UtteranceReport) -> None:
        widths.update(utterance.scores)

    report = run_job(run.job, note_widths)
    used = str(report.device.get("precision") or "")
    asked = str(report.device.get("precision_requested") or "")
    if asked and used and not used.startswith(asked) and run.device.split(".")[0] != "NPU":
        reason = f"{run.device} computes in {used}, asked for {asked}"
        return replace(_blank(run), status="skipped", reasons=(reason,))
    speeds = [report.totals.frames_per_second]
    if run.job.decoding.is_wanted and (run.repeats > 1 or run.limits.holds_speed):
        speeds = []  # decoding beside it takes time from scoring
    alone = without_words(run.job)
    speeds += [run_job(alone).totals.frames_per_second for _ in range(run.repeats - len(speeds))]
    return judge_run(run, report, widths, baseline, speeds)


def _blank(run: SuiteRun) -> RunResult:
    return RunResult(run.case, run.device, run.precision, "error", tags=run.tags)


def _ended(run: SuiteRun, status: Status, reason: str, started: float) -> RunResult:
    seconds = time.perf_counter() - started
    return replace(_blank(run), status=status, reasons=(reason,), seconds=seconds)


def _without_baseline(run: SuiteRun) -> SuiteLimits:
    return replace(
        run.limits,
        max_error_to_baseline=None,
        max_rms_error_to_baseline=None,
        min_speed_to_baseline=None,
        max_wer_increase_to_baseline=None,
    )


@contextmanager
def _working_folder(folder: Path) -> Iterator[None]:
    """The working folder of the process: scripts of Kaldi name their archives from there, too."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)
