"""Scripts of another machine, in every command that reads tables."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.library import score
from tests.command_line import run

ROOT = Path(__file__).parents[2]
MODEL = str(ROOT / "models" / "nnet1_dnn" / "final.nnet")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Here, the archive is in here/mfcc; where the script comes from it was in /disk7/mfcc."""
    monkeypatch.chdir(tmp_path)
    Path("here/mfcc").mkdir(parents=True)
    random = np.random.default_rng(0)
    with TableWriter("ark,scp:here/mfcc/a.ark,feats.scp") as writer:
        for key in ("utt1", "utt2"):
            writer.write(key, random.normal(size=(5, 440)).astype(np.float32))
    text = Path("feats.scp").read_text()
    Path("feats.scp").write_text(text.replace("here/mfcc", "/disk7/mfcc"))
    return tmp_path


def run_well(*words: str) -> None:
    outcome = run(*words)
    assert outcome.code == 0, outcome


def test_copies_and_joined_scripts() -> None:
    run_well("copy-table", "feats.scp", "copy.ark", "--path-map", "/disk7=here")
    assert [key for key, _ in read_table("copy.ark")] == ["utt1", "utt2"]
    run_well("merge", "feats.scp", "-o", "scp:local.scp", "--path-map", "/disk7=here")
    assert [key for key, _ in read_table("local.scp")] == ["utt1", "utt2"]
    run_well("merge", "scp:feats.scp", "-o", "ark:joined.ark", "--path-map", "/disk7=here", "--order", "feats.scp")
    assert Path("joined.ark").read_bytes() == Path("here/mfcc/a.ark").read_bytes()
    run_well("compare", "feats.scp", "feats.scp", "--path-map", "/disk7=here", "--max-error", "0")


def test_scores_of_features_and_references() -> None:
    run_well("score", "-m", MODEL, "-i", "here/mfcc/a.ark", "-o", "ark,scp:here/mfcc/ref.ark,ref.scp")
    text = Path("ref.scp").read_text()
    Path("ref.scp").write_text(text.replace("here/", "/disk8/"))
    maps = ("--path-map", "/disk7=here", "--path-map", "/disk8=here")
    run_well("score", "-m", MODEL, "-i", "feats.scp", "-r", "ref.scp", "-o", "out.ark", "--max-error", "0", *maps)
    assert Path("out.ark").read_bytes() == Path("here/mfcc/ref.ark").read_bytes()
    scores = {utterance.key for utterance in score(MODEL, "feats.scp", path_map=["/disk7=here"])}
    assert scores == {"utt1", "utt2"}


def test_a_missing_file_names_the_option_and_what_was_mapped() -> None:
    result = run("copy-table", "feats.scp", "ark:copy.ark")
    assert result.code == 3
    assert "feats.scp: line 1: utterance 'utt1': /disk7/mfcc/a.ark: no such file" in result.stderr
    assert "if the script is of another machine, --path-map OLD=NEW says where its files are" in result.stderr
    result = run("copy-table", "feats.scp", "ark:copy.ark", "--path-map", "/disk7=there")
    assert result.code == 3
    assert "there/mfcc/a.ark: no such file" in result.stderr
    assert "(/disk7/mfcc/a.ark:5 in the script, mapped by --path-map)" in result.stderr
    assert run("copy-table", "feats.scp", "ark:copy.ark", "--path-map", "/disk7").code == 2
