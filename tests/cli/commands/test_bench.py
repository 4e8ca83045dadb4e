"""``ov-asr-score bench``."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median

import pytest

from tests.command_line import DATA, MODELS, run


def test_the_plan_its_speed_and_a_table(tiny_model: str) -> None:
    done = run("bench", tiny_model, "--seconds", "2")
    assert done.code == 0, done.stderr
    for text in ("Plan", "  summary: 512 frames per request", "  frames per second: ", "  real-time factor: "):
        assert text in done.stdout
    head = next(line for line in done.stdout.splitlines() if "frames/s" in line)
    assert head.split()[-3:] == ["requests", "batch", "plan"]
    assert sum(line.endswith("  chosen") for line in done.stdout.splitlines()) == 1


def test_json_holds_all_of_it(folder: Path) -> None:
    model, features = MODELS / "nnet3_tdnn" / "final.mdl", DATA / "kaldi" / "hires.ark"
    done = run("bench", model, "-i", features, "--seconds", "1", "--json", "--use-priors", "--frame-shift", "0.02")
    assert done.code == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["format"], report["format_version"]) == ("ov-asr-score-bench", 1)
    assert report["model"]["conversion"]["options"] == "--use-priors=true"
    chosen = report["chosen"]
    assert chosen["frames_per_second"] > 0
    assert chosen["frames_per_second"] == median(chosen["repeats"])
    assert chosen["real_time_factor"] * chosen["frames_per_second"] * 0.02 == pytest.approx(1.0)


def test_what_is_wrong_is_one_line(folder: Path) -> None:
    assert run("bench", "nothing.xml").code == 3
    done = run("bench", MODELS / "dnn_digits.xml", "--seconds", "0")
    assert (done.code, done.error) == (2, "--seconds 0: expected more than 0")
