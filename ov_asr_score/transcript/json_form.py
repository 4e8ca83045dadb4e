"""Transcripts as JSON, which keeps all of them, and back.

An object has a member for each field and each property of its dataclass (``transcript.py``), under the same name.
Properties, such as ``text``, are for other readers: they are not read back, nor are members that this version does not
know. The schema is docs/schemas/transcript.schema.json.
"""

from __future__ import annotations

import json
import math
import re
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from pathlib import Path
from typing import Any, NoReturn, Union

from ov_asr_score.errors import FileAccessError, TranscriptFormatError
from ov_asr_score.text import clipped
from ov_asr_score.transcript.transcript import FORMAT, FORMAT_VERSION, Segment, Transcript, Word

_DIGITS = 6  # of decimals: microseconds, and less than anything that a decoder knows
_NONFINITE = ("nan", "inf", "-inf")
_SURROGATE = re.compile("[\ud800-\udfff]")
_FOREIGN_SURROGATE = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # those left stand for bytes that are no UTF-8


def to_json(transcript: Transcript, *, indent: int | None = 2) -> str:
    """The text of the document, with a line feed at its end.

    Numbers have six decimals at most; NaN and the infinities become strings, as in reports.
    """
    return json_text({"format": FORMAT, "format_version": FORMAT_VERSION, **_members(transcript)}, indent=indent)


def json_text(value: object, *, indent: int | None = None) -> str:
    """Any plain value as JSON in one line, or indented, with a line feed at its end.

    Letters are written as they are, but for bytes of words that are no UTF-8: these become escapes.
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, indent=indent)
    return _SURROGATE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def read_transcript(path: str | Path) -> Transcript:
    """The transcript in a JSON file. Raises FileAccessError, and TranscriptFormatError with the place in it."""
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise FileAccessError(f"{path}: {error.strerror or error}") from error
    return parse_transcript(content, str(path))


def parse_transcript(content: bytes | str, name: str = "transcript") -> Transcript:
    """The transcript in the content of a JSON file. Raises TranscriptFormatError; ``name`` is the file, for it."""
    try:
        text = content if isinstance(content, str) else content.decode("utf-8-sig")
        document = json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise TranscriptFormatError(f"{name}: at byte {error.start}: expected JSON in UTF-8") from error
    except json.JSONDecodeError as error:
        raise TranscriptFormatError(
            f"{name}: line {error.lineno}, column {error.colno}: expected JSON: {error.msg}"
        ) from error
    except (ValueError, RecursionError) as error:  # numbers of thousands of digits, thousands of brackets
        raise TranscriptFormatError(f"{name}: expected the JSON of a transcript: {str(error)[:80]}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        found = _shown(str(document.get("format"))) if isinstance(document, dict) else _kind(document)
        raise TranscriptFormatError(f"{name}: expected an object with the format {FORMAT!r}, found {found}")
    version = document.get("format_version")
    if version != FORMAT_VERSION or isinstance(version, bool):
        raise TranscriptFormatError(
            f"{name}: format_version: expected {FORMAT_VERSION}, found {_shown(str(version))}; it is of another release"
        )
    transcript: Transcript = _DocumentReader(name).object_of(Transcript, document, "")
    return transcript


def _members(value: Any) -> dict[str, object]:
    properties = [name for name, member in vars(type(value)).items() if isinstance(member, property)]
    return {name: _plain(getattr(value, name)) for name in [field.name for field in fields(value)] + properties}


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if is_dataclass(value):
        return _members(value)
    return rounded(float(value))  # type: ignore[arg-type]  # numbers of numpy, too


def rounded(number: float) -> float | str:
    """A number with six decimals at most, without the sign of a zero; a string if JSON has no such number."""
    return round(number, _DIGITS) + 0.0 if math.isfinite(number) else str(number)


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"found the number {text}, which JSON does not have")


class _DocumentReader:
    """Values of annotated types from what JSON gave; errors name the file and the path in it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._hints: dict[type, dict[str, Any]] = {}

    def object_of(self, kind: Any, value: object, place: str) -> Any:
        """An object of a dataclass, with the defaults for members that are missing."""
        if not isinstance(value, dict):
            self._fail(place, "an object", value)
        hints = self._hints.setdefault(kind, typing.get_type_hints(kind))
        given = {}
        for field in fields(kind):
            inner = f"{place}.{field.name}" if place else field.name
            if field.name in value:
                given[field.name] = self._of(hints[field.name], value[field.name], inner)
            elif field.default is MISSING and field.default_factory is MISSING:
                raise TranscriptFormatError(f"{self._name}: {inner}: expected a value, found none")
        made = kind(**given)
        if isinstance(made, Word | Segment):
            self._check_times(made.start, made.end, place)
        if isinstance(made, Segment) and made.channel < 1:
            self._fail(f"{place}.channel", "a number from 1 on", made.channel)
        return made

    def _of(self, kind: Any, value: object, place: str) -> Any:
        origin, arguments = typing.get_origin(kind), typing.get_args(kind)
        if origin in (Union, types.UnionType):  # all of them are with None
            return None if value is None else self._of(arguments[0], value, place)
        if origin is tuple:
            if not isinstance(value, list):
                self._fail(place, "a list", value)
            return tuple(self._of(arguments[0], item, f"{place}[{index}]") for index, item in enumerate(value))
        if origin is Mapping:
            if not isinstance(value, dict):
                self._fail(place, "an object", value)
            return {
                self._text(name, place): self._of(arguments[1], item, f"{place}.{clipped(name)}")
                for name, item in value.items()
            }
        if kind is float:
            return self._number(value, place)
        if kind is str:
            return self._text(value, place)
        if kind in (int, bool):
            if type(value) is not kind:
                self._fail(place, "a whole number" if kind is int else "true or false", value)
            return value
        return self.object_of(kind, value, place)

    def _text(self, value: object, place: str) -> str:
        if not isinstance(value, str) or _FOREIGN_SURROGATE.search(value):
            self._fail(place, "a text", value)
        return value

    def _number(self, value: object, place: str) -> float:
        is_cost = place.endswith("_cost")
        if is_cost and value in _NONFINITE:
            return float(str(value))
        if isinstance(value, bool) or not isinstance(value, int | float) or not _is_finite(value):
            self._fail(place, "a number", value)
        if place.endswith(".confidence") and not 0 <= value <= 1:
            self._fail(place, "a number from 0 to 1", value)
        if not is_cost and value < 0:
            self._fail(place, "a number that is not negative", value)
        return float(value)

    def _check_times(self, start: float | None, end: float | None, place: str) -> None:
        if start is not None and end is not None and end < start:
            self._fail(f"{place}.end", f"{start:g} or more, its start", end)

    def _fail(self, place: str, expected: str, value: object) -> NoReturn:
        found = _shown(value) if isinstance(value, str) else _kind(value)
        raise TranscriptFormatError(f"{self._name}: {place or 'document'}: expected {expected}, found {found}")


def _shown(text: str) -> str:
    return clipped(text.encode("utf-8", "backslashreplace"))  # JSON can name letters that there are not


def _is_finite(value: float) -> bool:
    try:
        return math.isfinite(value)
    except OverflowError:  # a whole number beyond all floats
        return False


def _kind(value: object) -> str:
    if value is None or isinstance(value, bool):
        return str(value).lower().replace("none", "null")
    if isinstance(value, int | float):
        return f"{value:g}" if _is_finite(value) else "a number that is too large"
    return "a list" if isinstance(value, list) else "an object"
