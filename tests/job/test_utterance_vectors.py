"""Outputs that are one vector per utterance, in every form of tables and in reports."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.comparison import Limits
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.job.comparing.compare import run_comparison
from ov_asr_score.job.copy_table import copy_entries
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.report.data.run import UtteranceReport
from ov_asr_score.scoring import session
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.settings.table_jobs import CompareJob, CopySettings
from tests.command_line import names_in
from tests.tiny_model import tiny_features, tiny_scores, write_table

# Of one frame the scores of the tiny model are one row, as those of a pooled output are.
FEATURES = tiny_features(1, 1, 1, 1)
VECTORS = {key: tiny_scores(matrix)[0] for key, matrix in FEATURES.items()}


@pytest.fixture
def job(folder: Path, tiny_model: str, monkeypatch: pytest.MonkeyPatch) -> ScoreJob:
    """A run whose output ``scores`` is one vector per utterance, and ``hidden`` is not."""

    def with_vectors(*arguments: Any, **named: Any) -> Any:
        return replace(prepare_scorer(*arguments, **named), vector_outputs=frozenset(["scores"]))

    monkeypatch.setattr(session, "prepare_scorer", with_vectors)
    write_table("feats.ark", FEATURES)
    return ScoreJob(model=tiny_model, inputs=["feats.ark"], outputs={"scores": "s.ark"})


def test_they_are_written_as_vectors(job: ScoreJob) -> None:
    run_job(replace(job, outputs={"scores": "s.ark", "hidden": "h.ark"}))
    assert Path("s.ark").read_bytes()[:10] == b"utt1 \0BFV "
    assert Path("h.ark").read_bytes()[:10] == b"utt1 \0BFM "
    found = dict(read_table("s.ark"))
    assert found.keys() == VECTORS.keys()
    for key, vector in found.items():
        np.testing.assert_array_equal(vector, VECTORS[key])


@pytest.mark.parametrize(
    ("specifier", "more", "beginning"),
    [
        ("ark:out", {}, b"utt1 \0BFV "),
        ("ark:out", {"output_precision": "f64"}, b"utt1 \0BDV "),
        ("ark:out", {"compression_method": 2}, b"utt1 \0BFV "),
        ("ark,t:out", {}, b"utt1  [ "),
        ("ark:out", {"vectors_as": "matrix"}, b"utt1 \0BFM "),
        ("ark,t:out", {"vectors_as": "matrix"}, b"utt1  [\n"),
    ],
)
def test_their_form_is_that_of_the_table(job: ScoreJob, specifier: str, more: dict[str, Any], beginning: bytes) -> None:
    run_job(replace(job, outputs={"scores": specifier}, **more))
    assert Path("out").read_bytes().startswith(beginning)
    for key, array in read_table("ark:out"):
        assert array.shape == ((1, 3) if "vectors_as" in more else (3,))
        np.testing.assert_allclose(array.ravel(), VECTORS[key], rtol=1e-6)


@pytest.mark.parametrize(("vectors_as", "shape"), [("vector", (3,)), ("matrix", (1, 3))])
def test_npz(job: ScoreJob, vectors_as: Any, shape: tuple[int, ...]) -> None:
    run_job(replace(job, outputs={"scores": "s.npz"}, vectors_as=vectors_as))
    assert {array.shape for array in np.load("s.npz").values()} == {shape}


def test_a_script_points_to_vectors(job: ScoreJob) -> None:
    run_job(replace(job, outputs={"scores": "ark,scp:s.ark,s.scp"}))
    for key, vector in read_table("scp:s.scp"):
        np.testing.assert_array_equal(vector, VECTORS[key])


@pytest.mark.parametrize("as_rows", [False, True])
def test_references_are_vectors_or_rows(job: ScoreJob, as_rows: bool) -> None:
    write_table("r.ark", {key: vector[None] if as_rows else vector for key, vector in VECTORS.items()})
    report = run_job(replace(job, references={"scores": "r.ark"}, limits=Limits(max_error=0)))
    assert (report.verdict, report.comparison["scores"].frames) == ("ok", 4)
    write_table("r.ark", {key: vector + 1 for key, vector in VECTORS.items()})
    report = run_job(replace(job, references={"scores": "r.ark"}, limits=Limits(max_error=0)))
    assert (report.verdict, round(report.comparison["scores"].max_abs, 5)) == ("failed", 1)


def test_reports(job: ScoreJob) -> None:
    pytest.importorskip("matplotlib")
    write_table("r.ark", {key: vector + 1 for key, vector in VECTORS.items()})
    with_references = replace(job, references={"scores": "r.ark"})
    run_job(replace(with_references, report="r.html", report_scores=True))
    run_job(replace(with_references, report="r.csv"))
    run_job(replace(with_references, report="r.json"))
    page = Path("r.html").read_text()
    assert "utt4" in page and ">nan<" not in page
    report = json.loads(Path("r.json").read_text())
    assert [each["scores"] for each in report["utterances"]] == [{"scores": 3}] * 4
    assert report["totals"]["frames"] == 4


@pytest.mark.parametrize("specifier", ["ark:s.ark", "ark,t:s.ark"])
@pytest.mark.parametrize("vectors_as", ["vector", "matrix"])
def test_an_interrupted_run_goes_on(job: ScoreJob, folder: Path, specifier: str, vectors_as: Any) -> None:
    write_table("r.ark", VECTORS)
    job = replace(
        job, outputs={"scores": specifier}, references={"scores": "r.ark"}, vectors_as=vectors_as, resume=True
    )
    run_job(replace(job, outputs={"scores": specifier.replace("s.ark", "whole.ark")}, resume=False))

    def stop(utterance: UtteranceReport) -> None:
        if utterance.key == "utt2":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_job(job, stop)
    report = run_job(job)
    assert (report.totals.utterances, report.totals.resumed_utterances) == (4, 2)
    assert report.comparison["scores"].max_abs < 1e-6
    assert Path("s.ark").read_bytes() == Path("whole.ark").read_bytes()
    assert "s.ark" in names_in(folder)


def test_compare_and_copy_take_vectors(folder: Path) -> None:
    write_table("v.ark", VECTORS)
    write_table("rows.ark", {key: vector[None] for key, vector in VECTORS.items()})
    for scores, reference in (("v.ark", "rows.ark"), ("rows.ark", "v.ark"), ("v.ark", "v.ark")):
        report = run_comparison(CompareJob(scores, reference, limits=Limits(max_error=0)))
        assert (report.verdict, report.totals.frames, report.comparison["scores"].max_abs) == ("ok", 4, 0)
    assert copy_entries(CopySettings("v.ark", "ark,t:t.ark")) == (4, [])
    assert copy_entries(CopySettings("t.ark", "back.ark", compression_method=2)) == (4, [])
    for key, vector in read_table("back.ark"):
        np.testing.assert_allclose(vector, VECTORS[key], rtol=1e-6)
