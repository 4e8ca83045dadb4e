"""Limits numpy's matrix products to one thread each, while there are many small ones.

OpenBLAS would use all processors for every product. They then wait for each other with busy loops, which costs most of
the speed on a loaded machine (measured on two processors under load: 1,100 frames/s of GNA models in two slots instead
of 14,000, and i-vectors of a large extractor a fifth as fast).

Tests: tests/gna/test_gna_runner.py, tests/ivector/test_extraction.py
"""

from __future__ import annotations

import threading
import weakref
from contextlib import ExitStack
from functools import cache

from threadpoolctl import ThreadpoolController

_lock = threading.Lock()
_holders = 0
_limit = ExitStack()


def hold_while_alive(holder: object) -> None:
    """Limit matrix products to one thread until ``holder`` and all other objects passed here are garbage-collected."""
    global _holders  # noqa: PLW0603 - the limit is global to the process, too
    with _lock:
        if not _holders:
            _limit.enter_context(_controller().limit(limits=1, user_api="blas"))
        _holders += 1
    weakref.finalize(holder, _release)


def _release() -> None:
    global _holders  # noqa: PLW0603
    with _lock:
        _holders -= 1
        if not _holders:
            _limit.close()


@cache
def _controller() -> ThreadpoolController:
    """The libraries of the process: searching for them takes as long as an i-vector."""
    return ThreadpoolController()
