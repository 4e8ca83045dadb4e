from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.command_line import DATA, names_in, run, run_process
from tests.tiny_model import Table, write_table

SCORES: Table = {
    "utt1": np.arange(6, dtype=np.float32).reshape(2, 3),
    "utt2": np.zeros((0, 0), np.float32),
    "utt3": np.ones((4, 3), np.float32),
}


@pytest.fixture(autouse=True)
def scores(folder: Path) -> None:
    """The table that the tests compare others with."""
    write_table("scores.ark", SCORES)


def reference(**changed: object) -> str:
    """A reference table that is ``SCORES`` but for some utterances; None leaves one out."""
    table = {key: np.asarray(value) for key, value in {**SCORES, **changed}.items() if value is not None}
    return write_table("reference.ark", table)


def test_equal_tables() -> None:
    outcome = run("compare", "scores.ark", reference(), "--max-error", "0")
    assert (outcome.code, outcome.stderr) == (0, "")
    assert "max error: 0.0000000" in outcome.stdout
    assert "avg error: 0.0000000" in outcome.stdout
    assert outcome.stdout.endswith("verdict: ok\n")


def test_real_scores_in_another_form(folder: Path) -> None:
    archive = DATA / "lstm_mem/scores_f32.ark"
    assert run("copy-table", archive, "scores.npz").code == 0
    assert run("compare", "scores.npz", archive, "--max-error", "0", "--quiet").stdout == ""


def test_limits() -> None:
    name = reference(utt1=SCORES["utt1"] + 0.5)
    assert run("compare", "scores.ark", name).code == 0
    assert run("compare", "scores.ark", name, "--max-error", "0.5").code == 0
    outcome = run("compare", "scores.ark", name, "--max-error", "0.4", "--max-rms-error", "1")
    assert outcome.code == 1
    assert "failed: max error 0.5 exceeds --max-error 0.4" in outcome.stdout
    assert "rms error 0." not in outcome.stdout
    assert run("compare", "scores.ark", name, "--max-rms-error", "0.1", "--quiet").stderr.startswith(
        "failed: rms error"
    )


def test_limits_on_classes_and_posteriors() -> None:
    name = reference(utt3=np.array([[1, 1, 2]] + [[1, 1, 1]] * 3, np.float32))  # of 6 frames, one best class moves
    assert run("compare", "scores.ark", name, "--min-agreement", "0.83", "--max-kl", "0.03").code == 0
    outcome = run("compare", "scores.ark", name, "--min-agreement", "0.84", "--max-kl", "0.01")
    assert outcome.code == 1
    assert "failed: best class agreement 0.833333 is below --min-agreement 0.84" in outcome.stdout
    assert "failed: mean KL divergence 0.0" in outcome.stdout
    assert "exceeds --max-kl 0.01" in outcome.stdout
    outside = run("compare", "scores.ark", name, "--min-agreement", "99")
    assert (outside.code, outside.stdout) == (2, "")


def test_columns_that_are_no_classes_keep_no_limit_on_classes(folder: Path) -> None:
    write_table("one.ark", {"utt": np.ones((3, 1), np.float32)})
    outcome = run("compare", "one.ark", "one.ark", "--min-agreement", "0")
    assert outcome.code == 1
    assert "--min-agreement 0 cannot be checked: no frames with classes were compared" in outcome.stdout


@pytest.mark.parametrize("option", ["--min-agreement", "--max-kl"])
def test_measures_can_be_left_out_unless_a_limit_needs_them(option: str) -> None:
    outcome = run("compare", "scores.ark", reference(), "-v", "--no-measures", "--report", "report.json")
    assert outcome.code == 0
    assert "KL divergence" not in outcome.stdout
    assert json.loads(Path("report.json").read_text(encoding="utf-8"))["measures"] == {}
    outcome = run("compare", "scores.ark", reference(), "--no-measures", option, "1")
    expected = f"--no-measures: {option} is a limit on measures; leave one out"
    assert (outcome.code, outcome.error) == (2, expected)


def test_measures_are_shown_and_reported() -> None:
    name = reference(utt1=SCORES["utt1"] + np.float32(0.5))
    outcome = run("compare", "scores.ark", name, "-v", "--report", "report.json")
    assert "  KL divergence: mean 0, largest 0 nats" in outcome.stdout  # a constant makes no difference
    assert "  rms by position: first 10 frames 0.289, middle 0, last 10 0.289" in outcome.stdout
    assert [line.split()[:-1] for line in outcome.stdout.splitlines() if "#" in line] == [
        ["none", "12", "66.67%"],
        ["1e-1", "to", "1e+0", "6", "33.33%"],
    ]
    measures = json.loads(Path("report.json").read_text(encoding="utf-8"))["measures"]["scores"]
    assert (measures["frames"], measures["class_agreement"], measures["top5_overlap"]) == (6, 1.0, 1.0)
    assert measures["worst_classes"][0] == {"column": 0, "rms": pytest.approx(0.5 / 3**0.5), "max_abs": 0.5}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("side", ["scores", "reference"])
def test_what_is_not_finite_keeps_no_limit(bad: float, side: str) -> None:
    matrix = SCORES["utt1"].copy()
    matrix[1, 2] = bad
    pair = (write_table("bad.ark", {**SCORES, "utt1": matrix}), "scores.ark")
    outcome = run("compare", *(pair if side == "scores" else pair[::-1]), "--max-error", "1e30")
    assert outcome.code == 1
    assert "disagree in NaN or infinity: 1 (first at utterance 'utt1', frame 1, column 2" in outcome.stdout


