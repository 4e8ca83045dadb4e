"""Transcribe sound with the models of a directory.

Tests: tests/job/transcribe/test_transcription.py, tests/job/transcribe/test_long_recordings.py
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.job.score import OnUtterance, run_job
from ov_asr_score.job.transcribe.long_recordings import LongRecordings
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.ov_model.file_kind import read_model_kind
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.score_job import ScoreJob

_NAMES = {"inputs": "sources", "ivector_spk2utt": "spk2utt"}
"""Settings of scoring by those of transcribing that they come from."""

_BY_SPEAKER = "the state of speakers is carried on (spk2utt)"


def run_transcription(
    job: TranscribeJob, on_utterance: OnUtterance | None = None, *, directory: ModelDirectory | None = None
) -> RunReport:
    """The report of a finished run, as ``run_job`` has it; ``on_utterance`` is called after each utterance.

    ``directory`` is what ``job.model`` is known to hold; None: it is read. Words are those of Kaldi's program for whole
    files that the directory is for. Raises what reading the directory, ``scoring_job`` and ``run_job`` raise.
    """
    found = read_directory(job) if directory is None else directory
    scoring = scoring_job(job, found)
    with _own_names(), _long_recordings(job, scoring, found) as aside:
        return run_job(scoring, on_utterance, aside)


@contextmanager
def _own_names() -> Iterator[None]:
    """Name settings of scoring as transcribing does, so that messages have options that there are."""
    try:
        yield
    except OvAsrScoreError as error:
        error.fields, text = tuple(_NAMES.get(each, each) for each in error.fields), str(error)
        for theirs, ours in _NAMES.items():
            text = re.sub(rf"(?<![\w'./-]){theirs}(?![\w'./-])", ours, text) if ours in error.fields else text
        error.args = (text,)
        raise


def read_directory(job: TranscribeJob) -> ModelDirectory:
    """What the model directory of ``job`` holds. Raises what reading it raises."""
    from ov_asr_score.model_directory.reading import read_model_directory

    return read_model_directory(job.model)


@contextmanager
def _long_recordings(
    job: TranscribeJob, scoring: ScoreJob, directory: ModelDirectory
) -> Iterator[LongRecordings | None]:
    """What recognizes recordings piece by piece; None where all are to be scored as a whole."""
    why_not = _needs_whole(job, scoring, directory)
    if why_not:
        if job.segment:
            named = ("spk2utt",) if why_not == _BY_SPEAKER else ()
            raise UsageError(f"segment: recordings cannot be cut, as {why_not}", fields=("segment", *named))
        yield None
        return
    from ov_asr_score.job.transcribe.long_opening import open_long_recordings

    with open_long_recordings(job, scoring, directory) as aside:
        yield aside


def _needs_whole(job: TranscribeJob, scoring: ScoreJob, directory: ModelDirectory) -> str:
    """Why recordings must be scored as a whole; empty where they need not."""
    tables = scoring.decoding.files.tables()
    if tables:
        return f"files of whole utterances are asked for ({', '.join(tables)})"
    if scoring.frontend.ivector_spk2utt:
        return _BY_SPEAKER
    if scoring.frontend.ivector_frame_weight != 1:
        return "silence has another weight in i-vectors"
    if directory.program == "nnet3-latgen-faster" and not scoring.kaldi.frames_per_chunk:
        return "the network is computed of whole utterances (frames_per_chunk 0)"
    if read_model_kind(Path(scoring.model)) != "kaldi":
        return f"{scoring.model} is no model of Kaldi"
    if directory.program == "ctc":
        return "a CTC model scores whole utterances"
    return ""
