"""Work done ahead in a thread of its own, as far as memory allows: reading and scoring go on while others write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from threading import Condition, Thread
from typing import Generic, TypeVar

Item = TypeVar("Item")


class ReadAhead(Generic[Item], Iterator[Item]):
    """The items of ``source`` in their order, made by a thread that is ``limit`` bytes ahead at most.

    ``size`` tells the bytes of an item; one item may be larger than the limit. An exception of the source is raised
    where its next item would have been. ``close`` ends the thread: at once where it waits for room, else with the item
    that it is at.
    """

    def __init__(
        self, source: Iterable[Item], size: Callable[[Item], int], limit: int, name: str, patience: float | None = None
    ) -> None:
        """Start the thread. ``patience`` is how many seconds ``close`` waits for it, None: to its end."""
        self._source, self._size, self._limit = source, size, limit
        self._ready: deque[tuple[Item, int]] = deque()
        self._patience = patience
        self._bytes = 0
        self._error: BaseException | None = None
        self._ended = self._closed = False
        self._changed = Condition()
        # A thread that hangs in a pipe must not keep the process alive.
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def __next__(self) -> Item:
        """The next item, once it is there. Raises what the source raised."""
        with self._changed:
            while not (self._ready or self._ended or self._closed):
                self._changed.wait(1.0)
            if self._ready and not self._closed:
                item, size = self._ready.popleft()
                self._bytes -= size
                self._changed.notify_all()
                return item
            error, self._error = self._error, None
        if error is not None and not self._closed:
            raise error
        raise StopIteration

    def close(self) -> None:
        """Make and give no more items, and wait for the thread to end, unless it hangs in its source."""
        self._closed = True
        # An interruption may have come between taking the lock and the block that gives it back.
        if self._changed.acquire(timeout=1.0):
            self._ready.clear()
            self._changed.notify_all()
            self._changed.release()
        self._thread.join(self._patience)

    def _run(self) -> None:
        source = iter(self._source)
        try:
            for item in source:
                if not self._put(item):
                    break
        except BaseException as error:
            self._error = error
        finally:
            try:
                if isinstance(source, Generator):
                    source.close()
            except BaseException as error:
                self._error = self._error or error
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _put(self, item: Item) -> bool:
        size = self._size(item)
        with self._changed:
            while self._ready and self._bytes + size > self._limit and not self._closed:
                self._changed.wait(1.0)
            self._ready.append((item, size))
            self._bytes += size
            self._changed.notify_all()
            return not self._closed
