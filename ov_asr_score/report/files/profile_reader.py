"""Reads layer times from a JSON or CSV report.

Tests: tests/report/console/test_profile_comparison.py
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TextIO

from ov_asr_score.errors import TableFormatError
from ov_asr_score.profiling import EXECUTED, LayerTime
from ov_asr_score.report.data.run import FORMAT_VERSION
from ov_asr_score.report.files.run_csv import LAYER_COLUMNS, UTTERANCE_COLUMNS
from ov_asr_score.report.files.run_json import FORMAT

_ADVICE = "score with layer times and a report as JSON or CSV"
_NEEDED = LAYER_COLUMNS[:5]


@dataclass(frozen=True, slots=True)
class Profile:
    """Layer times of a run; ``frames`` is the number of frames scored, 0 if the report does not contain it."""

    layers: tuple[LayerTime, ...]
    frames: int


def read_profile(file: TextIO, name: str) -> Profile:
    """The profile in a report that is open as text; ``name`` is used in errors.

    Raises TableFormatError if the file is not a report, or has no layer times.
    """
    try:
        start = file.read(1)
        profile = (_from_json if start == "{" else _from_csv)(_lines(start, file), name)
    except UnicodeDecodeError as error:
        raise TableFormatError(f"{name}: expected a report, found binary data; {_ADVICE}") from error
    except (ValueError, csv.Error) as error:
        raise TableFormatError(f"{name}: expected a report, found invalid content ({error}); {_ADVICE}") from error
    if not any(layer.calls for layer in profile.layers):
        raise TableFormatError(f"{name}: expected layer times, found none; {_ADVICE}")
    return profile


def _lines(start: str, file: TextIO) -> Iterator[str]:
    """All lines of a file whose beginning, ``start``, has been read."""
    if start:
        yield start + ("" if start == "\n" else file.readline())
    yield from file


def _from_json(lines: Iterable[str], name: str) -> Profile:
    report = json.loads("".join(_without_utterances(lines)))
    if report.get("format") != FORMAT:
        raise TableFormatError(f"{name}: expected a report ({FORMAT}), found {report.get('format')!r}; {_ADVICE}")
    if report.get("format_version") != FORMAT_VERSION:
        found = report.get("format_version")
        raise TableFormatError(f"{name}: expected version {FORMAT_VERSION} of a report, found {found!r}")
    totals = report.get("totals", {})
    layers = report.get("layers", [])
    if not isinstance(totals, Mapping) or not isinstance(layers, list):
        raise ValueError("expected 'totals' to be an object and 'layers' a list")
    frames = _number(totals.get("frames", 0)) - _number(totals.get("resumed_frames", 0))
    fields = ("name", "type", "exec_type", "calls", "real_microseconds", "cpu_microseconds")
    return Profile(tuple(_layer([_field(layer, field) for field in fields]) for layer in layers), int(frames))


def _without_utterances(lines: Iterable[str]) -> Iterator[str]:
    """The lines of a report except its utterances, of which there may be any number.

    A report that was reformatted by another program is passed on unchanged.
    """
    within = False
    for line in lines:
        if within and line.startswith("]"):
            within = False
        if not within:
            yield line
        if line == '"utterances": [\n':
            within = True


def _from_csv(lines: Iterable[str], name: str) -> Profile:
    rows = csv.DictReader(lines, strict=True)
    columns = tuple(rows.fieldnames or ())
    if columns[: len(UTTERANCE_COLUMNS)] == UTTERANCE_COLUMNS:
        raise TableFormatError(f"{name}: expected one row per layer, found utterances; {_ADVICE}")
    lacking = [column for column in _NEEDED if column not in columns]
    if lacking:
        raise TableFormatError(f"{name}: expected a report, found no column '{lacking[0]}'; {_ADVICE}")
    layers, frames = [], 0
    for row in rows:
        layers.append(_layer([*(_field(row, column) for column in _NEEDED), row.get("cpu_us") or 0]))
        frames = int(_number(row.get("frames") or 0))
    return Profile(tuple(layers), frames)


def _field(layer: object, name: str) -> object:
    if not isinstance(layer, Mapping) or layer.get(name) is None:
        raise ValueError(f"a layer without '{name}'")
    return layer[name]


def _layer(fields: Sequence[object]) -> LayerTime:
    name, type_, exec_type, calls, real, cpu = fields
    return LayerTime(
        str(name), str(type_), str(exec_type), EXECUTED, _number(real), _number(cpu), round(_number(calls))
    )


def _number(value: object) -> float:
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        number = float(value)
        if math.isfinite(number) and number >= 0:
            return number
    raise ValueError(f"expected a non-negative number, found {value!r}")
