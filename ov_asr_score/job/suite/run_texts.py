"""The words of the runs of a suite, in files of a temporary folder: runs are compared and ranked by them.

Tests: tests/job/suite/test_words.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ov_asr_score.job.suite.suite import SuiteRun
from ov_asr_score.settings.score_job import ScoreJob


@dataclass(slots=True)
class RunTexts:
    """Files in ``folder``, one for each run that has words."""

    folder: Path
    _files: dict[str, Path] = field(default_factory=dict)

    def job(self, run: SuiteRun) -> ScoreJob:
        """The job of a run, which writes its words here, and compares them with those of the run that it names."""
        job = run.job
        if not job.decoding.is_wanted:
            return job
        path = self._files.setdefault(run.name, self.folder / f"{len(self._files)}")
        files = replace(job.decoding.files, text=str(path))
        other = self.path(run.against)
        if other is not None:
            files = replace(files, hypothesis=str(other))
        return replace(job, decoding=replace(job.decoding, files=files))

    def path(self, name: str) -> Path | None:
        """The file with the words of the run of that name, if it came to its end."""
        path = self._files.get(name)
        return path if path is not None and path.is_file() else None


def without_words(job: ScoreJob) -> ScoreJob:
    """The job, which only scores."""
    return replace(job, decoding=type(job.decoding)())
