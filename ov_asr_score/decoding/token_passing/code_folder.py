"""Where compiled code is kept between runs, and whether there is any yet; without numba.

numba looks at the file of a function to see whether what it kept is still right, not at the files of the functions
that are called. So compiled code is kept in a folder that is named for all sources of this room.
"""

from __future__ import annotations

import glob
import hashlib
import os
import shutil
import stat
import tempfile
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from ov_asr_score.decoding.token_passing.first_use import tell
from ov_asr_score.user_cache import user_cache

_LAST = "advance_search"  # of the functions of a search it is compiled last
_UNUSED_SECONDS = 30 * 24 * 3600.0

_asked: list[bool] = []


@cache
def code_folder() -> str | None:
    """The folder for compiled code; None without any."""
    found = compiled_folder()
    return None if found is None else str(found)


def is_first_use() -> bool:
    """Whether the search is about to be compiled, which is told, once in a process."""
    if _asked:
        return False
    _asked.append(True)
    folder = code_folder()
    is_due = folder is None or not any(Path(folder).rglob(f"*{_LAST}*.nbi"))
    if is_due:
        tell(is_kept=folder is not None)
    return is_due


def sources_digest(folder: Path) -> str:
    """A name for what the modules in ``folder`` say."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def compiled_folder() -> Path | None:
    """The folder for compiled code, made if need be: in the user's cache, else a temporary one; None without any.

    The environment variable NUMBA_CACHE_DIR may name another folder than the user's cache.

    Compiled code is run, so a temporary folder counts only if nobody else can write to it. It begins with what a cache
    has that can be read only, as that of a container: numba takes no folder that it cannot write to.
    """
    name = f"compiled-{sources_digest(Path(__file__).parent)}"
    named = os.environ.get("NUMBA_CACHE_DIR")
    user = Path(named) if named else user_cache()
    owner = os.getuid() if hasattr(os, "getuid") else 0
    kept = None if user is None else user / name
    temporary = Path(tempfile.gettempdir()) / f"ov-asr-score-{owner}" / name
    found = None
    if kept is not None and is_writable(kept):
        found = kept
    elif is_writable(temporary) and is_private(temporary) and is_private(temporary.parent):
        found = temporary
        if kept is not None:
            copy_functions(kept, temporary)
    if found is not None:
        remove_unused(found.parent)
    return found


def copy_functions(source: Path, target: Path) -> None:
    """Copy the functions that the other folder has none of, each with its index last."""
    with suppress(OSError):
        for index in sorted(source.rglob("*.nbi")):
            folder = target / index.parent.relative_to(source)
            if (folder / index.name).exists():
                continue
            folder.mkdir(parents=True, exist_ok=True)
            for path in (*index.parent.glob(f"{glob.escape(index.stem)}.*.nbc"), index):
                shutil.copy2(path, folder)


def is_writable(folder: Path) -> bool:
    """Whether files can be made in a folder, which is made, too, and marked as used."""
    try:
        for each in (folder.parent, folder):
            each.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.TemporaryFile(dir=folder):
            pass
        os.utime(folder)
    except OSError:
        return False
    return True


def is_private(folder: Path) -> bool:
    """Whether a folder, no link to one, is of this user, and others cannot write to it."""
    if not hasattr(os, "getuid"):  # temporary folders are those of a user
        return True
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & 0o022


def remove_unused(folder: Path) -> None:
    """Remove compiled code of other sources in ``folder`` that was not used for a month."""
    for path in folder.glob("compiled-*"):
        with suppress(OSError):
            if time.time() - path.stat().st_mtime > _UNUSED_SECONDS:
                shutil.rmtree(path, ignore_errors=True)
