"""Who is told that the search is being compiled, for which a user waits once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Tell = Callable[[str], None]

COMPILING = "compiling the search, which takes 10 to 20 seconds"
ONCE = f"{COMPILING}; later runs skip it"
EACH_TIME = f"{COMPILING} in every run, as no folder can keep the result; name one with OV_ASR_SCORE_CACHE"

_listeners: list[Tell] = []


@contextmanager
def telling(tell: Tell | None) -> Iterator[None]:
    """Within the block ``tell`` is called before the search is compiled, from any thread; None changes nothing."""
    if tell is None:
        yield
        return
    _listeners.append(tell)
    try:
        yield
    finally:
        _listeners.remove(tell)


def tell(is_kept: bool) -> None:
    """Tell who wants to know it that the search is compiled; ``is_kept`` for later runs."""
    for each in _listeners[-1:]:
        each(ONCE if is_kept else EACH_TIME)
