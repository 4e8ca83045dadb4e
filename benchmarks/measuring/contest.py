"""Measures one model with all contestants, in turns."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks.contestants import bound
from benchmarks.contestants.kaldi_programs import kaldi
from benchmarks.contestants.onnx_copy import onnxruntime
from benchmarks.contestants.processes import ONE, OldWay, frames_for, one_utterance, read_speech, save_framewise, score
from benchmarks.measuring.machine import Machine
from benchmarks.measuring.turns import Contestant, ratios, spread, take_turns
from benchmarks.models.subjects import (
    BOUND,
    BOUND_BF16,
    BOUND_OPERATIONS,
    BOUND_OPERATIONS_BF16,
    KALDI,
    OLD_2023_EIGHT,
    OLD_2023_ONE,
    OLD_EIGHT,
    OLD_ONE,
    ONNXRUNTIME,
    PEAK,
    PEAK_BF16,
    SCORE,
    SCORE_BF16,
    SCORE_STARTED,
    SCORE_STARTED_BF16,
    Subject,
)
from benchmarks.reports.results import SubjectResult

OLD_PYTHON = "OV_2023_PYTHON"
"""Environment variable with the path of a Python that has OpenVINO 2023.3."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Duration of the measurements: turns, and seconds per turn by kind of contestant; ``most_bytes`` of files."""

    folder: Path
    turns: int
    score_seconds: float
    old_seconds: float
    bound_seconds: float
    full: bool
    most_frames: int = 1_000_000
    most_bytes: int = 4_000_000_000

    def most_frames_of(self, subject: Subject) -> float:
        """Number of frames within ``most_frames`` whose features and scores fit into ``most_bytes``."""
        return min(self.most_frames, self.most_bytes / (4 * (subject.dim + subject.outputs // subject.factor)))


F32_NAMES, BF16_NAMES = (SCORE, BOUND, PEAK), (SCORE_BF16, BOUND_BF16, PEAK_BF16)

QUICK = {"turns": 3, "score_seconds": 3.0, "old_seconds": 0.8, "bound_seconds": 1.0, "full": False}
FULL = {
    "turns": 5,
    "score_seconds": 25.0,
    "old_seconds": 3.0,
    "bound_seconds": 5.0,
    "full": True,
    "most_frames": 10_000_000,
    "most_bytes": 12_000_000_000,
}


@dataclass(frozen=True, slots=True)
class _LineUp:
    """The contestants; ``starts`` score one utterance; ``notes`` and ``frames`` by name of the contestant."""

    contestants: list[Contestant] = field(default_factory=list)
    starts: list[Contestant] = field(default_factory=list)
    notes: dict[str, str] = field(default_factory=dict)
    frames: dict[str, int] = field(default_factory=dict)


def measure(subject: Subject, machine: Machine, settings: Settings, tell: Callable[[str], None]) -> SubjectResult:
    """All figures of one model. Raises CommandFailed if a contestant fails."""
    tell = _told_of(subject.name, tell)
    line_up = _LineUp()
    with ExitStack() as stack:
        _add_old_ways(line_up, subject, settings, stack)
        speed = _add_precision(line_up, subject, machine, settings, "f32", F32_NAMES, tell)
        if machine.has_bf16:
            _add_precision(line_up, subject, machine, settings, "bf16", BF16_NAMES, tell)
        _add_others(line_up, subject, machine, settings, speed)
        for start in line_up.starts:
            start.run()  # so that the converted model is in the cache
        speeds_to_start = take_turns(line_up.starts, settings.turns, _told_of("one utterance", tell))
        figures = take_turns(line_up.contestants, settings.turns, tell)
    start_seconds = {name: [ONE / value for value in values] for name, values in speeds_to_start.items()}
    figures |= _derived(figures, subject, line_up, start_seconds)
    return SubjectResult(
        name=subject.name,
        figures=figures,
        spreads={name: spread(values) for name, values in figures.items()},
        ratios=ratios(figures, subject.targets),
        start_seconds={name: spread(values) for name, values in start_seconds.items()},
        frames=line_up.frames,
        notes=line_up.notes,
    )


def _add_precision(
    line_up: _LineUp,
    subject: Subject,
    machine: Machine,
    settings: Settings,
    precision: str,
    names: tuple[str, str, str],
    tell: Callable[[str], None],
) -> float:
    """Add the bound, ``score`` and the peak in a precision; frames per second of the bound."""
    score_name, bound_name, peak_name = names
    folder = settings.folder
    shape, speed, at_best = bound.search(subject, precision, settings.bound_seconds, tell, full=settings.full)
    count = frames_for(speed, settings.score_seconds, settings.most_frames_of(subject))
    features = read_speech(folder, subject, count)
    line_up.frames[score_name] = count
    line_up.contestants.append(score(score_name, subject, features, precision, folder))
    line_up.starts.append(score(score_name, subject, one_utterance(folder, subject), precision, folder))
    line_up.notes[score_name] = f"{features.utterances} utterances, {count:,} frames, archive to archive"
    if settings.full:
        nowhere = f"{score_name}, to /dev/null"
        line_up.contestants.append(score(nowhere, subject, features, precision, folder, "ark:/dev/null"))
        line_up.notes[nowhere] = "the same, scores thrown away"
    line_up.contestants.append(replace(at_best, name=bound_name))
    line_up.notes[bound_name] = f"fed from memory, {shape.text}"
    if subject.operations_per_frame():
        line_up.contestants.append(replace(bound.peak(precision, machine.cores), name=peak_name))
        line_up.notes[peak_name] = "products of matrices of 2048 x 2048"
    return speed


def _add_old_ways(line_up: _LineUp, subject: Subject, settings: Settings, stack: ExitStack) -> None:
    """Add the old sample's method with one and with eight frames per request, rounded to whole rows."""
    python_2023 = os.environ.get(OLD_PYTHON)
    for frames, name, name_2023 in ((1, OLD_ONE, OLD_2023_ONE), (8, OLD_EIGHT, OLD_2023_EIGHT)):
        path = save_framewise(subject, frames, settings.folder)
        kinds = [(name, sys.executable, "f32", "f32")]
        if python_2023:
            kinds.append((name_2023, python_2023, "default", "the runtime's own precision"))
        for contestant, python, precision, words in kinds:
            old = stack.enter_context(OldWay(contestant, python, path, precision, settings.old_seconds))
            line_up.contestants.append(old.contestant())
            per_request = f"{old.at_once} frame{'s' if old.at_once > 1 else ''} per request"
            line_up.notes[contestant] = f"{per_request}, one after the other, {words}, OpenVINO {old.openvino}"


def _add_others(line_up: _LineUp, subject: Subject, machine: Machine, settings: Settings, speed: float) -> None:
    """Add the contestants whose programs are installed."""
    # Kaldi gets fewer frames, because it is slower.
    count = frames_for(speed / 2, settings.score_seconds, settings.most_frames_of(subject) / 2)
    theirs = kaldi(subject, settings.folder, count, machine.cores)
    if theirs is not None:
        line_up.contestants.append(theirs)
        line_up.notes[KALDI] = (
            f"{subject.program}, {machine.cores} processes, {count:,} frames, archive to archive, f32"
        )
    other = onnxruntime(subject, settings.folder, machine.cores) if subject.rows and subject.is_kaldi else None
    if other is not None:
        line_up.contestants.append(other)
        line_up.notes[ONNXRUNTIME] = "fed from memory, 512 frames per request, f32"


def _derived(
    figures: dict[str, list[float]], subject: Subject, line_up: _LineUp, start_seconds: dict[str, list[float]]
) -> dict[str, list[float]]:
    """Figures derived from others: the bound in operations, and ``score`` without its startup."""
    derived = {}
    operations = subject.operations_per_frame()
    for source, name in ((BOUND, BOUND_OPERATIONS), (BOUND_BF16, BOUND_OPERATIONS_BF16)):
        if operations and source in figures:
            derived[name] = [value * operations for value in figures[source]]
            line_up.notes[name] = f"{operations / 1e6:.1f} million operations per frame"
    for source, name in ((SCORE, SCORE_STARTED), (SCORE_BF16, SCORE_STARTED_BF16)):
        if source in figures:
            frames = line_up.frames[source]
            derived[name] = [without_start(frames, value, start_seconds[source]) for value in figures[source]]
            line_up.notes[name] = "the same less the time for one utterance"
    return derived


def without_start(frames: int, speed: float, start_seconds: Sequence[float]) -> float:
    """Frames per second of a run at ``speed`` without the duration of a run of one utterance."""
    seconds = frames / speed - min(start_seconds)
    # A run that is as short as the startup says nothing about the rest.
    return (frames - ONE) / seconds if seconds > 0 and frames > ONE else speed


def _told_of(subject: str, tell: Callable[[str], None]) -> Callable[[str], None]:
    return lambda text: tell(f"{subject}: {text}")
