from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ov_asr_score.job import run_job
from tests.command_line import ROOT, names_in
from tests.job.interrupted_runs import job_of
from tests.tiny_model import tiny_features, write_table

ROUNDS = 20
LENGTHS = [0, 1, *(1 + 7 * number % 23 for number in range(150)), 0]


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "fork"), reason="kills children that it forks")
def test_killed_at_any_moment_nothing_is_lost_or_repeated(tiny_model: str, folder: Path) -> None:
    write_table("feats.ark", tiny_features(*LENGTHS))
    features = str(folder / "feats.ark")
    whole = folder / "whole"
    whole.mkdir()
    os.chdir(whole)
    run_job(job_of(tiny_model, features, resume=False))

    words = [sys.executable, "-m", "tests.job.interrupted_runs", tiny_model, features, str(folder), "7", str(ROUNDS)]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rounds = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rounds) == ROUNDS
    for number, told in enumerate(rounds):
        place = folder / f"round{number}"
        assert told["kept"] == sorted(told["kept"]), "a run threw away what was whole"
        assert told["utterances"] == len(LENGTHS)
        assert names_in(place) == sorted([*names_in(whole), ".scores.ark.resume.json"])
        for name in names_in(whole):
            assert (place / name).read_bytes() == (whole / name).read_bytes(), (number, name, told)
    assert sum(told["kills"] for told in rounds) >= 20
    assert sum(0 < told["resumed"] < len(LENGTHS) for told in rounds) >= 3, "hardly any run was in the middle"
    assert any(told["resumed"] == len(LENGTHS) for told in rounds), "none was killed while files got their names"
