"""Copies of a network in the formats of other programs."""

from __future__ import annotations

import stat
from pathlib import Path

import numpy as np
import pytest

from benchmarks.contestants.kaldi_programs import find_program, kaldi, run_side_by_side, write_nnet1
from benchmarks.contestants.onnx_copy import write_onnx
from benchmarks.contestants.processes import CommandFailed
from benchmarks.models.networks import make_dnn
from benchmarks.models.subjects import KALDI, Subject
from ov_asr_score import score

FRAMES = np.random.default_rng(8).standard_normal((9, 12)).astype(np.float32)


@pytest.fixture
def small_dnn(tmp_path: Path) -> Subject:
    path = tmp_path / "dnn.raw"
    make_dnn(path, inputs=12, hidden=16, layers=2, outputs=5)
    return Subject("dnn", path, 12, 5, rows=True, program="nnet-forward")


def scores_of(model: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    (found,) = score(model, arrays=[("utt", FRAMES)])
    return next(iter(found.scores.values()))


@pytest.mark.parametrize("form", ["nnet1", "onnx"])
def test_copies_have_equal_scores(small_dnn: Subject, tmp_path: Path, form: str) -> None:
    copy = tmp_path / f"copy.{form}"
    (write_nnet1 if form == "nnet1" else write_onnx)(copy, small_dnn)
    expected = scores_of(small_dnn.path)
    assert expected.shape == (9, 5)
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(scores_of(copy), expected, atol=1e-6)


def install(folder: Path, name: str, script: str) -> None:
    folder.mkdir(parents=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)


def test_find_program_under_kaldi_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.delenv("KALDI_ROOT", raising=False)
    assert find_program("nnet-forward") is None
    assert find_program("") is None
    install(tmp_path / "src" / "nnetbin", "nnet-forward", "exit 0")
    monkeypatch.setenv("KALDI_ROOT", str(tmp_path))
    assert find_program("nnet-forward") == str(tmp_path / "src" / "nnetbin" / "nnet-forward")


def test_kaldi_runs_one_process_per_core(small_dnn: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # stands in for Kaldi's program: notes its command line, and copies features to where scores are to go
    script = f'echo "$@ $OPENBLAS_NUM_THREADS" >> {tmp_path}/calls; cp "${{2#ark:}}" "${{3#ark:}}"'
    install(tmp_path / "src" / "nnetbin", "nnet-forward", script)
    monkeypatch.setenv("KALDI_ROOT", str(tmp_path))
    contestant = kaldi(small_dnn, tmp_path, 5000, 2)
    assert contestant is not None
    assert contestant.name == KALDI
    frames, seconds = contestant.run()
    assert frames == 5000
    assert seconds > 0
    calls = (tmp_path / "calls").read_text(encoding="utf-8").splitlines()
    assert len(calls) == 2
    assert all(call.startswith(f"{tmp_path}/dnn.nnet1 ark:") and call.endswith(" 1") for call in calls)
    assert not list(tmp_path.glob("kaldi-scores*"))


def test_kaldi_is_optional(small_dnn: Subject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("KALDI_ROOT", raising=False)
    assert kaldi(small_dnn, tmp_path, 5000, 2) is None


def test_failing_program_is_named(tmp_path: Path) -> None:
    install(tmp_path / "bin", "program", "echo no such model >&2; exit 4")
    with pytest.raises(CommandFailed, match=r"bin/program: exit code 4: no such model"):
        run_side_by_side([[str(tmp_path / "bin" / "program")]])
