"""Characters of words, to count errors in them.

Characters are Unicode code points: an accent that is stored apart from its letter counts by itself, unless a rule
composes both (``nfc``).
"""

from __future__ import annotations

from collections.abc import Sequence


def characters_of(words: Sequence[str], *, with_spaces: bool) -> list[str]:
    """The characters of all words in order; with a space between words, as a character of its own, if asked for."""
    return list((" " if with_spaces else "").join(words))
