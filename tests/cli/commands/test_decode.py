from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import ROOT, run

SCORES = "ark:data/speech/kaldi_scores.ark"
GRAPH = ("-m", "models/chain_ivector/final.mdl", "--graph", "models/chain_ivector/graph/HCLG.fst")


@pytest.fixture(autouse=True)
def in_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_words_go_to_standard_output() -> None:
    outcome = run("decode", *GRAPH, SCORES, "--reference-text", "data/speech/text")
    assert outcome.code == 0
    assert outcome.stdout == Path("data/speech/kaldi_text").read_text()
    assert "%WER 5.00 [ 1 / 20, 0 ins, 0 del, 1 sub ]" in outcome.stderr.splitlines()
    assert run("decode", *GRAPH, SCORES, "--quiet").stderr == ""


def test_faults(tmp_path: Path) -> None:
    assert run("decode", SCORES).error.startswith("--graph: expected a decoding graph (HCLG.fst), or the tokens")
    wrong = run("decode", "-m", "models/nnet1_dnn/final.nnet", *GRAPH[2:], SCORES)
    assert (wrong.code, wrong.stdout) == (3, "")
    both = run("decode", *GRAPH, SCORES, "--word-boundary", "a", "--align-lexicon", "b", "--ctm", tmp_path / "ctm")
    assert both.error.startswith("--word-boundary and --align-lexicon: both tell the times of words")
    assert not list(tmp_path.iterdir())


def test_limits() -> None:
    texts = ("--reference-text", "data/speech/text", "--hypothesis", "data/speech/text")
    kept = run(
        "decode", *GRAPH, SCORES, *texts, "--max-wer", "5", "--max-wer-increase", "5", "--max-changed-words", "1"
    )
    assert kept.code == 0
    assert "WER 0.00 -> 5.00, 1 of 20 words changed, compared with data/speech/text" in kept.stderr.splitlines()
    exceeded = run("decode", *GRAPH, SCORES, *texts, "--max-wer", "4.9", "--quiet")
    assert (exceeded.code, exceeded.stderr) == (1, "failed: WER 5.00 %, expected 4.9 % or less\n")
    unknown = run("decode", *GRAPH, SCORES, "--max-wer", "5")
    assert unknown.error == "--max-wer: expected what was said (--reference-text FILE), found none"
