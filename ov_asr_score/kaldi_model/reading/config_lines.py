"""Reads lines of a configuration, such as ``component-node name=a component=b input=Append(x, y)``.

Source: util/text-utils.cc (``ConfigLine::ParseLine``, ``ReadConfigLines``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.text import clipped

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*")
_INTEGER = re.compile(r"\s*[+-]?0*[0-9]{1,10}")
# Kaldi has no limit; names stand in messages and in names of operations.
_LONGEST_NAME = 1 << 16


@dataclass(frozen=True, slots=True)
class ConfigLine:
    """The first word of a line, ``kind``, and its settings ``name=value``, whose values may hold blanks."""

    text: str
    kind: str
    settings: dict[str, str]

    def value(self, name: str) -> str:
        """A setting that must be there. Raises ModelFormatError.

        Kaldi: ``GetValue`` in ``Nnet::Process…ConfigLine`` (nnet3/nnet-nnet.cc).
        """
        if not self.settings.get(name):
            raise ModelFormatError(f"line {clipped(self.text)}: expected {name}=…, found none")
        return self.settings[name]

    def name(self, setting: str) -> str:
        """A setting that is a printable word. Raises ModelFormatError.

        Kaldi: ``IsValidName`` in ``Nnet::RemoveRedundantConfigLines`` takes fewer letters. Reason: names are printed.
        """
        name = self.value(setting)
        if not name.isprintable() or " " in name or len(name) > _LONGEST_NAME:
            raise ModelFormatError(
                f"line {clipped(self.text)}: expected a printable name of at most {_LONGEST_NAME} letters after "
                f"{setting}=, found {clipped(name)}"
            )
        return name

    def integer(self, name: str) -> int:
        """A setting that is a 32-bit integer. Raises ModelFormatError.

        Kaldi: ``ConvertStringToInteger`` (util/text-utils.h).
        """
        text = self.value(name)
        if _INTEGER.fullmatch(text) and -(2**31) <= int(text) < 2**31:
            return int(text)
        raise ModelFormatError(f"line {clipped(self.text)}: expected an integer after {name}=, found {clipped(text)}")

    def check_known(self, names: Iterable[str]) -> None:
        """Raise ModelFormatError for a setting that is none of ``names``.

        Kaldi: ``HasUnusedValues`` in ``Nnet::Process…ConfigLine``.
        """
        known = list(names)
        for name in self.settings:
            if name not in known:
                raise ModelFormatError(
                    f"line {clipped(self.text)}: expected {', '.join(known)}, found the setting {clipped(name)}"
                )


def parse_config_line(text: str) -> ConfigLine | None:
    """The line, None if it is blank or a comment.

    A value ends before the last blank in front of the next ``=``, or at its closing quote. Of two settings of one name
    the first counts. Raises ModelFormatError for what is no line of a configuration.

    Kaldi: ``ConfigLine::ParseLine`` returns false.
    """
    text = text.split("#", maxsplit=1)[0].strip()
    if not text:
        return None
    first, rest = (*text.split(maxsplit=1), "")[:2]
    if "=" in first or not _NAME.fullmatch(first):
        raise ModelFormatError(f"line {clipped(text)}: expected a word such as component-node")
    settings: dict[str, str] = {}
    while rest:
        name, equals, rest = rest.partition("=")
        if not equals or not _NAME.fullmatch(name):
            raise ModelFormatError(f"line {clipped(text)}: expected name=value, found {clipped(name)}")
        value, rest = _take_value(text, rest)
        settings.setdefault(name, value)
    return ConfigLine(text, first, settings)


def _take_value(text: str, rest: str) -> tuple[str, str]:
    """The value that ``rest`` begins with, and what follows it. Kaldi: ``ConfigLine::ParseLine`` wants both quotes."""
    if rest[:1] in ("'", '"'):
        value, quote, after = rest[1:].partition(rest[0])
        if not quote:
            raise ModelFormatError(f"line {clipped(text)}: expected a second {rest[0]}")
        return value, after.strip()
    next_setting = rest.find("=")
    end = len(rest) if next_setting < 0 else max(rest.rfind(" ", 0, next_setting), rest.rfind("\t", 0, next_setting))
    if end < 0:
        end = len(rest)
    return rest[:end].strip(), rest[end:].strip()
