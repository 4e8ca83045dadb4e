"""One thread for each matrix product of numpy, while somebody computes in threads of their own.

OpenBLAS would use all processors for every product: two slots then wait for each other, and wait busily, which on a
machine that has something else to do costs most of the speed (measured on two processors under load: 1,100 frames/s
instead of 14,000).
"""

from __future__ import annotations

import threading
import weakref
from contextlib import ExitStack

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_holders = 0
_limit = ExitStack()


def hold_while_alive(holder: object) -> None:
    """Let matrix products use one thread until ``holder``, and all others that this was called for, are gone."""
    global _holders  # noqa: PLW0603 - what is limited is one for the process, too
    with _lock:
        if not _holders:
            _limit.enter_context(threadpool_limits(1, user_api="blas"))
        _holders += 1
    weakref.finalize(holder, _release)


def _release() -> None:
    global _holders  # noqa: PLW0603
    with _lock:
        _holders -= 1
        if not _holders:
            _limit.close()
