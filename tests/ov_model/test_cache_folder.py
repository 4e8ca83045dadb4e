"""The folder of kept conversions, and its limit."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.cache_folder import (
    CHECKSUMS,
    DEFAULT_LIMIT,
    LIMIT_VARIABLE,
    UNFINISHED,
    CacheContents,
    cache_contents,
    cache_folder,
    cache_limit,
    clear_cache,
    default_cache_folder,
    mark_used,
    remove_entry,
    trim_cache,
)

ROOT = Path(__file__).parents[2]
ENTRY_BYTES = 1000
LONG_AGO = 1_000_000.0


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "converted"


def entry(cache: Path, number: int, last_use: float, size: int = ENTRY_BYTES) -> Path:
    """An entry of ``size`` bytes; what its files hold is of no importance to the folder."""
    path = cache / f"{number:032x}"
    path.mkdir(parents=True)
    (path / CHECKSUMS).write_bytes(b"{}")
    (path / "model.bin").write_bytes(bytes(size - 2))
    os.utime(path / CHECKSUMS, (last_use, last_use))
    return path


def numbers(cache: Path) -> list[int]:
    return sorted(int(path.name, 16) for path in cache.iterdir())


def test_the_least_recently_used_are_removed_first(cache: Path) -> None:
    for number, age in ((1, 20), (2, 50), (3, 10), (4, 40)):
        entry(cache, number, time.time() - age)
    assert trim_cache(cache, 4 * ENTRY_BYTES).models == 0
    removed = trim_cache(cache, 3 * ENTRY_BYTES)
    assert (removed.models, removed.size) == (1, ENTRY_BYTES)
    assert numbers(cache) == [1, 3, 4]
    mark_used(cache / f"{4:032x}")
    assert trim_cache(cache, 2 * ENTRY_BYTES - 1).models == 2
    assert numbers(cache) == [4]
    assert trim_cache(cache, 0).models == 1
    assert numbers(cache) == []
    assert trim_cache(cache / "nowhere", 0).models == 0


def test_a_damaged_entry_goes_first(cache: Path) -> None:
    entry(cache, 1, LONG_AGO)
    (entry(cache, 2, time.time()) / CHECKSUMS).unlink()
    assert trim_cache(cache, ENTRY_BYTES).models == 1
    assert numbers(cache) == [1]


def test_what_interrupted_runs_left_is_removed_when_it_is_old(cache: Path) -> None:
    for age_days in (0, 2):
        left = cache / f"{UNFINISHED}{age_days}"
        left.mkdir(parents=True)
        os.utime(left, (time.time() - age_days * 86400,) * 2)
    trim_cache(cache, DEFAULT_LIMIT)
    assert [path.name for path in cache.iterdir()] == [f"{UNFINISHED}0"]


def test_contents(cache: Path) -> None:
    assert cache_contents(cache) == CacheContents(cache, 0, 0, None)
    entry(cache, 1, LONG_AGO + 5)
    entry(cache, 2, LONG_AGO, size=10)
    contents = cache_contents(cache)
    assert (contents.models, contents.size, contents.oldest_use) == (2, ENTRY_BYTES + 10, LONG_AGO)


def test_an_entry_that_another_process_has_removed_counts_as_removed(cache: Path) -> None:
    path = entry(cache, 1, LONG_AGO)
    assert remove_entry(path)
    assert remove_entry(path)
    assert list(cache.iterdir()) == []
    mark_used(path)
    assert not path.exists()


def test_an_entry_that_cannot_be_removed_stays(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, target: Path) -> Path:
        raise PermissionError(path, target)

    entry(cache, 1, LONG_AGO)
    monkeypatch.setattr(Path, "rename", refuse)
    assert trim_cache(cache, 0).models == 0
    assert clear_cache(cache).models == 0
    assert numbers(cache) == [1]


def test_processes_that_trim_at_the_same_time_remove_no_more_than_one_would(cache: Path) -> None:
    for number in range(60):
        entry(cache, number, LONG_AGO + number)
    program = (
        "import sys; from pathlib import Path; from ov_asr_score.ov_model.cache_folder import trim_cache\n"
        "sys.stdin.readline()\n"
        "trim_cache(Path(sys.argv[1]), int(sys.argv[2]))\n"
    )
    command = [sys.executable, "-c", program, str(cache), str(30 * ENTRY_BYTES)]
    runs = [
        subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for run in runs:
        assert run.stdin is not None
        run.stdin.write("\n")
        run.stdin.flush()
    for run in runs:
        _, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors
    assert numbers(cache) == list(range(30, 60))


def test_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(LIMIT_VARIABLE, raising=False)
    assert cache_limit() == DEFAULT_LIMIT == 4 << 30
    for text, limit in (("", DEFAULT_LIMIT), ("0", 0), ("500M", 500 << 20), ("1.5 GiB", 3 << 29), ("12345", 12345)):
        monkeypatch.setenv(LIMIT_VARIABLE, text)
        assert cache_limit() == limit
    monkeypatch.setenv(LIMIT_VARIABLE, "plenty")
    with pytest.raises(UsageError, match=r"^OV_ASR_SCORE_CACHE_LIMIT='plenty': expected a size, as in 500M or 4G"):
        cache_limit()


def test_clearing_takes_conversions_alone(cache: Path) -> None:
    entry(cache, 1, LONG_AGO)
    entry(cache, 2, LONG_AGO)
    (cache / f"{UNFINISHED}abc").mkdir()
    (cache / "mine.txt").write_text("stays")
    (cache / "a folder").mkdir()
    cleared = clear_cache(cache)
    assert (cleared.models, cleared.size) == (2, 2 * ENTRY_BYTES)
    assert sorted(path.name for path in cache.iterdir()) == ["a folder", "mine.txt"]
    assert clear_cache(cache).models == 0
    assert cache_contents(cache / "nowhere").models == clear_cache(cache / "nowhere").size == 0


def test_where_conversions_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OV_ASR_SCORE_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/somewhere")
    monkeypatch.setattr(sys, "platform", "linux")
    assert default_cache_folder() == Path("/somewhere/ov-asr-score/converted")
    assert cache_folder() == default_cache_folder()
    assert cache_folder("mine") == Path("mine/converted")
    monkeypatch.setenv("OV_ASR_SCORE_CACHE", "/elsewhere")
    assert default_cache_folder() == Path("/elsewhere")
    monkeypatch.delenv("OV_ASR_SCORE_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(Path, "home", lambda: Path("/home/me"))
    assert default_cache_folder() == Path("/home/me/.cache/ov-asr-score/converted")

    def homeless() -> Path:
        raise RuntimeError("no home")

    monkeypatch.setattr(Path, "home", homeless)
    assert default_cache_folder() is None
