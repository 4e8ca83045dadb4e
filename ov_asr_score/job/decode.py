"""Decode stored scores, and write the words."""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score import __version__
from ov_asr_score.decoding.words.word_model import frames_per_row
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.job.outputs.overwriting import NamedFiles, check_files, files_read
from ov_asr_score.job.run.word_verdict import exceeded_word_limits
from ov_asr_score.job.words.outcome import Outcome
from ov_asr_score.job.words.word_files import wants_times
from ov_asr_score.job.words.word_run import WordRun, files_with_words, open_word_run, word_files_read
from ov_asr_score.kaldi_io import OutputFile, open_output, parse_read_specifier, read_table
from ov_asr_score.report.data.run import as_dict
from ov_asr_score.report.data.words import FORMAT, FORMAT_VERSION, DecodeReport
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.words.decode_job import DecodeJob
from ov_asr_score.text import shown_key

OnOutcome: TypeAlias = Callable[[Outcome], None]


def run_decode(job: DecodeJob, on_outcome: OnOutcome | None = None) -> DecodeReport:
    """The report of a finished run; ``on_outcome`` is called after each utterance was written.

    Everything that the job names as output is complete under its final name when this returns, and not there under that
    name when it raises. Raises OvAsrScoreError children for everything that stops the run.
    """
    started = time.perf_counter()
    if not job.decoding.is_wanted:
        raise UsageError(
            "graph: expected a decoding graph (HCLG.fst), or the tokens of a CTC model (tokens FILE), found neither",
            fields=("graph", "tokens"),
        )
    if Path(job.report).suffix.lower() in (".html", ".csv"):
        raise UsageError(
            f"report {job.report}: expected a name for JSON (FILE.json); pages and tables of words are transcripts "
            "(transcript FILE)",
            fields=("report", "transcript"),
        )
    check_files(_read_by(job), _written_by(job))
    row_seconds, note = _row_seconds(job)
    with ExitStack() as stack:
        report_file = stack.enter_context(open_output(job.report)) if job.report else None
        run = stack.enter_context(
            open_word_run(job.decoding, job.model, row_seconds, allow_commands=job.allow_commands)
        )
        run.notes += [note] if note and wants_times(job.decoding.files) else []
        for outcome in run.decode(_scores(job, run)):
            if on_outcome is not None:
                on_outcome(outcome)
        run.finish()
        report = _report(job, run, time.perf_counter() - started)
        if report_file is not None:
            _write_report(report_file, report)
    return report


def _row_seconds(job: DecodeJob) -> tuple[float, str]:
    """The duration of a row of scores, and a note where nobody told it."""
    if job.decoding.row_shift_seconds is not None:
        return job.decoding.row_shift_seconds, ""
    factor = job.frame_subsampling_factor or frames_per_row(job.model, job.decoding.graph.transition_model)
    seconds = job.frame_shift_seconds * (factor or 1)
    unknown = "times take a row of scores for one frame; " + (
        "wav2vec2 has one for every 20 ms (row_shift 0.02)"
        if job.decoding.ctc.tokens
        else "chain models mostly have 3 (frame_subsampling_factor 3)"
    )
    return seconds, "" if factor else unknown


def _scores(job: DecodeJob, run: WordRun) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """The scores of all utterances. Those that cannot be read are counted as failures, if errors are skipped."""

    def skip(key: str, error: OvAsrScoreError) -> None:
        run.totals.add_failure(key, str(error))

    table = parse_read_specifier(job.scores, parse_path_map(job.path_map))
    on_skip = skip if job.on_error == "skip" else None
    for key, scores in read_table(
        table, allow_commands=job.allow_commands, on_skip=on_skip, shard=job.shard, wants_matrices=True
    ):
        try:
            if scores.ndim != 2:
                raise ShapeMismatchError(
                    f"{table.original}: utterance {shown_key(key)}: expected a matrix of scores, found a vector"
                )
            run.decoder.check_shape(scores.shape, key)
        except ShapeMismatchError as error:
            if on_skip is None:
                raise
            on_skip(key, error)
            continue
        yield key, np.ascontiguousarray(scores, np.float32)


def _read_by(job: DecodeJob) -> NamedFiles:
    yield from files_read("scores", parse_read_specifier(job.scores, parse_path_map(job.path_map)))
    yield "model", job.model
    yield from word_files_read(job.decoding)


def _written_by(job: DecodeJob) -> NamedFiles:
    yield from files_with_words(job.decoding)
    if job.report:
        yield "report", job.report


def _report(job: DecodeJob, run: WordRun, seconds: float) -> DecodeReport:
    packages: dict[str, Any] = {}
    for name in ("kaldi-decoder", "kaldifst"):
        with suppress(PackageNotFoundError):  # which CTC models without a graph do not need
            packages[name] = version(name)
    versions = {**packages, "numpy": np.__version__, "python": platform.python_version()}
    versions["platform"] = f"{sys.platform} {platform.machine()}"
    return DecodeReport(
        scores=job.scores,
        model=job.model,
        totals=run.totals,
        total_seconds=seconds,
        limit_messages=list(_complaints(job, run)),
        notes=run.notes,
        command=list(job.command) or None,
        tool_version=__version__,
        versions=versions,
    )


def _complaints(job: DecodeJob, run: WordRun) -> Iterator[str]:
    """What fails the run, besides utterances without words."""
    totals = run.totals
    if totals.utterances:
        yield from exceeded_word_limits(totals, job.decoding.limits)
    elif not totals.num_failures and job.shard is None:  # there may be fewer utterances than shards
        yield "there were no utterances"


def _write_report(file: OutputFile, report: DecodeReport) -> None:
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, **as_dict(report)}
    file.write((json.dumps(document, indent=1, allow_nan=False) + "\n").encode())
    file.flush()  # a full disk is to be known now
