"""The frames that each node of a graph computes whose output is one vector for all frames of a request.

Such a network is computed at frame 0, as nnet3-xvector-compute does: its statistics look ahead over all frames that
there are, and nothing repeats the edges of an utterance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.convert.frames.grids import Grid, InputWindow
from ov_asr_score.convert.frames.utterance_plan import (
    MARGIN,
    Irregular,
    SimulatedLength,
    TimePlan,
    plan_period,
    simulate_lengths,
    smallest_grid,
)
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.dependency import FrameWindow
from ov_asr_score.kaldi_model.descriptors import format_descriptor
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, evaluation_order
from ov_asr_score.kaldi_model.network import Descriptor, KaldiNetwork

WINDOW = InputWindow(0, 0, 0, 0)
"""No frames around those of a request."""

_LENGTHS_MORE = 22
# More than any step between frames.
_WIDER = 2000


@dataclass(frozen=True, kw_only=True)
class VectorPlan(TimePlan):
    """The plan of such a network; the shortest request from which it can be computed ends with frame ``least_end``."""

    least_end: int
    wider: SimulatedLength
    """The last of ``samples``, simulated for more frames around it."""

    def grid_up_to_the_end(self, descriptor: Descriptor, x: int, window: Grid) -> Grid | None:
        """The frames of ``window`` at which a descriptor can be computed, and those behind it up to the request's end.

        Raises UnsupportedModelError for what can be computed everywhere, or nowhere. Reason: Kaldi counts the frames of
        the window then, and whole windows are longer than any utterance.
        """
        firsts: list[int] = []
        lasts: list[int] = []
        for sample in (*self.samples, self.wider):
            span = sample.simulation.span
            start = window.first + max(0, -((window.first - span.first) // window.step)) * window.step
            times = np.arange(start, span.first + span.length, window.step)
            frames = times[span.taken(sample.simulation.of_descriptor(descriptor, x), times)]
            if not len(frames):
                continue
            # What reads a fixed frame can be computed at any, and goes on with the frames that are simulated.
            goes_on = sample is self.wider and lasts and frames[-1] - sample.end > lasts[-1]
            if frames[-1] == times[-1] or (frames[0] == times[0] > window.first) or goes_on:
                raise UnsupportedModelError(
                    f"{self.network.source}: {format_descriptor(descriptor)} can be computed at any frame, so that "
                    "its statistics would count frames that no utterance has"
                )
            firsts.append(int(frames[0]))
            lasts.append(int(frames[-1]) - sample.end)
        if not firsts or min(firsts) > window.last:
            raise UnsupportedModelError(
                f"{self.network.source}: {format_descriptor(descriptor)} can be computed at no frame of its window"
            )
        return Grid(min(firsts), window.step, max(lasts))


def plan_vector(network: KaldiNetwork, outputs: Sequence[str], irregular: Irregular | None = None) -> VectorPlan:
    """The plan for requests that give frame 0 of ``outputs``.

    The windows of statistics count as long as they need be: which frames can be computed does not depend on them, and
    what lies beyond them is left out where they are summed. Raises UnsupportedModelError when an output cannot be
    computed from any number of frames.
    """
    groups = tuple(evaluation_order(network, outputs))
    period, long = plan_period(_with_windows(network, 0), groups, WINDOW, 1)
    longest = long + 2 * period + _LENGTHS_MORE
    network = _with_windows(network, longest + period)
    least = _least_end(network, outputs, groups, long)
    ends = [*range(least, least + period + _LENGTHS_MORE), *range(long, long + period + 1)]
    samples = _simulate(network, outputs, groups, ends)
    grids: dict[Place, Grid] = {}
    for group in groups:
        for place in group:
            grid = smallest_grid(samples, place, 1, least)
            if grid is not None:
                grids[place] = grid
    return VectorPlan(
        network,
        tuple(outputs),
        WINDOW,
        1,
        groups,
        grids,
        period,
        long,
        samples,
        (samples,) * 3,
        irregular,
        least_end=least,
        wider=_simulate(network, outputs, groups, ends[-1:], margin=_WIDER)[0],
    )


def _with_windows(network: KaldiNetwork, ahead: int) -> KaldiNetwork:
    """The network with statistics that look ``ahead`` so many frames at most, rounded up to their steps."""
    components = dict(network.components)
    for name, component in network.components.items():
        reads = component.reads
        if isinstance(reads, FrameWindow):
            most = -(-ahead // reads.step) * reads.step
            components[name] = replace(component, reads=FrameWindow(min(reads.left, most), most, reads.step))
    return replace(network, components=components)


def _least_end(network: KaldiNetwork, outputs: Sequence[str], groups: Sequence[tuple[Place, ...]], long: int) -> int:
    """The last frame of the shortest request from which all ``outputs`` can be computed; longer ones are enough too.

    Kaldi: nnet3-xvector-compute finds no computation for any utterance either.
    """

    def suffices(end: int) -> bool:
        (sample,) = _simulate(network, outputs, groups, [end])
        return all(sample.simulation.span.at(sample.simulation.computable[(name, 0)], 0) for name in outputs)

    too_few, enough = -1, long
    if not suffices(long):
        raise UnsupportedModelError(
            f"{network.source}: {' and '.join(outputs)} cannot be computed at frame 0 from frames 0..{long}; does it "
            "depend on itself without a delay, or on frames before the first one?"
        )
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        too_few, enough = (too_few, middle) if suffices(middle) else (middle, enough)
    return enough


def _simulate(
    network: KaldiNetwork,
    outputs: Sequence[str],
    groups: Sequence[tuple[Place, ...]],
    ends: Sequence[int],
    *,
    margin: int = MARGIN,
) -> tuple[SimulatedLength, ...]:
    return simulate_lengths(network, outputs, groups, ends, (0, 0), 1, first_only=True, margin=margin)
