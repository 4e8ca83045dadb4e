from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from ov_asr_score.cli import presenting
from ov_asr_score.cli.presenting import specifiers_of, uses_standard_output
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


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (["-"], True),
        (["ark,t:-"], True),
        (["ark:/dev/stdout"], True),
        (["a=x.ark,b=-"], True),
        (["a=x.ark", "layer/0:0=ark:-"], True),
        (["ark,scp:x.ark,-"], True),
        ({"a": "ark:-"}, True),
        ([], False),
        (["x.ark"], False),
        (["ark,scp:x.ark,x.scp"], False),
        (["out/a=b.ark"], False),
        (["scp:x.scp"], False),
        (["ark:| sort -"], False),
        (["x.ark,"], False),
        (["ark,x:-"], False),
    ],
)
def test_where_scores_go(outputs: Sequence[str] | Mapping[str, str], expected: bool) -> None:
    assert uses_standard_output(ScoreJob(outputs=outputs)) is expected


@pytest.mark.parametrize(("report", "expected"), [("-", True), ("/dev/stdout", True), ("", False), ("r.json", False)])
def test_where_the_report_goes(report: str, expected: bool) -> None:
    assert uses_standard_output(ScoreJob(report=report)) is expected


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (["a.ark"], ["a.ark"]),
        (["x=a.ark,y:0=ark,t:-", "ark,scp:b,c"], ["a.ark", "ark,t:-", "ark,scp:b,c"]),
        ({"x": "a.ark", "y": "b=c.ark"}, ["a.ark", "b=c.ark"]),
        (["a.ark,"], []),
        ([], []),
    ],
)
def test_specifiers_without_layers(tables: Sequence[str] | Mapping[str, str], expected: list[str]) -> None:
    assert specifiers_of(tables) == expected
