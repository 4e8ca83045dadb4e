"""Upper bound of the runtime: a compiled model fed from memory, with the fastest batch and streams."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from benchmarks.measuring.machine import usable_cores
from benchmarks.measuring.timing import compile_for, matrix_product, rounds
from benchmarks.measuring.turns import Contestant
from benchmarks.models.subjects import Subject
from ov_asr_score.openvino_api import ov

MOST_FRAMES = 20_000
"""Largest number of frames in flight; the scores of more would fill the memory."""

QUICK_SEARCH, FULL_SEARCH = 10.0, 120.0
"""Seconds after which a search starts no further trial."""


@dataclass(frozen=True, slots=True)
class Shape:
    """``batch`` utterances of ``frames`` frames in each of ``streams`` requests; ``fixed``: compiled for this shape."""

    batch: int
    frames: int
    streams: int
    fixed: bool = False

    @property
    def size(self) -> int:
        """Frames in flight."""
        return self.batch * self.frames * self.streams

    @property
    def text(self) -> str:
        """The shape in words."""
        frames = f"{self.batch} x {self.frames}" if self.batch > 1 else str(self.frames)
        kind = ", fixed shape" if self.fixed else ""
        return f"{frames} frames per request, {self.streams} stream{'s' if self.streams > 1 else ''}{kind}"


def shapes_to_try(subject: Subject, cores: int, *, full: bool) -> list[Shape]:
    """The shapes that the search tries: rows of one request, or utterances by frames, for one stream and for more.

    Small requests come first.
    """
    streams = sorted({1, cores})
    if subject.rows:
        rows = (64, 128, 256, 512, 1024, 2048) if full else (128, 512, 2048)
        return [Shape(1, count, num_streams) for num_streams in streams for count in rows]
    batches, frames = ((1, 2, 4, 8, 16, 32), (300, 600, 1200)) if full else ((1, 4, 16), (300, 1200))
    tried = [Shape(batch, length, num_streams) for num_streams in streams for batch in batches for length in frames]
    return sorted((shape for shape in tried if shape.size <= MOST_FRAMES), key=lambda shape: shape.size)


def search(
    subject: Subject, precision: str, seconds: float, tell: Callable[[str], None], *, full: bool
) -> tuple[Shape, float, Contestant]:
    """The fastest shape, the most frames per second seen, and the contestant that runs it ``seconds`` a turn."""
    model = subject.whole()
    shapes = shapes_to_try(subject, usable_cores(), full=full)
    compiled = {streams: compile_for(model, streams, precision) for streams in {shape.streams for shape in shapes}}
    speeds: dict[Shape, float] = {}
    started = time.perf_counter()
    for shape in shapes:
        if speeds and time.perf_counter() - started > (FULL_SEARCH if full else QUICK_SEARCH):
            tell(f"search in {precision}: no time left for {len(shapes) - len(speeds)} larger shapes")
            break
        run = rounds(compiled[shape.streams], shape.streams, inputs_for(model, shape))
        run()  # allocates
        speeds[shape] = shape.size / min(_times(run, 0.5 if full else 0.25))
        tell(f"search in {precision}: {shape.text}: {speeds[shape]:,.0f} frames/s")
    best_first = sorted(speeds, key=lambda shape: -speeds[shape])
    runs = {shape: rounds(compiled[shape.streams], shape.streams, inputs_for(model, shape)) for shape in best_first[:2]}
    first = best_first[0]
    fixed = Shape(first.batch, first.frames, first.streams, fixed=True)
    inputs = inputs_for(model, first)
    runs[fixed] = rounds(compile_for(_reshaped(model, inputs), first.streams, precision), first.streams, inputs)
    # In turns, because the first one may just have had the quietest moment.
    tried: dict[Shape, list[float]] = {shape: [] for shape in runs}
    for turn in range(4):
        for shape, run in runs.items():
            passed = list(_times(run, 0.1))
            if turn:
                tried[shape].append(shape.size / min(passed))
    best = max(tried, key=lambda shape: median(tried[shape]))
    # A turn slowed down by other processes says nothing about how much work a turn should have.
    speed = max(*speeds.values(), *tried[best])
    count = max(1, round(seconds * speed / best.size))
    return best, speed, Contestant(f"bound {precision}", _turn(runs[best], best.size * count, count))


def peak(precision: str, streams: int) -> Contestant:
    """Peak of the machine: products of matrices of 2048 rows and columns."""
    run, operations = matrix_product(2048, streams, precision)
    run()
    count = max(1, round(0.5 / _seconds(run)))
    return Contestant(f"peak {precision}", _turn(run, operations * count, count))


def inputs_for(model: ov.Model, shape: Shape) -> list[NDArray[np.float32]]:
    """Random inputs for one request: [B, T, D] or [T, D] for frames, [B, D] for vectors."""
    random = np.random.default_rng(1)
    timed = any(len(port.get_partial_shape()) == 3 for port in model.inputs)
    arrays = []
    for port in model.inputs:
        lengths = port.get_partial_shape()
        width = lengths[len(lengths) - 1].get_length()
        rows = (shape.batch, shape.frames) if len(lengths) == 3 else (shape.batch if timed else shape.frames,)
        arrays.append(random.standard_normal((*rows, width)).astype(np.float32))
    return arrays


def _reshaped(model: ov.Model, inputs: list[NDArray[np.float32]]) -> ov.Model:
    copy = model.clone()
    copy.reshape({port: list(values.shape) for port, values in zip(copy.inputs, inputs, strict=True)})
    return copy


def _turn(run: Callable[[], None], work: float, count: int) -> Callable[[], tuple[float, float]]:
    def turn() -> tuple[float, float]:
        started = time.perf_counter()
        for _ in range(count):
            run()
        return work, time.perf_counter() - started

    return turn


def _times(run: Callable[[], None], least: float) -> Iterator[float]:
    """Seconds of rounds, until they add up to ``least`` seconds."""
    total = 0.0
    while total < least:
        seconds = _seconds(run)
        total += seconds
        yield seconds


def _seconds(run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return time.perf_counter() - started
