"""Transcribe sound with the models of a directory.

Tests: tests/job/transcribe/test_transcription.py
"""

from __future__ import annotations

from ov_asr_score.job.score import OnUtterance, run_job
from ov_asr_score.job.transcribe.scoring_job import scoring_job
from ov_asr_score.model_directory.model_directory import ModelDirectory
from ov_asr_score.report.data.run import RunReport
from ov_asr_score.settings.recognition.transcribe_job import TranscribeJob
from ov_asr_score.settings.score_job import ScoreJob


def run_transcription(
    job: TranscribeJob, on_utterance: OnUtterance | None = None, *, directory: ModelDirectory | None = None
) -> RunReport:
    """The report of a finished run, as ``run_job`` has it; ``on_utterance`` is called after each utterance.

    ``directory`` is what ``job.model`` is known to hold; None: it is read. Words are those of Kaldi's program for whole
    files that the directory is for. Raises what reading the directory, ``scoring_job`` and ``run_job`` raise.
    """
    return run_job(scoring_of(job, directory), on_utterance)


def scoring_of(job: TranscribeJob, directory: ModelDirectory | None = None) -> ScoreJob:
    """The job of ``score`` that the transcription is. Raises what reading the directory and ``scoring_job`` raise."""
    if directory is None:
        from ov_asr_score.model_directory.reading import read_model_directory

        directory = read_model_directory(job.model)
    return scoring_job(job, directory)
