"""Large files: their bytes, whichever way they went to the disk."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError
from ov_asr_score.kaldi_io import TableWriter, read_table
from ov_asr_score.kaldi_io.files import large_output as large_file
from ov_asr_score.kaldi_io.files.large_output import LargeFile

TRIAL, STAGE = 10_000, 8192


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_file, "_STAGE_BYTES", STAGE)


def pieces(seed: int, total: int) -> list[bytes]:
    random = np.random.default_rng(seed)
    found: list[bytes] = []
    while sum(map(len, found)) < total:
        found.append(random.bytes(int(random.choice([1, 7, 4096, 5000, 30_000]))))
    return found


def written(path: Path, parts: list[bytes], trial: int = TRIAL) -> LargeFile:
    with path.open("wb", buffering=4096) as raw:
        file = LargeFile(raw, trial)
        for number, part in enumerate(parts):
            assert file.tell() == sum(map(len, parts[:number]))
            assert file.write(memoryview(part)) == len(part)
        file.flush()
        file.close()
    return file


@pytest.mark.parametrize("faster", [True, False])
@pytest.mark.parametrize("seed", range(6))
def test_the_bytes_are_those_that_were_written(
    seed: int, faster: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LargeFile, "_is_faster", lambda self: faster)
    parts = pieces(seed, 300_000)
    written(tmp_path / "file", parts)
    assert (tmp_path / "file").read_bytes() == b"".join(parts)


def test_a_small_file_goes_through_the_page_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: LargeFile, wanted: bool) -> bool:
        raise AssertionError(wanted)

    monkeypatch.setattr(LargeFile, "_set_direct", refused)
    written(tmp_path / "file", [b"x" * TRIAL])
    assert (tmp_path / "file").read_bytes() == b"x" * TRIAL


@pytest.mark.parametrize("code", [errno.EINVAL, errno.ENOSPC])
def test_what_the_system_refuses(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int, data: Any) -> int:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(LargeFile, "_set_direct", lambda self, wanted: True)
    monkeypatch.setattr(os, "write", fail)
    parts = pieces(1, 100_000)
    if code == errno.EINVAL:  # a file system without direct transfers
        written(tmp_path / "file", parts)
        assert (tmp_path / "file").read_bytes() == b"".join(parts)
    else:
        with pytest.raises(OSError, match="No space left"):
            written(tmp_path / "file", parts)


def test_half_a_transfer_is_completed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.write
    monkeypatch.setattr(LargeFile, "_set_direct", lambda self, wanted: True)
    monkeypatch.setattr(os, "write", lambda descriptor, data: whole(descriptor, data[:4096]))
    parts = pieces(2, 100_000)
    written(tmp_path / "file", parts)
    assert (tmp_path / "file").read_bytes() == b"".join(parts)


def test_a_place_further_up_is_overwritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LargeFile, "_is_faster", lambda self: True)
    with (tmp_path / "file").open("wb", buffering=4096) as raw:
        file = LargeFile(raw, TRIAL)
        file.write(b"a" * 50_001)
        assert file.seek(5) == 5
        file.write(b"bb")
        assert file.seek(50_001) == 50_001
        file.write(b"c" * 20_000)
        file.flush()
    assert (tmp_path / "file").read_bytes() == b"a" * 5 + b"bb" + b"a" * 49_994 + b"c" * 20_000


@pytest.mark.parametrize("kind", ["ark", "npz"])
def test_large_tables(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(LargeFile, "_is_faster", lambda self: True)
    monkeypatch.setattr(LargeFile.__init__, "__defaults__", (TRIAL,))
    random = np.random.default_rng(3)
    scores = {f"utt{number}": random.standard_normal((50, 7 * number)).astype(np.float32) for number in range(1, 30)}
    script = f",{tmp_path / 'scores.scp'}" if kind == "ark" else ""
    with TableWriter(f"{kind}{',scp' if script else ''}:{tmp_path / 'scores'}{script}") as writer:
        for key, matrix in scores.items():
            writer.write(key, matrix)
    for specifier in (f"{kind}:{tmp_path / 'scores'}", *([f"scp:{tmp_path / 'scores.scp'}"] if script else [])):
        found = dict(read_table(specifier))
        assert found.keys() == scores.keys()
        assert all(np.array_equal(found[key], scores[key]) for key in scores)


def test_a_full_disk_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(descriptor: int, data: Any) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(LargeFile, "_set_direct", lambda self, wanted: True)
    monkeypatch.setattr(LargeFile.__init__, "__defaults__", (TRIAL,))
    monkeypatch.setattr(os, "write", fail)
    with pytest.raises(FileAccessError, match="no space left"), TableWriter(f"ark:{tmp_path / 'scores.ark'}") as writer:
        for number in range(10):
            writer.write(f"utt{number}", np.zeros((100, 100), np.float32))
    assert list(tmp_path.iterdir()) == []
