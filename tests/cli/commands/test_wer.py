"""``ov-asr-score wer``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import run
from tests.word_errors.kaldi_texts import FOLDER

REFERENCE, HYPOTHESIS = FOLDER / "text", FOLDER / "nnet3_chain_tdnnf.hyp"
KALDI = (FOLDER / "nnet3_chain_tdnnf.wer").read_text(encoding="utf-8")


def test_the_output_begins_as_that_of_compute_wer() -> None:
    done = run("wer", REFERENCE, HYPOTHESIS)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.startswith(KALDI)
    assert [line for line in done.stdout.splitlines() if line.startswith("%WER")] == KALDI.splitlines()[:1]
    assert run("wer", REFERENCE, HYPOTHESIS, "--quiet").stdout == ""


def test_standard_input() -> None:
    done = run("wer", f"ark:{REFERENCE}", "-", stdin=HYPOTHESIS.read_bytes())
    assert done.stdout.startswith(KALDI)


def test_limits_are_exit_code_1() -> None:
    done = run("wer", REFERENCE, HYPOTHESIS, "--max-wer", "8", "--report", "-")
    assert done.code == 1
    assert json.loads(done.stdout)["verdict"] == "failed"
    assert done.stderr.splitlines()[-1] == f"failed: {HYPOTHESIS}: WER 8.18 %, expected 8 % or less"
    quiet = run("wer", REFERENCE, HYPOTHESIS, "--max-cer", "6", "--quiet")
    assert (quiet.code, quiet.stdout) == (1, "")
    assert quiet.stderr == f"failed: {HYPOTHESIS}: CER 6.52 %, expected 6 % or less\n"


def test_wrong_use_and_damage(folder: Path) -> None:
    Path("bad.trn").write_text("a (u1)\nb\n")
    assert run("wer", REFERENCE, "bad.trn").error == (
        "bad.trn: line 2: expected the key in parentheses at the end, found 'b'"
    )
    lonely = run("wer", REFERENCE, HYPOTHESIS, "--max-wer-increase", "1")
    assert lonely.code == 2
    assert lonely.error.startswith("--max-wer-increase: expected two hypotheses")
    part = run("wer", REFERENCE, FOLDER / "random_hyp.txt")
    assert part.code == 3
    assert "and 59 more; score the others in mode present" in part.error
