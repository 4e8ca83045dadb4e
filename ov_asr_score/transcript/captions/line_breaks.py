"""Words to lines of about the same length."""

from __future__ import annotations

from collections.abc import Sequence


def broken_lines(words: Sequence[str], line_length: int) -> tuple[str, ...]:
    """The words in as few lines of ``line_length`` letters as possible, and of these the one with the shortest lines.

    No word is broken: one that is longer than a line has a line of its own.
    """
    fewest = len(_filled(words, line_length))
    longest_word = max(map(len, words), default=0)
    for length in range(min(longest_word, line_length), line_length):
        lines = _filled(words, length)
        if len(lines) <= fewest:
            return lines
    return _filled(words, line_length)


def _filled(words: Sequence[str], line_length: int) -> tuple[str, ...]:
    lines: list[str] = []
    for word in words:
        if lines and len(lines[-1]) + 1 + len(word) <= line_length:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return tuple(lines)
