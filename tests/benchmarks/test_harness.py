"""A run of the harness on tiny models, and its command line."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import harness
from benchmarks.contestants import bound
from benchmarks.contestants.bound import Shape
from benchmarks.contestants.processes import CommandFailed, OldWay, run_command
from benchmarks.measuring.contest import Settings
from benchmarks.measuring.small_jobs import memory
from benchmarks.measuring.turns import Target
from benchmarks.models.networks import make_dnn, make_tdnnf
from benchmarks.models.subjects import ROOT, Subject, shipped_subjects
from benchmarks.reports.table import markdown

TARGETS = (Target("score", "bound", 1e9), Target("score", "old 1", 1e-9), Target("bound FLOP/s", "peak"))


@pytest.fixture(autouse=True)
def only_what_is_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither Kaldi nor an older runtime, whatever the machine has; few shapes to search."""
    for variable in ("KALDI_ROOT", "OV_2023_PYTHON"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(bound, "shapes_to_try", lambda subject, cores, full: [Shape(1, 30, 1), Shape(1, 60, 1)])


@pytest.mark.slow
def test_run_harness(tmp_path: Path) -> None:
    dnn, tdnnf = tmp_path / "dnn.raw", tmp_path / "tdnnf.raw"
    make_dnn(dnn, inputs=12, hidden=16, layers=2, outputs=5)
    make_tdnnf(tdnnf, dim=16, bottleneck=8, outputs=6, strides=(1, 0, 3))
    subjects = [
        Subject("dnn", dnn, 12, 5, rows=True, program="", targets=TARGETS),
        Subject("tdnnf", tdnnf, 40, 6, factor=3, ivector=100, targets=TARGETS),
    ]
    settings = Settings(tmp_path, 1, 0.01, 0.05, 0.01, full=False, most_frames=3000)
    told: list[str] = []
    results = harness.run_harness(subjects, settings, told.append)
    first, second = results.subjects
    assert {"old 1", "old 8", "score", "bound", "peak", "bound FLOP/s", "score, started"} <= set(first.figures)
    assert {"old 1", "old 8", "score", "bound", "score, started"} <= set(second.figures)
    assert "peak" not in second.figures
    assert all(value > 0 for subject in results.subjects for values in subject.figures.values() for value in values)
    assert [ratio.reached for ratio in first.ratios] == [False, True, None]
    assert second.notes["old 1"].startswith("3 frames per request")
    assert second.notes["old 8"].startswith("9 frames per request")
    assert first.start_seconds["score"].median > 0
    assert any("search in f32" in text for text in told)
    assert "**tdnnf**" in markdown(results)
    assert not list(tmp_path.glob("scores-*"))


@pytest.mark.slow
def test_memory_of_a_command(tmp_path: Path) -> None:
    _, digits = shipped_subjects()
    found = memory(tmp_path, digits, (1_000_000, 3_000_000))
    assert all(30_000_000 < peak < 2_000_000_000 for peak in found.peaks)
    assert found.growth == found.peaks[1] - found.peaks[0]


def test_memory_of_a_failing_command(tmp_path: Path) -> None:
    _, digits = shipped_subjects()
    with pytest.raises(CommandFailed, match=r"score from standard input: .*absent\.xml"):
        memory(tmp_path, dataclasses.replace(digits, path=tmp_path / "absent.xml"), (1000, 2000))


def test_peak_memory_excludes_parent(tmp_path: Path) -> None:
    filled = bytearray(400_000_000)  # this process is large, the command is not
    words = [sys.executable, str(ROOT / "benchmarks" / "measuring" / "peak_memory.py")]
    source, command = ([sys.executable, "-c", text] for text in ("print('x' * 10)", "import sys; sys.stdin.read()"))
    done = subprocess.run([*words, json.dumps(source), json.dumps(command)], capture_output=True, text=True, check=True)
    answer = json.loads(done.stdout)
    assert answer["exit_code"] == 0
    assert 1_000_000 < answer["bytes"] < len(filled) // 4


def test_old_way_without_model(tmp_path: Path) -> None:
    with (
        pytest.raises(CommandFailed, match="old 1: ended by itself, exit code 1"),
        OldWay("old 1", sys.executable, tmp_path / "absent.xml", "f32", 0.01),
    ):
        pytest.fail("it cannot have started")


def test_failing_command_shows_its_error() -> None:
    with pytest.raises(CommandFailed, match=r"exit code 3: .*nowhere\.ark"):
        run_command([sys.executable, "-m", "ov_asr_score", "copy-table", "ark:nowhere.ark", "ark:-"], {"PATH": ""})


def test_unknown_models_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "dnn.raw").touch()
    (tmp_path / "tdnnf.raw").touch()
    (tmp_path / "lstmp.raw").touch()
    assert harness.main(["--folder", str(tmp_path), "--only", "rnn"]) == 2
    assert capsys.readouterr().err.startswith("--only rnn: expected one of dnn, tdnnf, lstmp,")
