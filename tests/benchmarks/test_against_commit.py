from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from benchmarks import against_commit
from benchmarks.against_commit import STARTS_IN_A_TURN, TARGET, examples, main, repeat
from benchmarks.measuring.turns import Target, ratios
from benchmarks.models.subjects import ROOT
from ov_asr_score.kaldi_io import read_table

README = """# A tool

```bash
ov-asr-score copy-table data/lstm_mem/features.ark out/features.ark
ov-asr-score bench models/dnn_digits.xml
```

```sh
make demo
```
"""


def test_examples_are_the_bash_blocks_without_benchmarks() -> None:
    assert examples(README) == ["ov-asr-score copy-table data/lstm_mem/features.ark out/features.ark\n"]
    assert len(examples((ROOT / "README.md").read_text(encoding="utf-8"))) == 15


def test_repeated_archive(tmp_path: Path) -> None:
    source = ROOT / "data" / "two_inputs" / "features.ark"
    once = list(read_table(f"ark:{source}"))
    archive, frames = repeat(source, tmp_path / "r.ark", 3)
    utterances = list(read_table(f"ark:{archive}"))
    assert len({key for key, _ in utterances}) == 3 * len(once)
    assert frames == sum(len(matrix) for _, matrix in utterances) == 3 * sum(len(matrix) for _, matrix in once)
    assert utterances[-1][1].tobytes() == once[-1][1].tobytes()


def test_ratio_that_is_too_low() -> None:
    assert not ratios({"old": [100.0, 100.0], "new": [97.0, 97.0]}, [TARGET])[0].reached
    assert ratios({"old": [100.0, 100.0], "new": [99.0, 99.0]}, [TARGET])[0].reached


def in_a_repository() -> bool:
    return subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not in_a_repository(), reason="needs the history")
def test_last_commit_beside_the_working_tree(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(against_commit, "examples", lambda readme: examples(README))
    monkeypatch.setattr(against_commit, "MODELS", {})
    monkeypatch.setattr(against_commit, "STARTS", {"python": ["-c", "pass"]})
    monkeypatch.setattr(against_commit, "TARGET", Target("new", "old", 0.01))
    assert main(["HEAD", "--turns", "1"]) == 0
    output = capsys.readouterr()
    assert "| features.ark | equal |" in output.out
    assert "| python    | " in output.out
    assert "turn 1 of 1: new" in output.err
    assert STARTS_IN_A_TURN > 1


def test_unknown_commit_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["no-such-commit", "--only", "bytes"]) == 3
    assert capsys.readouterr().err.startswith("error: git worktree add")
