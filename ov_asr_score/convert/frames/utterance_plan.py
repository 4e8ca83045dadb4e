"""The frames that each node of a graph computes, for any length of the utterance.

Kaldi compiles a computation for one request. A graph with a free length needs the rule behind all such computations:
the frames that a node needs are found for many lengths, and written as a grid that holds them all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import lcm
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.grids import Grid, InputWindow, Interval
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.dependency import FrameWindow, Period
from ov_asr_score.kaldi_model.descriptors import format_descriptor
from ov_asr_score.kaldi_model.frames.computability import Simulation, Span, frame_sets
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, evaluation_order, time_period
from ov_asr_score.kaldi_model.frames.reach import reading_distance
from ov_asr_score.kaldi_model.network import Descriptor, KaldiNetwork, NodeRef

_SHORT = (0, 1, 2, 3, 5, 8, 13, 21)
# Every descriptor is examined for every remainder: 250 of them may take some seconds, 1000 take minutes.
_MOST_REMAINDERS = 250
MARGIN = 8
# A frame that no utterance has.
_NEVER = 1 << 28

Irregular: TypeAlias = Callable[["TimePlan", Descriptor, int, Grid], Interval]


@dataclass(frozen=True, slots=True)
class SimulatedLength:
    """What follows from a request whose last frame of scores is ``end``."""

    end: int
    simulation: Simulation

    def missing_scores(self, output: str, subsampling: int) -> NDArray[np.int64]:
        """The frames of scores that cannot be computed."""
        wanted = np.arange(0, self.end + 1, subsampling)
        return wanted[~self.simulation.span.taken(self.simulation.computable[(output, 0)], wanted)]


@dataclass(frozen=True)
class TimePlan:
    """The grids of all places that the ``outputs`` need, and the groups in which they are computed.

    From ``long_end`` on the beginning and the end of an utterance do not touch; what can be computed at its end depends
    on the length modulo ``period``. ``irregular`` describes frames that are not one interval.
    """

    network: KaldiNetwork
    outputs: tuple[str, ...]
    window: InputWindow
    subsampling: int
    groups: tuple[tuple[Place, ...], ...]
    grids: Mapping[Place, Grid]
    period: int
    long_end: int
    samples: tuple[SimulatedLength, ...]
    _at_edges: tuple[tuple[SimulatedLength, ...], ...]  # of first chunks, last ones, and only ones
    irregular: Irregular | None = None
    _simulated: dict[tuple[int, int, int], Simulation] = field(default_factory=dict)
    _irregular: dict[tuple[Descriptor, int, Grid], Interval] = field(default_factory=dict)

    def interval(self, descriptor: Descriptor, x: int, grid: Grid) -> Interval:
        """Where on ``grid`` a descriptor can be computed; what ``irregular`` says when that is no interval.

        Raises UnsupportedModelError when it is no interval and there is no ``irregular``.
        """
        try:
            return self._interval(descriptor, x, grid)
        except UnsupportedModelError:
            if self.irregular is None:
                raise
        key = (descriptor, x, grid)
        if key not in self._irregular:
            self._irregular[key] = self.irregular(self, descriptor, x, grid)
        return self._irregular[key]

    @property
    def is_whole(self) -> bool:
        """True: a request ends with the utterance."""
        return True

    def simulate(self, end: int, left: int, right: int) -> Simulation:
        """What can be computed for scores up to frame ``end`` from so many frames before and after them."""
        key = (end, left, right)
        if key not in self._simulated:
            (sample,) = simulate_lengths(
                self.network, self.outputs, self.groups, [end], (left, right), self.subsampling
            )
            self._simulated[key] = sample.simulation
        return self._simulated[key]

    def _interval(self, descriptor: Descriptor, x: int, grid: Grid) -> Interval:
        usual = self._bounds(self.samples, descriptor, x, grid)
        if not self.window.varies:
            return Interval(*usual, *usual)
        initial, final, only = (self._bounds(samples, descriptor, x, grid) for samples in self._at_edges)
        if (initial[1], final[0], only) != (usual[1], usual[0], (initial[0], final[1])):
            raise self._no_stretch(descriptor)
        return Interval(*usual, initial[0], final[1])

    def place_interval(self, place: Place, grid: Grid) -> Interval:
        """Where on ``grid`` a place can be computed."""
        return self.interval(NodeRef(place[0]), place[1], grid)

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """None: a request gives a row of scores for each step of subsampling."""
        return None

    def _bounds(
        self, samples: Sequence[SimulatedLength], descriptor: Descriptor, x: int, grid: Grid
    ) -> tuple[int | None, int | None]:
        seen: list[tuple[int, NDArray[np.int64], NDArray[np.bool_]]] = []
        for sample in samples:
            times = grid.times(sample.end)
            span = sample.simulation.span
            seen.append((sample.end, times, span.taken(sample.simulation.of_descriptor(descriptor, x), times)))
        if all(frames.all() for _, _, frames in seen):
            return None, None
        firsts = [int(times[frames][0]) for _, times, frames in seen if frames.any()]
        lasts = [int(times[frames][-1]) - end for end, times, frames in seen if frames.any()]
        first = min(firsts) if firsts and min(firsts) > grid.first else None
        last = max(lasts) if any(frames.any() and not frames[-1] for _, _, frames in seen) else None
        if not any(frames.any() for _, _, frames in seen):
            first, last = _NEVER, None
        for end, times, frames in seen:
            rule = np.ones(len(times), np.bool_)
            if first is not None:
                rule &= times >= first
            if last is not None:
                rule &= times <= end + last
            if not np.array_equal(rule, frames):
                raise self._no_stretch(descriptor)
        return first, last

    def _no_stretch(self, descriptor: Descriptor) -> UnsupportedModelError:
        """Reason: frame by frame, what is missing is known from its distance to the ends; Kaldi has no such mode."""
        return UnsupportedModelError(
            f"{self.network.source}: cannot be scored frame by frame: the frames for which "
            f"{format_descriptor(descriptor)} can be computed are not one stretch; expected frames from a fixed first "
            "one to a fixed distance from the end; leave time=frame out",
            fields=("time",),
        )


def plan_time(
    network: KaldiNetwork,
    outputs: Sequence[str],
    window: InputWindow,
    subsampling: int,
    irregular: Irregular | None = None,
    frames_per_chunk: int = 0,
) -> TimePlan:
    """The plan for requests whose scores are frames 0, ``subsampling``, ... of ``outputs``.

    ``frames_per_chunk`` 0: requests are utterances of any length. Raises UnsupportedModelError when an output cannot be
    computed from the window. Kaldi: ``ComputationGraphBuilder`` then ends with an error, for this utterance or all.
    Reason: one graph is made for utterances of all lengths.
    """
    groups = tuple(evaluation_order(network, outputs))
    period, long = plan_period(network, groups, window, subsampling)
    ends = _sample_ends(period, long, subsampling)
    usual = (window.left_usual, window.right_usual)
    samples = simulate_lengths(network, outputs, groups, ends, usual, subsampling)
    edges = [samples] * 3
    if window.varies:
        edges = [
            simulate_lengths(network, outputs, groups, ends, contexts, subsampling)
            for contexts in (
                (window.left_initial, window.right_usual),
                (window.left_usual, window.right_final),
                (window.left_initial, window.right_final),
            )
        ]
    initial, final, only = edges
    longest = frames_per_chunk - subsampling if frames_per_chunk else max(ends)
    # Only the last chunk of an utterance is shorter than others.
    whole = [sample for sample in (*samples, *initial) if sample.end == longest or not window.varies]
    for name in outputs:
        for sample in (sample for sample in (*whole, *final, *only) if sample.end <= longest):
            missing = sample.missing_scores(name, subsampling)
            if len(missing):
                does_when_long = any(not len(long.missing_scores(name, subsampling)) for long in samples)
                advice = (
                    "it needs longer utterances, and models are converted for utterances of any length"
                    if does_when_long
                    else "does it depend on itself without a delay, or on an input that is not given?"
                )
                raise UnsupportedModelError(
                    f"{network.source}: output '{name}' cannot be computed at frame {missing[0]} of 0..{sample.end} "
                    f"from input frames {-window.left}..{sample.end + window.right}; {advice}"
                )
    grids: dict[Place, Grid] = {}
    for group in groups:
        for place in group:
            grid = smallest_grid([*samples, *initial, *final, *only], place, subsampling)
            if grid is not None:
                grids[place] = grid
    outputs = tuple(outputs)
    return TimePlan(
        network, outputs, window, subsampling, groups, grids, period, long, samples, tuple(edges), irregular
    )


def plan_period(
    network: KaldiNetwork, groups: Sequence[tuple[Place, ...]], window: InputWindow, subsampling: int
) -> tuple[int, int]:
    """``period`` and ``long_end`` of a plan. Reason for the limit: every remainder of a length is simulated."""
    period, reach = lcm(subsampling, time_period(network)), window.left + window.right
    for component in network.components.values():
        dependency = component.reads
        if isinstance(dependency, Period):
            period, reach = lcm(period, dependency.length), reach + dependency.length
        elif isinstance(dependency, FrameWindow):
            period, reach = lcm(period, dependency.step), reach + dependency.left + dependency.right
    if period > _MOST_REMAINDERS * subsampling:
        raise UnsupportedModelError(
            f"{network.source}: expected frames that take turns of at most {_MOST_REMAINDERS * subsampling}, found "
            f"{period}; see periods of statistics, Switch and Round"
        )
    # What is only used where it can be computed may lie farther away than the contexts.
    reach = max(reach, reading_distance(network, groups))
    return period, -(-(2 * reach + 2 * period + 20) // period) * period


def _sample_ends(period: int, long: int, subsampling: int) -> list[int]:
    """Last frames of scores to try: short utterances, and long ones with every remainder of their length.

    One of these comes in two lengths, to tell apart what depends on the length and what does not.
    """
    return [end * subsampling for end in _SHORT] + [long + add for add in range(0, period + subsampling, subsampling)]


def simulate_lengths(
    network: KaldiNetwork,
    outputs: Sequence[str],
    groups: Sequence[tuple[Place, ...]],
    ends: Sequence[int],
    contexts: tuple[int, int],
    subsampling: int,
    *,
    first_only: bool = False,
    margin: int = MARGIN,
) -> tuple[SimulatedLength, ...]:
    """What can be computed, and what is needed, for each of ``ends``; ``first_only``: for frame 0 of the outputs.

    ``margin`` frames are simulated beyond those that the outputs may read.
    """
    left, right = contexts
    margin += reading_distance(network, groups)
    samples = []
    for end in ends:
        span = Span(-left - margin, left + end + right + 1 + 2 * margin)
        features = (span.times >= -left) & (span.times <= end + right)
        available = {node.name: features if node.name == "input" else span.times == 0 for node in network.inputs}
        last = 0 if first_only else end
        wanted = (span.times >= 0) & (span.times <= last) & (span.times % subsampling == 0)
        samples.append(
            SimulatedLength(end, frame_sets(network, groups, span, available, dict.fromkeys(outputs, wanted)))
        )
    return tuple(samples)


def smallest_grid(
    samples: Sequence[SimulatedLength], place: Place, subsampling: int, least_end: int = 0
) -> Grid | None:
    """The smallest grid that holds the frames of a place that the samples need; None if they need none."""
    needed: list[tuple[int, NDArray[np.int64]]] = []
    for sample in samples:
        frames = sample.simulation.needed.get(place)
        if frames is not None and frames.any():
            needed.append((sample.end, sample.simulation.span.times[frames]))
    if not needed:
        return None
    first = min(int(times[0]) for _, times in needed)
    step = int(np.gcd.reduce(np.concatenate([times for _, times in needed]) - first))
    if len({int(times[-1]) for _, times in needed}) == 1:
        return Grid(first, max(step, 1), int(needed[0][1][-1]), fixed=True)
    # Every grid has a frame in utterances of any length, so that numbers of frames are differences of first and last.
    last = max(first - least_end, *(int(times[-1]) - end for end, times in needed))
    if subsampling % step == 0:
        last -= (last - first) % step
    return Grid(first, step, last)
