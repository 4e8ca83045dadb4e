"""Foreign names and bytes as they are shown in messages: printable, short, with the names that may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

CLIPPED_LENGTH = 20
"""Letters of foreign text that a message shows at most."""

_LISTED_NAMES = 8


def suggestion(name: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for a name that is nearly one of ``known``, else the first few of them, else nothing."""
    known = [candidate for candidate in dict.fromkeys(known) if candidate]
    near = near_names(name, known)
    if near or not known:
        return did_you_mean([f"'{candidate}'" for candidate in near])
    shown = ", ".join(f"'{candidate}'" for candidate in known[:_LISTED_NAMES])
    return f"; known: {shown}{', …' if len(known) > _LISTED_NAMES else ''}"


def near_names(name: str, known: Iterable[str], most: int = 3, similarity: float = 0.6) -> list[str]:
    """Up to ``most`` of the ``known`` names that are spelled nearly like ``name``, the nearest first.

    ``similarity`` is the least ratio of equal letters, 0 to 1 (``difflib.SequenceMatcher.ratio``).
    """
    return difflib.get_close_matches(name, list(known), n=most, cutoff=similarity)


def did_you_mean(names: Sequence[str]) -> str:
    """``; did you mean x or y?`` to end a message with; empty for no names."""
    return f"; did you mean {' or '.join(names)}?" if names else ""


def clipped(foreign: bytes | str) -> str:
    """Quoted beginning of foreign bytes or text, printable, at most 20 characters of it; never a line break."""
    if isinstance(foreign, str):
        foreign = foreign.encode("utf-8", "surrogateescape")
    text = foreign[: CLIPPED_LENGTH + 1].decode("utf-8", "backslashreplace")
    return repr(text[:CLIPPED_LENGTH] + "…" if len(text) > CLIPPED_LENGTH else text)


def printable_name(name: str) -> str:
    """The name in one printable line, whatever bytes it is made of; ``standard input`` for an empty one."""
    decoded = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in decoded) or "standard input"


def shown_key(key: str) -> str:
    """The key of an utterance in quotes and printable: ``'utt1'``."""
    return f"'{printable_name(key)}'"
