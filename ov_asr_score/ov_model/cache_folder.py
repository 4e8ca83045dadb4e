"""The folder of kept conversions: where it is, what it holds, and how it stays within its size limit.

An entry is a folder named by a key; the modification time of its checksum file is the time of its last use. Processes
share the folder without a lock: an entry is renamed before it is removed, so that others find it complete or not at
all. A process that has mapped its weights keeps them, and one that was about to open it converts the model again.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ov_asr_score.errors import UsageError
from ov_asr_score.sizes import parse_size
from ov_asr_score.user_cache import FOLDER_VARIABLE, user_cache

LIMIT_VARIABLE = "OV_ASR_SCORE_CACHE_LIMIT"
DEFAULT_LIMIT = 4 << 30
"""In bytes; enough for dozens of models of the usual size."""

CHECKSUMS = "checksums.json"
UNFINISHED = ".unfinished-"
"""Prefix of folders that are being written or removed."""

_KEY = re.compile(r"[0-9a-f]{32}")
_ABANDONED_SECONDS = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class CacheContents:
    """What a cache folder holds: number of models, their size in bytes, and the time of the oldest last use.

    ``oldest_use`` is in seconds since the epoch; None without models.
    """

    folder: Path
    models: int
    size: int
    oldest_use: float | None = None


@dataclass(frozen=True, slots=True)
class _CachedModel:
    path: Path
    size: int
    last_use: float


def default_cache_folder() -> Path | None:
    """The folder in the environment variable OV_ASR_SCORE_CACHE, else the user's own cache; None without a home."""
    folder = user_cache()
    return folder if folder is None or os.environ.get(FOLDER_VARIABLE) else folder / "converted"


def cache_folder(cache_dir: str = "") -> Path | None:
    """The folder for conversions: inside of ``cache_dir`` if it is named, else the default."""
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
    """What was removed, least recently used first, so that at most ``limit`` bytes are left.

    Leftovers of runs that were interrupted more than a day ago are removed too. Models that cannot be removed stay.
    """
    entries = sorted(_entries(folder), key=lambda entry: (entry.last_use, entry.path.name))
    size = sum(entry.size for entry in entries)
    removed: list[_CachedModel] = []
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
    """What was removed: the converted models in ``folder`` and leftovers of interrupted runs; other files stay."""
    entries = [entry for entry in _entries(folder) if remove_entry(entry.path)]
    for path in _listed(folder):
        if path.name.startswith(UNFINISHED):
            shutil.rmtree(path, ignore_errors=True)
    return CacheContents(folder, len(entries), sum(entry.size for entry in entries))


def mark_used(entry: Path) -> None:
    """Mark an entry as used now; without effect in a read-only folder, or if the entry was just removed."""
    with suppress(OSError):
        os.utime(entry / CHECKSUMS)


def remove_entry(entry: Path) -> bool:
    """Remove an entry; True if it is gone, by this or by another process. Nobody sees it half removed."""
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
    """Total size in bytes of the files in a folder; those that vanish meanwhile are left out."""
    size = 0
    for path in _listed(folder):
        with suppress(OSError):
            size += path.stat().st_size
    return size


def _entries(folder: Path) -> list[_CachedModel]:
    return [
        _CachedModel(path, folder_size(path), _last_use(path)) for path in _listed(folder) if _KEY.fullmatch(path.name)
    ]


def _last_use(entry: Path) -> float:
    """Time of the last use; 0 for a damaged entry, which is therefore removed first."""
    try:
        return (entry / CHECKSUMS).stat().st_mtime
    except OSError:
        return 0.0


def _listed(folder: Path) -> Iterator[Path]:
    with suppress(OSError):
        yield from list(folder.iterdir())
