"""Configuration files of Kaldi's programs (``mfcc.conf``): one ``--name=value`` a line, comments from ``#`` on.

Kaldi's rules are those of util/parse-options.cc: ``ReadConfigFile`` for lines, ``NormalizeArgName`` for names and
``SetOption`` for values.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ov_asr_score.errors import ConfigFormatError, FileAccessError
from ov_asr_score.kaldi_io.files.input import describe_input, open_path
from ov_asr_score.kaldi_io.foreign import OPTIONS
from ov_asr_score.text import clipped, printable_name, suggestion

MOST_BYTES = 1 << 20
"""A file that is longer is none of these; Kaldi has no limit."""

STANDARD_OPTIONS: Mapping[str, type] = {"config": str, "help": bool, "print-args": bool, "verbose": int}
"""What every program of Kaldi's takes; none of them changes a result when it stands in a file."""

_TRUE, _FALSE = ("true", "t", "1", ""), ("false", "f", "0")
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]+)?", re.ASCII | re.IGNORECASE)
_NOT_FINITE = re.compile(r"[+-]?(inf|infinity|nan)", re.IGNORECASE)
KIND_TEXTS: Mapping[type, str] = {bool: "true or false", int: "an integer", float: "a number", str: "a text"}
_BLANKS = " \t\n\r\f\v"


@dataclass(frozen=True, slots=True)
class ConfigOption:
    """An option: its name in lower case with hyphens, its value (None without ``=``), line from 1, and file."""

    name: str
    value: str | None
    line: int
    file: str = ""

    @property
    def place(self) -> str:
        """Where it stands, to begin a message with: ``mfcc.conf: line 3``."""
        return f"{printable_name(self.file)}: line {self.line}"


def read_config(path: str | Path) -> list[ConfigOption]:
    """The options of a configuration file in their order, as text.

    Raises FileAccessError, and ConfigFormatError with the line of what is none. Kaldi: ``ReadConfigFile``.
    """
    name = str(path)
    with open_path(name) as file:
        try:
            content = file.read(MOST_BYTES + 1)
        except OSError as error:
            raise FileAccessError(f"{printable_name(name)}: cannot be read: {error.strerror}") from error
    if len(content) > MOST_BYTES:
        raise _foreign(name) or ConfigFormatError(
            f"{printable_name(name)}: expected options of the form --name=value, found more than {MOST_BYTES} bytes"
        )
    options = []
    for number, line in enumerate(content.decode("utf-8", "surrogateescape").split("\n"), 1):
        text = line.partition("#")[0].strip(_BLANKS)
        if text:
            options.append(_parse_line(text, number, name))
    return options


def config_values(lines: Iterable[ConfigOption], kinds: Mapping[str, type], subject: str) -> dict[str, Any]:
    """Values by name of option; what is said last counts. ``kinds`` has the type of every name: bool, int, float, str.

    ``subject`` says in messages whose options they are: ``MFCC features``. The options of all programs are left out.
    Raises ConfigFormatError for an unknown name, or a value that Kaldi does not take for the type.
    """
    values = {}
    for line in lines:
        kind = kinds.get(line.name)
        if kind is None and line.name in STANDARD_OPTIONS:
            config_value(line, STANDARD_OPTIONS[line.name])
        elif kind is None:
            raise ConfigFormatError(
                f"{line.place}: expected an option of {subject}, found {clipped(line.name)}"
                f"{suggestion(line.name, kinds)}"
            )
        else:
            values[line.name] = config_value(line, kind)
    return values


def config_value(line: ConfigOption, kind: type) -> Any:
    """The value of an option of type ``kind``: bool, int (32 bit), float (single precision) or str.

    Raises ConfigFormatError where Kaldi's ``SetOption`` does not take it.
    """
    value: bool | float | str | None = None
    text = line.value or ""
    if kind is bool and line.value != "":
        lower = text.lower()
        value = True if lower in _TRUE else False if lower in _FALSE else None
    elif kind is int and _INTEGER.fullmatch(text) and len(text) < 100 and -(2**31) <= int(text) < 2**31:
        value = int(text)
    elif kind is float:
        value = _single(text)
    elif kind is str:
        value = line.value
    if value is None:
        found = "nothing" if not text else clipped(text)
        raise ConfigFormatError(f"{line.place}: {line.name}: expected {KIND_TEXTS[kind]}, found {found}")
    return value


def _single(text: str) -> float | None:
    """The number in single precision, as Kaldi keeps it; None for what it does not take."""
    if _NOT_FINITE.fullmatch(text):
        return float(text)
    if not _DECIMAL.fullmatch(text):
        return None
    with np.errstate(over="ignore"):
        value = float(np.float32(text))
    return value if np.isfinite(value) else None


def _parse_line(text: str, number: int, path: str) -> ConfigOption:
    name, equals, value = text.removeprefix("--").partition("=")
    if not text.startswith("--") or not name:
        is_shell = "=" in text and not text.startswith("-")
        raise _foreign(path) or ConfigFormatError(
            f"{printable_name(path)}: line {number}: expected an option of the form --name=value, found {clipped(text)}"
            f"{'; a line without the two hyphens is for shell scripts' if is_shell else ''}"
        )
    # the name is not stripped: Kaldi knows no "name " either
    name = "".join("-" if letter == "_" else letter.lower() if letter.isascii() else letter for letter in name)
    return ConfigOption(name, value.strip(_BLANKS) if equals else None, number, path)


def _foreign(path: str) -> ConfigFormatError | None:
    """The error for a file that is known to be something else."""
    what = describe_input(path, OPTIONS)
    return ConfigFormatError(f"{printable_name(path)}: {what}") if what else None
