"""What runs of a suite gave when that was recorded: errors and speed, in a JSON file beside the suite.

Tests: tests/job/suite/test_run.py
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ov_asr_score.errors import SuiteFormatError
from ov_asr_score.kaldi_io import atomic_output
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.report.data.suite import RunResult

FORMAT = "ov-asr-score-baseline"
FORMAT_VERSION = 1


@dataclass(frozen=True, slots=True)
class BaselineEntry:
    """What one run gave; None where there was nothing to compare or measure."""

    max_error: float | None = None
    rms_error: float | None = None
    class_agreement: float | None = None
    frames_per_second: float | None = None
    wer_percent: float | None = None


def read_baseline(path: Path) -> dict[str, BaselineEntry]:
    """Entries by name of run; none where there is no such file. Raises SuiteFormatError, FileAccessError."""
    if not path.exists():
        return {}
    with open_path(str(path)) as file:
        content = file.read()
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise SuiteFormatError(
            f"{path}: expected JSON that update wrote, found none: {error}", fields=("update",)
        ) from error
    if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("format_version") != FORMAT_VERSION:
        raise SuiteFormatError(
            f"{path}: expected format {FORMAT} {FORMAT_VERSION}; record it anew with update", fields=("update",)
        )
    runs = data.get("runs")
    if not isinstance(runs, dict):
        raise SuiteFormatError(f"{path}: expected an object 'runs', found none")
    return {name: _entry(path, name, values) for name, values in runs.items()}


def with_results(baseline: Mapping[str, BaselineEntry], results: Iterable[RunResult]) -> dict[str, BaselineEntry]:
    """The baseline with what runs gave that passed; all other entries stay."""
    entries = dict(baseline)
    for result in results:
        if result.status == "passed":
            wer = None if result.words is None else result.words.wer_percent
            entries[result.name] = BaselineEntry(
                result.max_error,
                result.rms_error,
                result.class_agreement,
                result.frames_per_second,
                wer if wer is not None and math.isfinite(wer) else None,  # nothing was said
            )
    return entries


def write_baseline(path: Path, baseline: Mapping[str, BaselineEntry], tool_version: str) -> None:
    """Write the file, which appears under its name when it is whole. Raises FileAccessError."""
    head = {"format": FORMAT, "format_version": FORMAT_VERSION, "tool_version": tool_version}
    runs = {name: asdict(entry) for name, entry in sorted(baseline.items())}
    with atomic_output(path, "w") as file:
        file.write(json.dumps(head | {"runs": runs}, indent=1, allow_nan=False) + "\n")


def _entry(path: Path, name: str, values: object) -> BaselineEntry:
    known = {field.name for field in fields(BaselineEntry)}
    if not isinstance(values, dict) or not set(values) <= known:
        raise SuiteFormatError(f"{path}: run '{name[:40]}': expected an object with {', '.join(sorted(known))}")
    for key, value in values.items():
        is_number = (
            isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
        )
        if value is not None and not is_number:
            raise SuiteFormatError(f"{path}: run '{name[:40]}': {key}: expected a number of at least 0 or null")
    return BaselineEntry(**values)
