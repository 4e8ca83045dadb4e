from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.kaldi_io.tables.size import estimate_utterances


def write(folder: Path, specifier: str, count: int) -> None:
    generator = np.random.default_rng(1)
    with TableWriter(specifier.format(folder)) as writer:
        for number in range(count):
            writer.write(f"utt{number:04}", np.zeros((int(generator.integers(80, 120)), 10), dtype=np.float32))


@pytest.mark.parametrize("count", [0, 1, 50])
def test_short_archives_are_counted(tmp_path: Path, count: int) -> None:
    write(tmp_path, "ark:{}/a.ark", count)
    assert estimate_utterances(f"ark:{tmp_path}/a.ark") == count


@pytest.mark.parametrize("form", ["ark", "ark,t"])
def test_long_archives_are_estimated(tmp_path: Path, form: str) -> None:
    write(tmp_path, form + ":{}/a.ark", 700)
    estimate = estimate_utterances(f"{tmp_path}/a.ark")
    assert estimate is not None
    assert abs(estimate - 700) < 35


def test_scripts_and_npz_are_exact(tmp_path: Path) -> None:
    write(tmp_path, "ark,scp:{0}/a.ark,{0}/a.scp", 70)
    write(tmp_path, "{}/a.npz", 70)
    assert estimate_utterances(f"scp:{tmp_path}/a.scp") == 70
    assert estimate_utterances(f"{tmp_path}/a.npz") == 70


def test_what_cannot_be_known_is_none(tmp_path: Path) -> None:
    (tmp_path / "bad.ark").write_bytes(b"utt1 \0BXX ")
    (tmp_path / "bad.npz").write_bytes(b"no zip")
    write(tmp_path, "ark:{}/a.ark.gz", 3)
    os.mkfifo(tmp_path / "fifo")
    for specifier in (
        f"{tmp_path}/fifo",
        f"{tmp_path}",
        "-",
        "ark:-",
        "cat x |",
        f"{tmp_path}/missing.ark",
        "ark,zz:x",
    ):
        assert estimate_utterances(specifier) is None
    for name in ("bad.ark", "bad.npz", "a.ark.gz"):
        assert estimate_utterances(f"{tmp_path}/{name}") is None
