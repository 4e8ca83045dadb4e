"""One model, all contestants: who takes part, their turns, and what comes of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import bound
from benchmarks.contestants import ONE, OldWay, frames_for, one_utterance, read_speech, save_framewise, score
from benchmarks.kaldi_programs import kaldi
from benchmarks.machine import Machine
from benchmarks.onnx_copy import onnxruntime
from benchmarks.results import SubjectResult
from benchmarks.subjects import (
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
    SCORE_STEADY,
    SCORE_STEADY_BF16,
    Subject,
)
from benchmarks.turns import Contestant, ratios, spread, take_turns

OLD_PYTHON = "OV_2023_PYTHON"
"""Names a Python that has OpenVINO 2023.3."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How long everything takes: turns, and seconds of a turn of each kind of contestant; ``most_bytes`` of files."""

    folder: Path
    turns: int
    score_seconds: float
    old_seconds: float
    bound_seconds: float
    full: bool
    most_frames: int = 1_500_000
    most_bytes: int = 4_000_000_000

    def most_frames_of(self, subject: Subject) -> float:
        """What fits into ``most_frames`` and, with features and scores, into ``most_bytes``."""
        return min(self.most_frames, self.most_bytes / (4 * (subject.dim + subject.outputs // subject.factor)))


QUICK = {"turns": 3, "score_seconds": 4.0, "old_seconds": 0.8, "bound_seconds": 1.0, "full": False}
FULL = {
    "turns": 5,
    "score_seconds": 25.0,
    "old_seconds": 3.0,
    "bound_seconds": 5.0,
    "full": True,
    "most_bytes": 12_000_000_000,
}


def measure(subject: Subject, machine: Machine, settings: Settings, tell: Callable[[str], None]) -> SubjectResult:
    """All figures of one model. Raises CommandFailed when a contestant cannot do it."""
    notes: dict[str, str] = {}
    frames: dict[str, int] = {}
    with ExitStack() as stack:
        contestants = _old_ways(subject, machine, settings, stack)
        starts: list[Contestant] = []
        speed = 0.0
        precisions = [("f32", SCORE, BOUND, PEAK)]
        if machine.has_bf16:
            precisions.append(("bf16", SCORE_BF16, BOUND_BF16, PEAK_BF16))
        for precision, score_name, bound_name, peak_name in precisions:
            shape, at_best = bound.search(subject, precision, settings.bound_seconds, tell, full=settings.full)
            notes[bound_name] = shape.text
            speed = speed or _speed(at_best)
            count = frames_for(speed, settings.score_seconds, settings.most_frames_of(subject))
            features = read_speech(settings.folder, subject, count)
            notes[score_name] = f"{features.utterances} utterances, {count:,} frames, archive to archive"
            frames[score_name] = count
            contestants.append(score(score_name, subject, features, precision, settings.folder))
            if settings.full:
                nowhere = f"{score_name}, to /dev/null"
                notes[nowhere] = "the same without files for scores"
                contestants.append(score(nowhere, subject, features, precision, settings.folder, "ark:/dev/null"))
            starts.append(
                score(score_name, subject, one_utterance(settings.folder, subject), precision, settings.folder)
            )
            contestants.append(replace(at_best, name=bound_name))
            if subject.operations_per_frame():
                contestants.append(replace(bound.peak(precision, machine.cores), name=peak_name))
                notes[peak_name] = "products of matrices of 2048 x 2048"
        contestants += _others(subject, machine, settings, speed, notes)
        for start in starts:
            start.run()  # so that the converted model is in the cache
        speeds_to_start = take_turns(
            starts, settings.turns, lambda text: tell(f"{subject.name}, one utterance: {text}")
        )
        figures = take_turns(contestants, settings.turns, lambda text: tell(f"{subject.name}: {text}"))
    operations = subject.operations_per_frame()
    for source, name in ((BOUND, BOUND_OPERATIONS), (BOUND_BF16, BOUND_OPERATIONS_BF16)):
        if operations and source in figures:
            figures[name] = [value * operations for value in figures[source]]
    start_seconds = {name: [ONE / value for value in values] for name, values in speeds_to_start.items()}
    for source, name in ((SCORE, SCORE_STEADY), (SCORE_BF16, SCORE_STEADY_BF16)):
        if source in figures:
            figures[name] = [without_start(frames[source], value, start_seconds[source]) for value in figures[source]]
            notes[name] = "the same less the time for one utterance"
    notes |= _old_notes(subject)
    return SubjectResult(
        name=subject.name,
        figures=figures,
        spreads={name: spread(values) for name, values in figures.items()},
        ratios=ratios(figures, subject.targets),
        start_seconds={name: spread(values) for name, values in start_seconds.items()},
        frames=frames,
        notes={name: text for name, text in notes.items() if name in figures},
    )


def _old_ways(subject: Subject, machine: Machine, settings: Settings, stack: ExitStack) -> list[Contestant]:
    python = os.environ.get(OLD_PYTHON)
    found = []
    for frames, name, name_2023 in ((1, OLD_ONE, OLD_2023_ONE), (8, OLD_EIGHT, OLD_2023_EIGHT)):
        path = save_framewise(subject, frames, settings.folder)
        this = stack.enter_context(OldWay(name, sys.executable, path, "f32", settings.old_seconds))
        found.append(this.contestant())
        if python:
            that = stack.enter_context(OldWay(name_2023, python, path, "default", settings.old_seconds))
            found.append(that.contestant())
    return found


def _others(
    subject: Subject, machine: Machine, settings: Settings, speed: float, notes: dict[str, str]
) -> list[Contestant]:
    """Contestants that are there where their programs are installed."""
    # Kaldi is given less to do, as it takes longer.
    count = frames_for(speed / 4, settings.score_seconds, settings.most_frames_of(subject) / 4)
    found = [kaldi(subject, settings.folder, count, machine.cores)]
    notes[KALDI] = f"{subject.program}, {machine.cores} processes, {count:,} frames, archive to archive"
    if subject.rows and subject.is_kaldi:
        found.append(onnxruntime(subject, settings.folder, machine.cores))
        notes[ONNXRUNTIME] = "fed from memory with batches of 512, f32"
    return [contestant for contestant in found if contestant is not None]


def _old_notes(subject: Subject) -> dict[str, str]:
    least = subject.factor
    eight = -(-8 // least) * least
    kind = "request by request, one after the other, f32"
    own = "request by request, one after the other, the runtime's own precision"
    return {
        OLD_ONE: f"{least} frame{'s' if least > 1 else ''} per request, {kind}",
        OLD_EIGHT: f"{eight} frames per request, {kind}",
        OLD_2023_ONE: f"{least} frame{'s' if least > 1 else ''} per request, {own}",
        OLD_2023_EIGHT: f"{eight} frames per request, {own}",
    }


def without_start(frames: int, speed: float, start_seconds: Sequence[float]) -> float:
    """Frames per second of a run at ``speed``, had it begun when a run of one utterance ends."""
    seconds = frames / speed - min(start_seconds)
    # A run that is as short as the start says nothing about the rest of it.
    return (frames - ONE) / seconds if seconds > 0 else speed


def _speed(contestant: Contestant) -> float:
    work, seconds = contestant.run()
    return work / seconds
