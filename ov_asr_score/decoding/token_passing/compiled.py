"""How functions of this room are compiled: by numba, without the lock of the interpreter, and kept between runs.

Only modules of compiled functions import this one, and they are imported late: the package numba is an extra.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from ov_asr_score.decoding.token_passing.code_folder import code_folder
from ov_asr_score.errors import MissingExtraError

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

Compiled = TypeVar("Compiled", bound=Callable[..., Any])

_numba: Any = numba  # its types do not know all options
_FAST = {"nnan", "nsz", "arcp", "contract", "afn", "reassoc"}  # not "ninf": costs may be infinite
_COMMON = {"nogil": True, "boundscheck": False, "error_model": "numpy", "fastmath": _FAST}


_FOLDER = code_folder()


def _compile(function: Compiled, **options: Any) -> Compiled:
    """Returns the function that numba compiles when it is called first."""
    if _FOLDER is None:
        made: Compiled = _numba.njit(**_COMMON, **options)(function)
        return made
    before = _numba.config.CACHE_DIR
    _numba.config.CACHE_DIR = _FOLDER
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
