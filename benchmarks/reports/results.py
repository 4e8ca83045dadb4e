"""Results of the harness as plain data, and as JSON."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measuring.machine import Machine
from benchmarks.measuring.small_jobs import Memory, Small
from benchmarks.measuring.turns import Ratio, Spread


@dataclass(frozen=True, slots=True)
class SubjectResult:
    """Figures of one model: work per second by contestant and turn, and their statistics.

    ``start_seconds`` is the time of ``score`` for one utterance, by contestant; ``notes`` say how each ran.
    """

    name: str
    figures: dict[str, list[float]]
    spreads: dict[str, Spread]
    ratios: list[Ratio]
    start_seconds: dict[str, Spread]
    frames: dict[str, int]
    notes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Results:
    """All results; ``mode`` is ``quick`` or ``full``, ``seconds`` the duration of the whole run."""

    mode: str
    machine: Machine
    turns: int
    seconds: float
    subjects: list[SubjectResult]
    small: list[Small]
    memory: list[Memory]


def write_json(path: Path, results: Results) -> None:
    """Write all results as JSON."""
    content = asdict(results)
    for subject, result in zip(content["subjects"], results.subjects, strict=True):
        for ratio, source in zip(subject["ratios"], result.ratios, strict=True):
            ratio["reached"] = source.reached
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
