"""The driver for damaged files: some of every kind are damaged without a fault, and faults are seen."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from tests.damage.__main__ import REFUSED, run
from tests.damage.changes import CHANGES, damaged
from tests.damage.subjects import Subject, subjects

pytestmark = pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="measures memory as Linux tells it")


def test_some_files_of_every_kind(tmp_path: Path) -> None:
    chosen = subjects(tmp_path)
    kinds = {each.kind for each in chosen}
    assert kinds >= {"nnet1", "nnet2", "nnet3", "onnx", "ir", "archive", "script", "npy", "npz", "blob", "egs"}
    outcomes = run(chosen, 3, range(3 * len(kinds)), tmp_path / "faults")
    assert {kind for kind, _, _ in outcomes} == kinds
    assert [line for _, verdict, line in outcomes if verdict not in ("read", REFUSED)] == []


@pytest.mark.parametrize("change", CHANGES)
def test_changes_change(change: Callable[[bytes, random.Random], bytes]) -> None:
    data = b"utt \0BFM \4" + bytes(range(100)) + b" 1 2 3 ]\n"
    assert any(change(data, random.Random(seed)) != data for seed in range(5))


def test_damage_is_the_same_for_the_same_seed() -> None:
    assert damaged(b"a 1 2 3\n", random.Random(5)) == damaged(b"a 1 2 3\n", random.Random(5))


def fails(path: Path) -> None:
    raise KeyError(path.name)


def breaks_lines(path: Path) -> None:
    raise TableFormatError("two\nlines")


def crashes(path: Path) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def makes_noise(path: Path) -> None:
    os.write(2, b"noise")


def takes_memory(path: Path) -> None:
    bytearray(600 << 20)


@pytest.mark.parametrize(
    ("read", "verdict"),
    [
        *((fails, "other exception"), (breaks_lines, "several lines"), (crashes, "crash"), (makes_noise, "noise")),
        (takes_memory, "memory"),
    ],
)
def test_faults_are_seen_and_kept(tmp_path: Path, read: Callable[[Path], None], verdict: str) -> None:
    folder = tmp_path / "subject"
    folder.mkdir()
    (folder / "x").write_bytes(b"something to damage")
    outcomes = run([Subject("any", folder, "x", read)], 1, range(2), tmp_path / "faults")
    assert [(kind, found) for kind, found, _ in outcomes] == [("any", verdict)] * 2
    assert sorted(path.name for path in (tmp_path / "faults").iterdir()) == ["0", "1"]
