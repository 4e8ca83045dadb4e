"""The folder of kept conversions: where it is, what it holds, and how it stays within its size limit.

An entry is a folder named by a key, and the time of its checksum file is that of its last use. Several processes share
the folder without a lock: an entry is removed by giving it another name first, so that others find it whole or not at
all. Whoever has its weights mapped keeps them, and whoever was about to open it converts the model again.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.errors import UsageError
from ov_asr_score.sizes import parse_size

FOLDER_VARIABLE = "OV_ASR_SCORE_CACHE"
LIMIT_VARIABLE = "OV_ASR_SCORE_CACHE_LIMIT"
DEFAULT_LIMIT = 4 << 30
"""Bytes; dozens of models of the usual size."""

CHECKSUMS = "checksums.json"
UNFINISHED = ".unfinished-"
"""Beginning of the names of folders that are being written or removed."""

_KEY = re.compile(r"[0-9a-f]{32}")
_ABANDONED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CacheContents:
    """What a cache folder holds: ``size`` in bytes, and when (seconds since the epoch) the oldest use of a model was.

    ``oldest_use`` is None without models.
    """

    folder: Path
    models: int
    size: int
    oldest_use: float | None = None


@dataclass(frozen=True, slots=True)
class _Entry:
    path: Path
    size: int
    last_use: float


def default_cache_folder() -> Path | None:
    """The user's own cache folder, or what the environment variable OV_ASR_SCORE_CACHE says; None without a home."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "ov-asr-score" / "converted"


def cache_folder(cache_dir: str = "") -> Path | None:
    """The folder for conversions below ``cache_dir``, which the user named for all that is kept; else the default."""
    return Path(cache_dir) / "converted" if cache_dir else default_cache_folder()


def cache_limit() -> int:
    """Bytes that kept conversions may take, from OV_ASR_SCORE_CACHE_LIMIT (``500M``, ``10G``); 0: keep no new ones.

    Raises UsageError for a text that is not a size.
    """
    text = os.environ.get(LIMIT_VARIABLE, "")
    if not text:
        return DEFAULT_LIMIT
    limit = parse_size(text)
    if limit is None:
        raise UsageError(f"{LIMIT_VARIABLE}='{text[:20]}': expected a size, as in 500M or 4G, or 0 to keep nothing")
    return limit


def cache_contents(folder: Path) -> CacheContents:
    """Number, size and oldest use of the models in a cache folder; none where there is no such folder."""
    entries = _entries(folder)
    oldest_use = min((entry.last_use for entry in entries), default=None)
    return CacheContents(folder, len(entries), sum(entry.size for entry in entries), oldest_use)


def trim_cache(folder: Path, limit: int) -> CacheContents:
    """The models that were removed, least recently used first, so that at most ``limit`` bytes are left.

    What interrupted runs left a day ago or earlier is removed as well. Models that cannot be removed stay.
    """
    entries = sorted(_entries(folder), key=lambda entry: (entry.last_use, entry.path.name))
    size = sum(entry.size for entry in entries)
    removed: list[_Entry] = []
    for entry in entries:
        if size <= limit:
            break
        if remove_entry(entry.path):
            size -= entry.size
            removed.append(entry)
    for path in _listed(folder):
        with suppress(OSError):
            if path.name.startswith(UNFINISHED) and time.time() - path.stat().st_mtime > _ABANDONED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
    return CacheContents(folder, len(removed), sum(entry.size for entry in removed))


def clear_cache(folder: Path) -> CacheContents:
    """What was removed: the converted models in ``folder``, and what interrupted runs left; nothing else there."""
    entries = [entry for entry in _entries(folder) if remove_entry(entry.path)]
    for path in _listed(folder):
        if path.name.startswith(UNFINISHED):
            shutil.rmtree(path, ignore_errors=True)
    return CacheContents(folder, len(entries), sum(entry.size for entry in entries))


def mark_used(entry: Path) -> None:
    """Note that an entry is used now; in vain where the user may not write, or it was removed at this moment."""
    with suppress(OSError):
        os.utime(entry / CHECKSUMS)


def remove_entry(entry: Path) -> bool:
    """Whether the entry is gone, removed here or by another process at the same time; it is never seen half removed."""
    hidden = entry.with_name(f"{UNFINISHED}{secrets.token_hex(8)}")
    try:
        entry.rename(hidden)
    except FileNotFoundError:
        return True
    except OSError:
        return False
    shutil.rmtree(hidden, ignore_errors=True)
    return True


def folder_size(folder: Path) -> int:
    """Bytes of the files in a folder, without those that vanish meanwhile."""
    size = 0
    for path in _listed(folder):
        with suppress(OSError):
            size += path.stat().st_size
    return size


def _entries(folder: Path) -> list[_Entry]:
    return [_Entry(path, folder_size(path), _last_use(path)) for path in _listed(folder) if _KEY.fullmatch(path.name)]


def _last_use(entry: Path) -> float:
    """Time of the last use; the beginning of time for an entry that is damaged, which therefore goes first."""
    try:
        return (entry / CHECKSUMS).stat().st_mtime
    except OSError:
        return 0.0


def _listed(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from list(folder.iterdir())
