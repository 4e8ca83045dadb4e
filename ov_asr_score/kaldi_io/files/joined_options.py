"""Options of configuration files together with those that are given besides, which count more.

Names have ``_`` here and hyphens in files; errors have them as they were written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from ov_asr_score.errors import ConfigFormatError, UsageError
from ov_asr_score.kaldi_io.files.config_file import KIND_TEXTS, ConfigOption, config_values
from ov_asr_score.text import suggestion


@dataclass(frozen=True, slots=True)
class JoinedOptions:
    """Values by name, and where those stand that come from a file."""

    values: dict[str, Any]
    places: Mapping[str, str]

    @contextmanager
    def place_of_errors(self) -> Iterator[None]:
        """Make a UsageError about a value that stands in a file a ConfigFormatError with its file and line."""
        try:
            yield
        except UsageError as error:
            place = next((self.places[name] for name in error.fields if name in self.places), None)
            if place is None:
                raise
            message = str(error)
            for name in error.fields:
                message = message.replace(name, name.replace("_", "-"))
            raise ConfigFormatError(f"{place}: {message}") from error


def join_options(
    config: Iterable[ConfigOption], given: Mapping[str, object], kinds: Mapping[str, type], subject: str
) -> JoinedOptions:
    """The options of a configuration file, whose types are ``kinds``, and those ``given``; None is not given.

    ``subject`` says in messages whose options they are. Raises ConfigFormatError with file and line for an option that
    is unknown or has a value that is no value of it.
    """
    lines = list(config)
    found = config_values(lines, {name.replace("_", "-"): kind for name, kind in kinds.items()}, subject)
    said = {name: value for name, value in given.items() if value is not None}
    values = {name.replace("-", "_"): value for name, value in found.items()} | said
    places = {line.name.replace("-", "_"): line.place for line in lines}
    return JoinedOptions(values, {name: place for name, place in places.items() if name not in said})


def checked_options(
    given: Mapping[str, object],
    kinds: Mapping[str, type],
    subject: str,
    where_known: Callable[[str], str] = lambda name: "",
) -> dict[str, object]:
    """The options ``given`` as values of their types, numbers in single precision; None is not given.

    ``where_known`` says of an unknown name whose option it is, if anything's. Raises UsageError.
    """
    found: dict[str, object] = {}
    for name, value in given.items():
        if value is None:
            continue
        if name not in kinds:
            why = where_known(name) or suggestion(name, kinds)
            raise UsageError(f"{name}: expected an option of {subject}{why}", fields=(name,))
        found[name] = _checked(name, value, kinds[name], subject)
    return found


def _checked(name: str, value: object, kind: type, subject: str) -> object:
    if kind is float and isinstance(value, float | int) and not isinstance(value, bool):
        return single_option(name, value)
    if kind is int and isinstance(value, float) and value.is_integer() and abs(value) < 2**31:
        return int(value)
    if not isinstance(value, kind) or (kind is int and not _is_int32(value)):
        raise UsageError(f"{name}: expected {KIND_TEXTS[kind]} for {subject}, found {value}", fields=(name,))
    return value


def _is_int32(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and -(2**31) <= value < 2**31


def single_option(name: str, value: float) -> float:
    """The value of the option ``name`` in single precision; raises UsageError if it is beyond, as Kaldi refuses it."""
    with np.errstate(over="ignore"):
        found = float(np.float32(value))
    if np.isinf(found) and not np.isinf(value):
        raise UsageError(f"{name}: expected a number of single precision, found {value:g}", fields=(name,))
    return found
