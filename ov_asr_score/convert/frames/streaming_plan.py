"""The frames that each node computes in one request of a frame graph, and those it remembers from earlier requests.

A request brings F frames of features; request k those from k F - left on, where the utterance begins with copies of its
first frame. A node computes F frames as well, but earlier ones: it lags behind the features by the frames that it
looks ahead. Grids of a frame graph are in the time of the request, so that frame t of request k stands for
frame k F + t of the utterance (frame 0 is the first frame of scores).

Tests: tests/golden/test_frame_graphs.py, tests/golden/test_plans.py
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import lcm

from ov_asr_score.convert.frames.grids import Grid, Interval
from ov_asr_score.convert.frames.loop_step import group_step
from ov_asr_score.convert.frames.utterance_plan import TimePlan
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, input_places, is_recurrent, time_period
from ov_asr_score.kaldi_model.frames.reach import Span, component_periods, reading_spans
from ov_asr_score.kaldi_model.network import Descriptor, InputNode, KaldiNetwork, NodeRef

_FEATURES: Place = ("input", 0)


@dataclass(frozen=True)
class FramePlan:
    """A plan for requests of ``frames`` frames; ``held`` is how many frames of each place are remembered.

    ``needed`` are the frames of the utterance that the scores need, those of a loop together. ``steady`` are
    places that do not change over time (i-vectors and what is computed from them alone). ``delay`` is the number of
    frames of scores before frame 0; ``early`` copies of the first frame are fed in addition to the left context. ``at``
    is the place whose descriptors intervals are for.
    """

    whole: TimePlan
    frames: int
    grids: Mapping[Place, Grid]
    held: Mapping[Place, int]
    needed: Mapping[Place, Grid]
    steady: frozenset[Place]
    delay: int
    early: int = 0
    at: Place = _FEATURES

    @property
    def network(self) -> KaldiNetwork:
        """The network of the plan."""
        return self.whole.network

    @property
    def outputs(self) -> tuple[str, ...]:
        """Names of the output nodes."""
        return self.whole.outputs

    @property
    def groups(self) -> tuple[tuple[Place, ...], ...]:
        """Groups of places in the order in which they are computed."""
        return self.whole.groups

    @property
    def subsampling(self) -> int:
        """The frame subsampling factor."""
        return self.whole.subsampling

    @property
    def is_whole(self) -> bool:
        """False: other requests follow, and the last ones go on behind the end of the utterance."""
        return False

    def seen_from(self, place: Place) -> FramePlan:
        """The plan for the descriptors of a place."""
        return replace(self, at=place)

    def interval(self, descriptor: Descriptor, x: int, grid: Grid) -> Interval:
        """The frames of the utterance for which a descriptor can be computed, where that matters to the scores.

        ``grid`` are the frames of the request that the place ``at`` reads. Raises UnsupportedModelError when those
        frames are no interval.
        """
        here, needed = self.grids[self.at], self.needed[self.at]
        first, last = needed.first + grid.first - here.first, needed.last + grid.last - here.last
        first -= (first - grid.first) % grid.step
        return self.whole.interval(descriptor, x, Grid(first, grid.step, last, needed.fixed))

    def place_interval(self, place: Place, grid: Grid) -> Interval:
        """The frames of the utterance for which a place can be computed, without a gap; only their first one counts.

        Frames computed after the last one are only read where an interval is asked for as well.
        """
        window = self.whole.window
        first = min(-window.left, self.needed[place].first) - grid.step
        first -= (first - grid.first) % grid.step
        whole = self.whole.interval(NodeRef(place[0]), place[1], Grid(first, grid.step, window.right + grid.step))
        return Interval(whole.first, None, whole.first, None)

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """None: a request gives a row of scores for each of its frames."""
        return None


def plan_frames(whole: TimePlan, frames_per_request: int) -> FramePlan:
    """The plan for requests of so many frames (0: as few as possible), raised to a multiple that the model needs.

    Raises UnsupportedModelError for nodes that need the whole utterance.
    """
    steady = _steady_places(whole)
    _check(whole, steady)
    steps = _steps(whole, steady)
    unit = _unit(whole, steps)
    frames = -(-max(frames_per_request, 1) // unit) * unit
    needed = _needed(whole)
    # What IfDefined gives before the first frame of features is computed too, so the requests begin early enough.
    early, late = 0, 1
    while late > 0:
        grids = _request_grids(whole, steady, steps, frames, early)
        late = _lateness(grids, needed, steady)
        early += max(late, 0)
    delay = -grids[(whole.outputs[0], 0)].first
    return FramePlan(whole, frames, grids, _held(whole, grids, steady), needed, steady, delay, early)


def plan_chunks(whole: TimePlan, frames_per_chunk: int, chunks_per_request: int = 1) -> FramePlan:
    """The plan whose request n + k gives the scores of chunk k as soon as Kaldi's looped computation has its features.

    These are the frames up to the last one of the chunk and the right context, which the window of ``whole`` ends with;
    n requests of ``frames_per_chunk`` frames go before. That number is raised to a multiple that the model needs.
    Requests of ``chunks_per_request`` chunks remember the same frames as those of one.

    As in Kaldi a place is computed up to the last frame that the scores of the chunk need, and what is read where it is
    there (IfDefined, optional frames of a component) ends with the features of the request. Raises
    UnsupportedModelError as ``plan_frames`` does. Source: nnet3/nnet-compile-looped.cc.
    """
    steady = _steady_places(whole)
    _check(whole, steady)
    steps = _steps(whole, steady)
    unit = _unit(whole, steps)
    chunk = -(-max(frames_per_chunk, 1) // unit) * unit
    needed, window = _needed(whole), whole.window
    right = window.right - whole.subsampling + 1
    lasts = _last_frames(whole, chunk)
    frames, delay = chunk * chunks_per_request, max(0, -(-(window.left + right) // chunk) * chunk)
    while True:
        grids = _chunk_grids(whole, steady, steps, lasts, frames, delay)
        if max(_lateness(grids, needed, steady), grids[_FEATURES].first + window.left) <= 0:
            break
        delay += chunk
    early = delay - window.left - right
    return FramePlan(whole, frames, grids, _held(whole, grids, steady), needed, steady, delay, early)


def _last_frames(whole: TimePlan, chunk: int) -> dict[Place, int]:
    """The last frame of each place that the scores of a chunk need, after the chunk's last frame of scores.

    Grids of ``whole`` may reach farther, as they have a frame in utterances of any length.
    """
    end = -(-(whole.long_end + chunk) // chunk) * chunk - whole.subsampling
    simulation = whole.simulate(end, whole.window.left, whole.window.right)
    lasts = {place: grid.last for place, grid in whole.grids.items()}
    for place, frames in simulation.needed.items():
        if place in lasts and frames.any():
            lasts[place] = int(simulation.span.times[frames][-1]) - end
    return lasts


def _chunk_grids(
    whole: TimePlan,
    steady: frozenset[Place],
    steps: Mapping[Place, int],
    lasts: Mapping[Place, int],
    frames: int,
    delay: int,
) -> dict[Place, Grid]:
    """What a request computes of each place: up to the last frame that the scores need, which end with the request."""
    end = frames - delay - whole.subsampling
    start = end + whole.window.right - frames + 1
    grids = {_FEATURES: Grid(start, 1, start + frames - 1, fixed=True)}
    for group in whole.groups:
        places = [place for place in group if place in whole.grids]
        if not places or places[0] == _FEATURES:
            continue
        if places[0] in steady:
            grids.update({place: Grid(0, 1, 0, fixed=True) for place in places})
            continue
        step = steps[places[0]]
        last = end + max(lasts[place] for place in places)
        last -= (last - whole.grids[places[0]].first) % step
        grids.update(dict.fromkeys(places, Grid(last - frames + step, step, last, fixed=True)))
    step = whole.subsampling
    return grids | {(name, 0): Grid(end - frames + step, step, end, fixed=True) for name in whole.outputs}


def _unit(whole: TimePlan, steps: Mapping[Place, int]) -> int:
    """What the number of frames in a request must be a multiple of."""
    network = whole.network
    return lcm(whole.subsampling, time_period(network), *steps.values(), *component_periods(network))


def _lateness(grids: Mapping[Place, Grid], needed: Mapping[Place, Grid], steady: frozenset[Place]) -> int:
    """How many frames too late the first request begins for what is needed first; 0 or less if it does not."""
    return max((grids[place].first - needed[place].first for place in needed if place not in steady), default=0)


def _held(whole: TimePlan, grids: Mapping[Place, Grid], steady: frozenset[Place]) -> dict[Place, int]:
    """How many frames of each place are read behind the request that computes them."""
    held: dict[Place, int] = {}
    for place, source, span in _readings(whole, steady):
        missing = grids[source].first - (grids[place].first + span[0])
        held[source] = max(held.get(source, 0), -(-missing // grids[source].step))
    return {place: count for place, count in held.items() if count}


def _readings(whole: TimePlan, steady: frozenset[Place]) -> Iterator[tuple[Place, Place, Span]]:
    """Each place, what it reads outside of its own loop and how far from its own frame; only what changes over time."""
    for group in whole.groups:
        for place in group:
            for source, span in reading_spans(whole.network, place) if place in whole.grids else ():
                outside = source in whole.grids and source not in group and source not in steady
                if place not in steady and outside and span is not None:
                    yield place, source, span


def _needed(whole: TimePlan) -> dict[Place, Grid]:
    needed = dict(whole.grids)
    for group in whole.groups:
        grids = {place: whole.grids[place] for place in group if place in whole.grids}
        if len(grids) > 1:
            first, last = min(grid.first for grid in grids.values()), max(grid.last for grid in grids.values())
            fixed = next(iter(grids.values())).fixed
            needed.update(dict.fromkeys(grids, Grid(first, 1, last, fixed)))
    return needed


def _steady_places(whole: TimePlan) -> frozenset[Place]:
    steady: set[Place] = set()
    for group in whole.groups:
        sources = {source for place in group for source, _ in input_places(whole.network, place)} - set(group)
        is_input = isinstance(whole.network.node(group[0][0]), InputNode)
        if (group[0] != _FEATURES) if is_input else (len(group) == 1 and sources <= steady):
            steady.update(group)
    return frozenset(steady)


def _check(whole: TimePlan, steady: frozenset[Place]) -> None:
    """Raise UnsupportedModelError for nodes that wait for frames without end.

    Reason: frame by frame there is no end of the utterance to wait for; Kaldi has no such mode.
    """
    problems: list[str] = []
    for group in whole.groups:
        for place in group:
            if place not in whole.grids or place in steady:
                continue
            for source, span in reading_spans(whole.network, place):
                if span is None and source not in steady:
                    problems.append(f"'{place[0]}' reads one fixed frame of '{source[0]}'")
                elif span is not None and source in group and span[1] > 0:
                    problems.append(f"'{place[0]}' depends on all later frames")
    if problems:
        raise UnsupportedModelError(
            f"{whole.network.source}: cannot be scored frame by frame: {'; '.join(dict.fromkeys(problems))}; "
            "expected a network that looks a fixed number of frames ahead; leave time=frame out",
            fields=("time",),
        )


def _steps(whole: TimePlan, steady: frozenset[Place]) -> dict[Place, int]:
    """How many frames apart the frames of each place are; all places of a loop go together."""
    steps = {}
    for group in whole.groups:
        needed = [place for place in group if place in whole.grids]
        if needed and is_recurrent(whole.network, needed):
            step, _ = group_step(whole.grids, whole.network, needed)
            steps.update(dict.fromkeys(needed, step))
        else:
            steps.update({place: whole.grids[place].step for place in needed if place not in steady})
    steps[_FEATURES] = 1
    return steps


def _request_grids(
    whole: TimePlan, steady: frozenset[Place], steps: Mapping[Place, int], frames: int, early: int
) -> dict[Place, Grid]:
    start = -whole.window.left - early
    grids = {_FEATURES: Grid(start, 1, start + frames - 1, fixed=True)}
    readings: dict[Place, list[tuple[Place, Span]]] = {}
    for place, source, span in _readings(whole, steady):
        readings.setdefault(place, []).append((source, span))
    for group in whole.groups:
        needed = [place for place in group if place in whole.grids]
        if not needed:
            continue
        if needed[0] in steady:
            grids.update({place: Grid(0, 1, 0, fixed=True) for place in needed})
            continue
        step = steps[needed[0]]
        first = start
        if needed[0] != _FEATURES:
            # last frame computed + span <= last frame of the source, both grids as long as the request
            latest = [
                grids[source].first - grids[source].step - span[1] + step
                for place in needed
                for source, span in readings.get(place, [])
            ]
            first = min(latest, default=start)
            first -= (first - whole.grids[needed[0]].first) % step
        grids.update(dict.fromkeys(needed, Grid(first, step, first + frames - step, fixed=True)))
    # Outputs come together, from frame 0 on even if they could be ahead of the features.
    outputs = [(name, 0) for name in whole.outputs]
    first = min(0, *(grids[place].first for place in outputs))
    first -= first % whole.subsampling
    step = whole.subsampling
    grids.update({place: Grid(first, step, first + frames - step, fixed=True) for place in outputs})
    return grids
