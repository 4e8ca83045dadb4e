"""Ends sessions that were idle for too long: one thread for all of them, which sleeps until the next limit.

Tests: tests/recognition/test_live_session.py
"""

from __future__ import annotations

import threading
import time
import weakref
from typing import Protocol


class Watched(Protocol):
    """What is ended when nobody uses it."""

    @property
    def deadline(self) -> float | None:
        """When it is idle for too long, by ``time.monotonic``; None: it is over, or in use without a limit."""
        ...

    def expire(self, now: float) -> None:
        """End it, if it was not used since."""
        ...


class SessionClock:
    """Watches sessions; its thread runs while there are any, and does not keep a program alive."""

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._condition = threading.Condition()
        self._watched: weakref.WeakSet[Watched] = weakref.WeakSet()
        self._thread: threading.Thread | None = None
        self._is_closed = False

    def watch(self, session: Watched) -> None:
        """Watch another session, until it is over."""
        with self._condition:
            if self._is_closed:
                return
            self._watched.add(session)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="idle sessions", daemon=True)
                self._thread.start()
            self._condition.notify()

    def close(self) -> None:
        """Stop watching."""
        with self._condition:
            self._is_closed = True
            self._condition.notify()

    def _run(self) -> None:
        while True:
            late = self._wait()
            if late is None:
                return
            for session in late:
                session.expire(time.monotonic())
            del late

    def _wait(self) -> list[Watched] | None:
        """The sessions whose time is over, None when there is nothing to watch any more."""
        with self._condition:
            while not self._is_closed:
                waiting = [(limit, each) for each in self._watched if (limit := each.deadline) is not None]
                self._watched = weakref.WeakSet(each for _, each in waiting)
                if not waiting:
                    break
                now = time.monotonic()
                late = [each for limit, each in waiting if limit <= now]
                if late:
                    return late
                seconds = min(limit for limit, _ in waiting) - now
                del waiting
                self._condition.wait(seconds)
            self._thread = None
            return None