def test_missing_and_extra_utterances_are_named() -> None:
    name = reference(utt1=None, more=SCORES["utt3"])
    outcome = run("compare", "scores.ark", name)
    assert outcome.code == 1
    assert "missing in reference.ark (1): utt1" in outcome.stdout
    assert "only in reference.ark (1): more" in outcome.stdout
    assert run("compare", "scores.ark", name, "--allow-missing").code == 0


def test_unequal_shapes_are_named_and_never_broadcast() -> None:
    outcome = run("compare", "scores.ark", reference(utt3=np.ones((1, 3), np.float32)), "--allow-missing")
    assert outcome.code == 1
    assert "failed: utt3: reference.ark: expected scores and reference of the same shape" in outcome.stdout
    assert "found [4, 3] and [1, 3]" in outcome.stdout


def test_nothing_in_common_is_no_success() -> None:
    write_table("reference.ark", {"other": SCORES["utt1"]})
    outcome = run("compare", "scores.ark", "reference.ark", "--allow-missing")
    assert outcome.code == 1
    assert "no utterance could be compared with reference.ark" in outcome.stdout
    Path("empty.ark").touch()
    assert run("compare", "empty.ark", "empty.ark").code == 1


def test_pairing_by_position_ignores_keys() -> None:
    renamed = {f"x{number}": matrix for number, matrix in enumerate(SCORES.values())}
    write_table("reference.ark", renamed)
    assert run("compare", "scores.ark", "reference.ark").code == 1
    assert run("compare", "scores.ark", "reference.ark", "--pair", "position", "--max-error", "0").code == 0
    write_table("reference.ark", {**renamed, "last": SCORES["utt1"]})
    outcome = run("compare", "scores.ark", "reference.ark", "--pair", "position")
    assert (outcome.code, "only in reference.ark (1): last" in outcome.stdout) == (1, True)
    del renamed["x2"]
    write_table("reference.ark", renamed)
    outcome = run("compare", "scores.ark", "reference.ark", "--pair", "position")
    assert (outcome.code, "missing in reference.ark (1): utt3" in outcome.stdout) == (1, True)


def test_threshold() -> None:
    name = reference(utt1=SCORES["utt1"] + 0.5)
    assert "errors over 0.25: 6 of 18" in run("compare", "scores.ark", name, "--threshold", "0.25").stdout
    assert run("compare", "scores.ark", name, "--threshold", "-1").code == 2
    assert run("compare", "scores.ark", name, "--threshold", "inf").code == 2


def test_the_report_is_written_also_when_a_limit_fails(folder: Path) -> None:
    name = reference(utt1=SCORES["utt1"] + 0.5)
    outcome = run("compare", "scores.ark", name, "--max-error", "0.1", "--report", "report.json")
    assert outcome.code == 1
    report = json.loads((folder / "report.json").read_text())
    assert [utterance["key"] for utterance in report["utterances"]] == list(SCORES)
    assert (report["verdict"], report["comparison"]["scores"]["max_abs"]) == ("failed", 0.5)
    assert report["limit_messages"] == ["max error 0.5 exceeds --max-error 0.1"]
    assert report["totals"]["total_seconds"] > 0
    assert set(report["versions"]) == {"openvino", "numpy", "python", "platform"}
    assert report["command"]


def test_the_report_does_not_overwrite_a_table(folder: Path) -> None:
    before = (folder / "scores.ark").read_bytes()
    outcome = run("compare", "scores.ark", reference(), "--report", "scores.ark")
    assert outcome.code == 2
    assert outcome.error == "--report scores.ark: is the same file as that of SCORES; give another name"
    assert (folder / "scores.ark").read_bytes() == before


def test_verbose_lists_utterances() -> None:
    listed = [line.split()[-1] for line in run("compare", "scores.ark", reference(), "-v").stdout.splitlines()]
    assert [key for key in listed if key in SCORES] == list(SCORES)


@pytest.mark.parametrize("names", [("missing.ark", "scores.ark"), ("scores.ark", "missing.ark")])
def test_a_missing_table_is_named(folder: Path, names: tuple[str, str]) -> None:
    outcome = run("compare", *names, "--report", "report.json")
    assert outcome.code == 3
    assert outcome.error.startswith("missing.ark: no such file")
    assert names_in(folder) == ["scores.ark"]


def test_the_json_report_to_standard_output(folder: Path) -> None:
    outcome = run_process("compare", folder / "scores.ark", folder / "scores.ark", "--report", "-")
    assert json.loads(outcome.stdout)["verdict"] == "ok"
    assert "verdict: ok" in outcome.stderr


def test_a_page_without_its_library_is_one_line_and_exit_code_3(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = run("compare", "a.ark", "b.ark", "--report", "r.html")
    assert done.code == 3
    assert "pip install 'ov-asr-score[report]'" in done.error


def test_pictures_of_scores_without_a_page_are_wrong_use(folder: Path) -> None:
    done = run("compare", "a.ark", "b.ark", "--report-scores")
    assert done.code == 2
    assert done.error == "--report-scores: expected a page (--report FILE.html), found no file"
