"""Models and files beside them that are given as a command, as standard input, or as a part of a file.

Tests: tests/job/test_models_from_commands.py
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ov_asr_score.kaldi_io.files.input import keep_inputs
from ov_asr_score.settings.score_job import ScoreJob


@contextmanager
def keep_model_files(job: ScoreJob, *others: str) -> Iterator[None]:
    """Read the model of ``job``, its feature transform and counts, and ``others``, once if they cannot be read again.

    While the ``with`` lasts they are opened by their names, as files are. Raises SpecifierError for commands that the
    job does not allow, FileAccessError for those that fail.
    """
    names = (job.model, *others, job.kaldi.feature_transform, job.kaldi.class_frame_counts)
    with keep_inputs(names, allow_commands=job.allow_commands):
        yield
