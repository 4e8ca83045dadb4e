from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.cli import presenting
from ov_asr_score.job import CompareJob, ScoreJob
from ov_asr_score.report.progress import ScoringProgress
from tests.tiny_model import tiny_features, write_table


@pytest.fixture
def job(tiny_model: str, folder: Path) -> ScoreJob:
    write_table("feats.ark", tiny_features(2, 3, 4))
    return ScoreJob(model=tiny_model, inputs=["feats=feats.ark"])


@pytest.mark.parametrize(
    ("quiet", "verbose", "shown"), [(False, False, True), (True, False, False), (False, True, False)]
)
def test_progress_knows_how_many_there_are(
    job: ScoreJob, monkeypatch: pytest.MonkeyPatch, quiet: bool, verbose: bool, shown: bool
) -> None:
    given: dict[str, Any] = {}

    def progress(**options: Any) -> ScoringProgress:
        given.update(options)
        return ScoringProgress(**options)

    monkeypatch.setattr(presenting, "ScoringProgress", progress)
    assert presenting.present_run(job, quiet=quiet, verbose=verbose) == "ok"
    assert given == {"total": 3 if shown else None, "frame_shift_seconds": 0.01, "quiet": not shown}


def test_quiet_wins_over_verbose(job: ScoreJob, capsys: pytest.CaptureFixture[str]) -> None:
    assert presenting.present_run(job, quiet=True, verbose=True) == "ok"
    comparison = CompareJob("feats.ark", "feats.ark")
    assert presenting.present_comparison(comparison, quiet=True, verbose=True) == "ok"
    assert capsys.readouterr() == ("", "")


def test_why_a_quiet_run_failed(job: ScoreJob, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_table("narrow.ark", {"utt1": tiny_features(1)["utt1"][:, :3]})
    failing = ScoreJob(model=job.model, inputs=["narrow.ark"], on_error="skip")
    assert presenting.present_run(failing, quiet=True, verbose=False) == "failed"
    error = capsys.readouterr().err
    assert error.startswith("failed: 1 utterances failed, first utt1: narrow.ark: utterance 'utt1'")
    assert error.count("\n") == 1
