"""``ov-asr-score egs-prob``."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command_line import run
from tests.egs.chain.examples import DATA as CHAIN_DATA
from tests.egs.make_archives import DATA, FILE, MODELS

EGS, MODEL = f"ark:{DATA}/ivectors.egs", MODELS["ivectors"]
KALDI = json.loads(FILE.read_text())["ivectors"]["output"]
(OBJECTIVE, FRAMES), (ACCURACY, _) = KALDI["log-likelihood"], KALDI["accuracy"]


def test_a_table_of_outputs() -> None:
    done = run("egs-prob", MODEL, EGS)
    assert (done.code, done.stderr) == (0, "")
    assert done.stdout.splitlines()[-1].split() == [OBJECTIVE, FRAMES, ACCURACY, "log-likelihood", "output"]
    assert run("egs-prob", MODEL, EGS, "--quiet").stdout == ""


def test_a_limit_that_is_not_kept_is_exit_code_1() -> None:
    done = run("egs-prob", MODEL, EGS, "--min-log-prob", "-0.1", "--json", "-")
    assert done.code == 1
    assert json.loads(done.stdout)["verdict"] == "failed"
    assert done.stderr.splitlines()[-1] == f"failed: output: {OBJECTIVE} per frame, expected -0.1 or more"
    quiet = run("egs-prob", MODEL, EGS, "--min-accuracy", "0.5", "--quiet")
    assert (quiet.code, quiet.stdout) == (1, "")
    assert quiet.stderr == f"failed: output: an accuracy of {ACCURACY}, expected 0.5 or more\n"


def test_wrong_use_and_damage(folder: Path) -> None:
    chain = run("egs-prob", MODEL, f"ark:{CHAIN_DATA}/real.cegs")
    assert chain.code == 2
    assert "give --den-fst" in chain.stderr
    Path("cut.egs").write_bytes((DATA / "ivectors.egs").read_bytes()[:500])
    cut = run("egs-prob", MODEL, "ark:cut.egs")
    assert cut.code == 3
    assert cut.stderr.startswith("error: cut.egs: example ")
    assert cut.stderr.count("\n") == 1
    command = run("egs-prob", MODEL, "ark:cat cut.egs |")
    assert command.code == 2
    assert "--allow-commands" in command.stderr
