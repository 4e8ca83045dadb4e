"""Ranges of the values of a graph, measured on utterances.

Tests: tests/gna/compiler/test_scale_factors.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.value_ranges import Float64Array, ValueRange
from ov_asr_score.gna.graphs.float_graph import Float32Array, GnaGraph
from ov_asr_score.gna.graphs.float_program import FloatProgram

MOST_FRAMES = 4000
"""Number of frames that are measured at most."""

Frames = Sequence[Float32Array]
"""An utterance: [T, D] for each input of the graph."""


def measured(graph: GnaGraph, ranges: Mapping[str, ValueRange], utterances: Sequence[Frames]) -> dict[str, ValueRange]:
    """``ranges`` with means, variances and peaks of all values measured on ``utterances`` in float arithmetic."""
    program = FloatProgram(graph)
    totals = {value: _Total(size) for value, size in graph.sizes.items()}
    left = MOST_FRAMES
    for frames in utterances:
        length = min(len(frames[0]), left)
        left -= length
        # Without memory, frames are independent and can be computed side by side.
        memory = program.new_memory(1 if graph.memories else length)
        for first in range(length) if graph.memories else [0] * min(length, 1):
            count = 1 if graph.memories else length
            program.run(memory, [np.asarray(frame[first : first + count], np.float32) for frame in frames])
            for value, values in program.values(memory).items():
                totals[value].add(values)
    return {
        value: totals[value].put_into(values) if value in totals and totals[value].count else values
        for value, values in ranges.items()
    }


class _Total:
    """Sums of one value over frames."""

    def __init__(self, size: int) -> None:
        self.count = 0
        self.sum: Float64Array = np.zeros(size)
        self.squares: Float64Array = np.zeros(size)
        self.peak: Float64Array = np.zeros(size)

    def add(self, values: NDArray[np.float32]) -> None:
        finite = np.nan_to_num(values.astype(np.float64))
        self.count += len(finite)
        self.sum += finite.sum(axis=0)
        self.squares += (finite**2).sum(axis=0)
        self.peak = np.maximum(self.peak, np.abs(finite).max(axis=0))

    def put_into(self, values: ValueRange) -> ValueRange:
        mean = self.sum / self.count
        variance = np.maximum(self.squares / self.count - mean**2, 0.0)
        return replace(values, mean=mean, variance=variance, peak=self.peak)
