"""Tests of ``score`` on sound."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import ROOT, run
from tests.frontend.places import SPEECH, stored

MODEL = "models/chain_ivector/final.mdl"
SOUND = (
    *("-i", "data/speech", "--feature-config", "models/chain_ivector/conf/mfcc.conf"),
    *("--ivector-extractor", "models/chain_ivector/ivector_extractor/ivector_extractor.conf"),
    *("--frame-subsampling-factor", "3", "--frames-per-chunk", "50"),
)


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths in the bundled lists begin at the root of the repository."""
    monkeypatch.chdir(ROOT)


def test_from_sound_to_the_scores_of_kaldi(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    target = tmp_path / "s.ark"
    reference = "data/speech/kaldi_scores.ark"
    outcome = run(
        "score", "-m", MODEL, *SOUND, "-o", target, "-r", reference, "--max-error", "1e-3", "--report", report
    )
    assert outcome.code == 0, outcome.stderr
    found = json.loads(report.read_text())
    assert "mfcc features, as the name of models/chain_ivector/conf/mfcc.conf says" in found["notes"]
    scores = stored(target)
    for key, expected in stored(reference).items():
        assert np.abs(scores[key] - expected).max() < 1e-3
        assert np.median(np.abs(scores[key] - expected)) < 1e-5


def test_scores_of_our_features_and_of_those_of_kaldi(tmp_path: Path) -> None:
    words = ("score", "-m", "models/nnet3_chain_tdnnf/final.mdl", "--quiet")
    kaldis, ours = tmp_path / "kaldi.ark", tmp_path / "ours.ark"
    features = "ark:tests/kaldi_speech/ivector/feats.ark"
    assert run(*words, "-i", features, "-o", kaldis).code == 0
    assert run(*words, *SOUND[:4], "-o", ours).code == 0
    expected = stored(kaldis)
    for key, scores in stored(ours).items():
        assert np.abs(scores - expected[key]).max() < 2e-4


def test_a_run_that_was_interrupted_goes_on(tmp_path: Path) -> None:
    words = ("score", "-m", MODEL, *SOUND, "--resume", "--quiet")
    assert run(*words, "-o", tmp_path / "a.ark").code == 0
    first = (tmp_path / "a.ark").read_bytes()
    hidden = tmp_path / ".a.ark.partial"
    (tmp_path / "a.ark").rename(hidden)
    hidden.write_bytes(first[: len(first) // 2])
    assert run(*words, "-o", tmp_path / "a.ark").code == 0
    assert (tmp_path / "a.ark").read_bytes() == first


def test_shards_of_sound(tmp_path: Path) -> None:
    parts = []
    for part in (1, 2):
        outcome = run("score", "-m", MODEL, *SOUND, "--shard", f"{part}/2", "-o", tmp_path / f"{part}.ark", "--quiet")
        assert outcome.code == 0, outcome.stderr
        parts.append(stored(tmp_path / f"{part}.ark"))
    assert [*parts[0], *parts[1]] == list(stored(SPEECH / "kaldi_scores.ark"))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (("-i", "data/speech"), 2, "--feature-type: expected mfcc, fbank, plp, spectrogram, pitch or wave"),
        (("-i", "data/speech", *SOUND[2:4]), 2, "-i/--input: no table for input ivector"),
        (("-i", "data/kaldi/hires.ark", *SOUND[2:]), 2, "--feature-config: is for sound, and data/kaldi/hires.ark"),
        (
            (*SOUND, "--online-ivectors", "x.ark", "--online-ivector-period", "10"),
            2,
            "--ivector-extractor: i-vectors are",
        ),
        (("-i", "input=data/kaldi/hires.ark,ivector=data/speech", *SOUND[2:4]), 2, ""),
    ],
)
def test_what_does_not_fit_together(words: tuple[str, ...], code: int, message: str, tmp_path: Path) -> None:
    outcome = run("score", "-m", MODEL, *words, "-o", tmp_path / "s.ark")
    assert (outcome.code, outcome.error[: len(message)]) == (code, message)
    assert list(tmp_path.iterdir()) == []
