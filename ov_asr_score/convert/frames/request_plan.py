"""The frames that each node computes for one request whose frames of input and of scores are all known.

Kaldi compiles a computation for the frames that an example has; here, too, nothing is assumed of other lengths.

Tests: tests/egs/test_kaldi_figures.py, tests/job/test_egs_prob.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid, InputWindow
from ov_asr_score.convert.frames.irregular_frames import FramePattern, FrameTables
from ov_asr_score.convert.frames.utterance_plan import SimulatedLength, TimePlan, smallest_grid
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.computability import Span, frame_sets
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, evaluation_order
from ov_asr_score.kaldi_model.frames.reach import reading_distance
from ov_asr_score.kaldi_model.network import Descriptor, KaldiNetwork

_WINDOW = InputWindow(0, 0, 0, 0)
_MARGIN = 8
# More is damage: two hours of frames.
_LONGEST_SPAN = 720_000

Times = NDArray[np.int64]


@dataclass(frozen=True)
class RequestPlan(TimePlan):
    """The plan of such a request; all grids are fixed, and their frames are those of the request itself."""

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """The frames of the fixed grid ``window`` from the first to the last at which a descriptor can be computed."""
        simulation = self.samples[0].simulation
        times = window.times(0)
        frames = times[simulation.span.taken(simulation.of_descriptor(descriptor, x), times)]
        return Grid(int(frames[0]), window.step, int(frames[-1]), fixed=True) if len(frames) else None


def plan_request(network: KaldiNetwork, inputs: Mapping[str, Times], outputs: Mapping[str, Times]) -> RequestPlan:
    """The plan for the frames ``outputs`` of the output nodes, from the frames ``inputs`` of the input nodes.

    ``network`` has no nodes but those that the outputs need. Raises UnsupportedModelError when a frame of an output
    cannot be computed, and for frames that are too far apart. Kaldi: ``ComputationGraphBuilder`` finds no computation.
    Reason for the second: all frames in between are simulated.
    """
    names = tuple(outputs)
    groups = tuple(evaluation_order(network, names))
    margin = _MARGIN + reading_distance(network, groups)
    every = np.concatenate([*inputs.values(), *outputs.values()])
    span = Span(int(every.min()) - margin, int(every.max()) - int(every.min()) + 1 + 2 * margin)
    if span.length > _LONGEST_SPAN:
        raise UnsupportedModelError(f"expected frames near each other, found t from {every.min()} to {every.max()}")
    available = {name: span.scattered(times) for name, times in inputs.items()}
    wanted = {name: span.scattered(times) for name, times in outputs.items()}
    simulation = frame_sets(network, groups, span, available, wanted)
    for name, times in outputs.items():
        missing = times[~span.taken(simulation.computable[(name, 0)], times)]
        if len(missing):
            raise UnsupportedModelError(
                f"output '{name}' cannot be computed at frame {missing[0]} from {_extents(network, inputs)}; does the "
                "example belong to this model?"
            )
    sample = (SimulatedLength(0, simulation),)
    grids: dict[Place, Grid] = {}
    for place in (place for group in groups for place in group):
        grid = smallest_grid(sample, place, 1)
        if grid is not None:
            grids[place] = grid
    return RequestPlan(network, names, _WINDOW, 1, groups, grids, 1, 0, sample, (sample,) * 3, _listed)


def _listed(plan: TimePlan, descriptor: Descriptor, x: int, grid: Grid) -> FramePattern:
    """The frames of ``grid`` at which a descriptor can be computed, one flag for each."""
    simulation = plan.samples[0].simulation
    flags = simulation.span.taken(simulation.of_descriptor(descriptor, x), grid.times(0))
    tables = FrameTables(flags, 1, np.ones((1, 1), np.bool_), np.zeros((0, 1), np.bool_))
    return FramePattern(None, None, None, None, tables=(tables,))


def grid_of_times(times: Times) -> Grid:
    """The smallest grid that holds ``times`` [N], which differ."""
    step = int(np.gcd.reduce(np.diff(np.sort(times)))) if len(times) > 1 else 1
    return Grid(int(times.min()), step, int(times.max()), fixed=True)


def _extents(network: KaldiNetwork, inputs: Mapping[str, Times]) -> str:
    parts = [f"{name} {times.min()}..{times.max()}" for name, times in inputs.items()]
    without = [f"no {node.name}" for node in network.inputs if node.name not in inputs]
    return ", ".join(parts + without)
