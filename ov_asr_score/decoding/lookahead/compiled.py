"""How functions of this room are compiled: by numba, without the lock of the interpreter, and kept between runs.

Only modules of compiled functions import this one, and they are imported late: the package numba is an extra.

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
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from ov_asr_score.decoding.lookahead.first_use import tell
from ov_asr_score.errors import MissingExtraError
from ov_asr_score.user_cache import user_cache

try:
    import numba
except ImportError as error:
    raise MissingExtraError(
        f'the search is compiled by numba, which cannot be imported ({error}); pip install "ov-asr-score[decode]"'
    ) from error

try:
    from numba.core.cpu import CPUTargetOptions

    # The option is not a public one: if numba has it no more, functions do the same, in many times the time.
    _NOT_COUNTING: dict[str, bool] = {"_nrt": False} if hasattr(CPUTargetOptions, "_nrt") else {}
except ImportError:
    _NOT_COUNTING = {}

_LAST = "advance_search"  # of the functions of a search it is compiled last
_UNUSED_SECONDS = 30 * 24 * 3600.0

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

_numba: Any = numba  # its types do not know all options
_FAST = {"nnan", "nsz", "arcp", "contract", "afn", "reassoc"}  # not "ninf": costs may be infinite
_COMMON = {"nogil": True, "boundscheck": False, "error_model": "numpy", "fastmath": _FAST}


def sources_digest(folder: Path) -> str:
    """A name for what the modules in ``folder`` say."""
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def compiled_folder() -> Path | None:
    """The folder for compiled code, made if need be: in the user's cache, else a temporary one; None without any.

    Compiled code is run, so a temporary folder counts only if nobody else can write to it. It begins with what a cache
    has that can be read only, as that of a container: numba takes no folder that it cannot write to.
    """
    name = f"compiled-{sources_digest(Path(__file__).parent)}"
    user = user_cache()
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


_asked: list[bool] = []
_NAMED = os.environ.get("NUMBA_CACHE_DIR")
_FOLDER = None if _NAMED else compiled_folder()


def is_first_use() -> bool:
    """Whether the search is about to be compiled, which is told, once in a process."""
    if _asked:
        return False
    _asked.append(True)
    folder = _NAMED or _FOLDER
    is_due = folder is None or not any(Path(folder).rglob(f"*{_LAST}*.nbi"))
    if is_due:
        tell(is_kept=folder is not None)
    return is_due


def _compile(function: Compiled, **options: Any) -> Compiled:
    """Returns the function that numba compiles when it is called first."""
    if not _NAMED and _FOLDER is None:
        made: Compiled = _numba.njit(**_COMMON, **options)(function)
        return made
    before = _numba.config.CACHE_DIR
    _numba.config.CACHE_DIR = _NAMED or str(_FOLDER)
    try:
        made = _numba.njit(cache=True, **_COMMON, **options)(function)
    finally:
        _numba.config.CACHE_DIR = before
    return made


def kernel(function: Compiled) -> Compiled:
    """A compiled function that makes no arrays: numba does not count references in it, which takes most of the time."""
    return _compile(function, **_NOT_COUNTING)


def inlined(function: Compiled) -> Compiled:
    """The same, copied into the functions that call it."""
    return _compile(function, forceinline=True, **_NOT_COUNTING)


def allocating(function: Compiled) -> Compiled:
    """A compiled function that may make arrays."""
    return _compile(function)
