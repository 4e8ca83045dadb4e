"""TOML texts: their tables, and where keys stand, for messages; the reader of the standard library does not tell."""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from typing import Any, TypeAlias

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

KeyPath: TypeAlias = tuple[str | int, ...]
"""Keys and, in arrays, positions from 0: ``("case", 0, "limits", "max_error")``."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_SPACES = re.compile(r"[ \t]*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
# the longest form first; a closing run of quotes may have up to two quotes of the text before it
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")|' + r"'''.*?'{3,5}(?!')|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)
_PLAIN_VALUE = re.compile(r"[^,\]}#\n]*")


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises ValueError whose text names the line, RecursionError."""
    return tomllib.loads(text)


def key_lines(text: str) -> dict[KeyPath, int]:
    """The line, from 1, of every key and every array element of ``text``, which a TOML reader has taken already."""
    scanner = _Scanner(text)
    scanner.scan_document()
    return scanner.lines


class _Scanner:
    """One pass over a text that is known to be valid TOML."""

    def __init__(self, text: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self._text = text
        self._position = 0
        self._line_ends = [match.start() for match in re.finditer("\n", text)]
        self._counts: dict[KeyPath, int] = {}  # of the elements of arrays of tables

    def scan_document(self) -> None:
        table: KeyPath = ()
        self._skip(_BLANK)
        while self._position < len(self._text):
            if self._looking_at("["):
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> KeyPath:
        """Path of the table that begins here."""
        start = self._position
        is_array = self._looking_at("[[")
        self._position += 2 if is_array else 1
        keys = self._keys()
        self._position += 2 if is_array else 1
        path: KeyPath = ()
        for key in keys[:-1]:
            path = (*path, key)
            self._note(path, start)
            if path in self._counts:
                path = (*path, self._counts[path] - 1)
        path = (*path, keys[-1])
        self._note(path, start)
        if is_array:
            self._counts[path] = self._counts.get(path, 0) + 1
            path = (*path, self._counts[path] - 1)
            self._note(path, start)
        return path

    def _pair(self, table: KeyPath) -> None:
        start = self._position
        path = table
        for key in self._keys():
            path = (*path, key)
            self._note(path, start)
        self._position += 1  # =
        self._skip(_SPACES)
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        if self._looking_at("["):
            self._items(path, "]")
        elif self._looking_at("{"):
            self._items(path, "}")
        elif match := _STRING.match(self._text, self._position):
            self._position = match.end()
        else:
            self._skip(_PLAIN_VALUE)

    def _items(self, path: KeyPath, end: str) -> None:
        """Elements of an array, or pairs of an inline table, up to ``end``."""
        self._position += 1
        index = 0
        self._skip(_BLANK)
        while not self._looking_at(end):
            if end == "]":
                self._note((*path, index), self._position)
                self._value((*path, index))
            else:
                self._pair(path)
            index += 1
            self._skip(_BLANK)
            if self._looking_at(","):
                self._position += 1
                self._skip(_BLANK)
        self._position += 1

    def _keys(self) -> list[str]:
        """The parts of a key with dots, and the position behind it and the blanks that follow."""
        keys = []
        while True:
            self._skip(_SPACES)
            if self._text[self._position] in "\"'":
                match = _STRING.match(self._text, self._position)
                raw = match[0] if match else ""
                keys.append(str(parse_toml(f"key = {raw}")["key"]))
            else:
                match = _BARE_KEY.match(self._text, self._position)
                keys.append(match[0] if match else "")
            if match is None:
                raise ValueError(f"no key at character {self._position} of a text that was read as TOML")
            self._position = match.end()
            self._skip(_SPACES)
            if not self._looking_at("."):
                return keys
            self._position += 1

    def _note(self, path: KeyPath, position: int) -> None:
        """Remember the first place of a path."""
        self.lines.setdefault(path, bisect_right(self._line_ends, position - 1) + 1)

    def _looking_at(self, text: str) -> bool:
        return self._text.startswith(text, self._position)

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self._text, self._position)
        self._position = match.end() if match else self._position
