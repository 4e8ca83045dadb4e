"""One table of a TOML file: values by key, checked, with the line of each in errors.

Tests: tests/job/suite/test_file.py, tests/model_directory/layouts/test_model_toml.py
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from ov_asr_score.errors import OvAsrScoreError, SuiteFormatError
from ov_asr_score.text import suggestion
from ov_asr_score.toml.toml_lines import KeyPath, key_lines, parse_toml


@dataclass(frozen=True, slots=True)
class TomlTable:
    """A table of the file at ``source``; ``path`` leads to it and ``lines`` tells where every key stands.

    Keys have ``_`` or ``-`` between their words, as the user likes. All methods raise ``error``.
    """

    source: str
    values: Mapping[str, Any]  # by key with underscores
    path: KeyPath
    lines: Mapping[KeyPath, int]
    spellings: Mapping[str, str]  # key with underscores -> key as it stands there
    kept: bool = False  # whether keys are names of the user, and so taken as they are
    error: type[OvAsrScoreError] = SuiteFormatError

    def __contains__(self, key: str) -> bool:
        """Whether there is such a key."""
        return key in self.values

    def fail(self, key: str, message: str) -> NoReturn:
        """Raise the error at the line of ``key``; an empty key means the table itself."""
        path = (*self.path, self.spellings[key]) if key in self.spellings else self.path
        raise self.error(f"{self.source}:{self.line(path)}: {message}")

    def line(self, path: KeyPath) -> int:
        """Line of the nearest thing that has one."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)

    def expect_keys(self, known: Sequence[str], elsewhere: Mapping[str, str] | None = None) -> None:
        """Refuse unknown keys, with near names, or the place of a key that is known ``elsewhere``."""
        for key in self.values:
            if key not in known:
                place = (elsewhere or {}).get(key)
                hint = f"; it belongs into {place}" if place else suggestion(key, known)
                self.fail(key, f"unknown key '{self.spellings[key]}'{hint}")

    def table(self, key: str, *, kept: bool = False) -> TomlTable:
        """The table under ``key``, an empty one where there is none; with ``kept`` its keys are names."""
        value = self.values.get(key, {})
        if not isinstance(value, dict):
            self.fail(key, f"{key}: expected a table, found {kind_of(value)}")
        path = (*self.path, self.spellings.get(key, key))
        return make_table(self.source, value, path, self.lines, kept=kept, error=self.error)

    def text(self, key: str, default: str = "") -> str:
        """A text without line breaks."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or (key in self.values and not value.strip()) or not is_line(value):
            self.fail(key, f"{key}: expected a text of one line, found {kind_of(value)}")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """true or false."""
        value = self.values.get(key, default)
        if not isinstance(value, bool):
            self.fail(key, f"{key}: expected true or false, found {kind_of(value)}")
        return value

    def integer(self, key: str, default: int = 0, *, least: int | None = 0) -> int:
        """A whole number."""
        value = self.values.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or (least is not None and value < least):
            at_least = "" if least is None else f" of at least {least}"
            self.fail(key, f"{key}: expected a whole number{at_least}, found {kind_of(value)}")
        return value

    def number(self, key: str, default: float = 0.0, *, least: float | None = 0.0, most: float = math.inf) -> float:
        """A finite number."""
        value = self.values.get(key, default)
        fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not fits or (least is not None and value < least) or value > most:
            bounds = (
                ""
                if least is None
                else f" of at least {least:g}"
                if most == math.inf
                else f" from {least:g} to {most:g}"
            )
            self.fail(key, f"{key}: expected a number{bounds}, found {kind_of(value)}")
        return float(value)

    def choice(self, key: str, known: Sequence[str], default: str) -> str:
        """One of ``known``."""
        value = self.values.get(key, default)
        if value not in known:
            self.fail(key, f"{key}: expected {' or '.join(known)}, found {kind_of(value)}")
        return str(value)

    def texts(self, key: str, default: Sequence[str] = ()) -> tuple[str, ...]:
        """A text or a list of texts; no text twice, and an empty list is an error."""
        if key not in self.values:
            return tuple(default)
        value = self.values[key]
        items = [value] if isinstance(value, str) else value
        right = isinstance(items, list) and items and all(isinstance(item, str) and item.strip() for item in items)
        if not right or not all(map(is_line, items)):
            self.fail(key, f"{key}: expected a text or a list of texts, found {kind_of(value)}")
        if len(set(items)) != len(items):
            self.fail(key, f"{key}: '{max(items, key=items.count)}' is there twice")
        return tuple(items)


def parse_tables(content: bytes, source: str, error: type[OvAsrScoreError]) -> TomlTable:
    """The top of the TOML file ``source``. Raises ``error`` for what is none."""
    try:
        text = content.decode("utf-8-sig")
        values, lines = parse_toml(text), key_lines(text.replace("\r\n", "\n"))
    except UnicodeDecodeError as failure:
        byte = failure.object[failure.start]
        raise error(f"{source}: expected a TOML file in UTF-8, found byte {byte:#x}") from failure
    except (ValueError, RecursionError) as failure:
        raise error(f"{source}: expected a TOML file, found none: {failure}") from failure
    return make_table(source, values, (), lines, error=error)


def make_table(
    source: str,
    values: Mapping[str, Any],
    path: KeyPath,
    lines: Mapping[KeyPath, int],
    *,
    kept: bool = False,
    error: type[OvAsrScoreError] = SuiteFormatError,
) -> TomlTable:
    """The table at ``path``; raises ``error`` where a key is there in both spellings."""
    spellings: dict[str, str] = {}
    for key in values:
        plain = key if kept else key.replace("-", "_")
        if plain in spellings:
            line = lines.get((*path, key), 1)
            raise error(f"{source}:{line}: '{key}' and '{spellings[plain]}' are the same key; keep one")
        spellings[plain] = key
    return TomlTable(
        source, {plain: values[key] for plain, key in spellings.items()}, path, lines, spellings, kept, error
    )


def is_line(text: str) -> bool:
    """Whether a text has no line breaks and no NUL."""
    return len(text.splitlines()) <= 1 and "\0" not in text


def kind_of(value: object) -> str:
    """A value in a few words for a message."""
    match value:
        case bool():
            return str(value).lower()
        case str():
            return repr(value[:20])
        case int() | float():
            return f"{value:.10g}"
        case list():
            return f"a list of {len(value)}"
        case dict():
            return "a table"
        case _:
            return f"a {type(value).__name__}"
