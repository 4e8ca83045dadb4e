"""Compares the files of two runs of the same commands: equal bytes, or reports that only differ in measurements."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# Keys of JSON reports whose values are times, speeds, versions, or the command line.
_MEASURED_KEYS = frozenset({"versions", "tool_version", "command", "real_time_factor", "speed_ratio"})
_MEASURED_ENDINGS = ("seconds", "per_second", "microseconds")
_MEASURED_COLUMNS = frozenset({"total_us", "mean_us", "cpu_us", "share"})
_TIMES = (
    re.compile(r"\d[\d.,]*(?:e[+-]?\d+)?(?=\s?(?:µs|us|ms|s|min|h|frames/s|frames per second|MB/s)\b)"),
    re.compile(r'(?<=\btime=")[^"]*|(?<=name="frames_per_second" value=")[^"]*'),
    re.compile(r'(?<=<p class="command"><code>).*?(?=</code>)', re.DOTALL),
    re.compile(r"\d+\.\d+\.\d+(?=[\s<,;-]|$)"),
)

_TIMES_OF_PAGE = re.compile(r"<h3>Time, seconds</h3>.*?</div>", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Compared:
    """A file that one run or both wrote; ``allowed``: it may differ."""

    name: str
    equal: bool
    allowed: bool
    found: str


def compare_folders(old: Path, new: Path, allow: Sequence[str] = ()) -> list[Compared]:
    """All files below two folders by name; those whose names match a pattern of ``allow`` may differ."""
    names = sorted({str(path.relative_to(folder)) for folder in (old, new) for path in folder.rglob("*")})
    compared = []
    for name in names:
        if (old / name).is_dir() and (new / name).is_dir():
            continue
        found = _difference(old / name, new / name, (old.parent, new.parent))
        allowed = any(fnmatch(name, pattern) for pattern in allow)
        compared.append(Compared(name, found in ("equal", "equal but for times"), allowed, found))
    return compared


def _difference(old: Path, new: Path, roots: tuple[Path, Path]) -> str:
    if not old.exists() or not new.exists():
        return "only the new one writes it" if new.exists() else "the new one does not write it"
    before, after = old.read_bytes(), new.read_bytes()
    if before == after:
        return "equal"
    mask = _MASKS.get(old.suffix)
    if mask is None:
        return _first_byte(before, after)
    texts = [data.decode().replace(str(root), "<folder>") for data, root in zip((before, after), roots, strict=True)]
    lines = [mask(text).splitlines() for text in texts]
    if lines[0] == lines[1]:
        return "equal but for times"
    for number, (line, other) in enumerate(zip(*lines, strict=False), 1):
        if line != other:
            return f"line {number} without times: {line.strip()[:60]!r}, now {other.strip()[:60]!r}"
    return f"{len(lines[0])} lines without times, now {len(lines[1])}"


def _first_byte(before: bytes, after: bytes) -> str:
    at = next((i for i, (a, b) in enumerate(zip(before, after, strict=False)) if a != b), min(len(before), len(after)))
    return f"different at byte {at}; {len(before)} bytes, now {len(after)}"


def mask_json(text: str) -> str:
    """A JSON report with sorted layers and without times; a trace as the names of its events."""
    report = json.loads(text)
    if isinstance(report, dict) and "traceEvents" in report:
        events = {(str(event.get("ph")), str(event.get("name"))) for event in report["traceEvents"]}
        return "\n".join(sorted(map(str, events)))
    if isinstance(report, dict) and "layers" in report:
        report["layers"].sort(key=lambda layer: str(layer.get("name")))
    if isinstance(report, dict) and "complete" in report:  # size, time and inode of the files of a resumable run
        report["complete"] = {name: facts[0] for name, facts in report["complete"].items()}
    return json.dumps(_without_times(report), indent=1)


def _without_times(value: object, key: str = "") -> object:
    if key in _MEASURED_KEYS or key.endswith(_MEASURED_ENDINGS):
        return f"<{key}>"
    if isinstance(value, dict):
        return {name: _without_times(item, name) for name, item in value.items()}
    return [_without_times(item) for item in value] if isinstance(value, list) else value


def mask_csv(text: str) -> str:
    """A profile without times, its rows sorted by name."""
    header, *rows = list(csv.reader(io.StringIO(text)))
    kept = [index for index, name in enumerate(header) if name not in _MEASURED_COLUMNS]
    masked = sorted(",".join(row[index] for index in kept) for row in rows)
    return "\n".join([",".join(header), *masked])


def mask_text(text: str) -> str:
    """A page, Markdown or JUnit without times, speeds and versions."""
    text = _TIMES_OF_PAGE.sub(lambda times: re.sub(r"(<dd>)[^<]*", r"\1<measured>", times[0]), text)
    for pattern in _TIMES:
        text = pattern.sub("<measured>", text)
    return "\n".join(map(_without_speed, text.splitlines()))


def _without_speed(line: str) -> str:
    """A row of the Markdown table of ``check`` without its speed."""
    cells = line.split(" | ")
    if line.startswith("| ") and len(cells) == 9:
        cells[7] = "<measured>"
    return " | ".join(cells)


def _mask_xml(text: str) -> str:
    # OpenVINO models contain no measurements
    return text if "<net " in text else mask_text(text)


_MASKS: dict[str, Callable[[str], str]] = {
    ".json": mask_json,
    ".csv": mask_csv,
    ".html": mask_text,
    ".md": mask_text,
    ".xml": _mask_xml,
}
