"""The step of a loop over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import gcd

from ov_asr_score.convert.frames.grids import Grid
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, input_places
from ov_asr_score.kaldi_model.network import KaldiNetwork


def group_step(plan_grids: Mapping[Place, Grid], network: KaldiNetwork, group: Sequence[Place]) -> tuple[int, int]:
    """How many frames apart the frames of a loop are, and how many of them it advances at once."""
    every = [abs(offset) for offset in inner_offsets(network, group)]
    grids = [plan_grids[place] for place in group]
    first = min(grid.first for grid in grids)
    step = gcd(*every, *(grid.step for grid in grids), *(grid.first - first for grid in grids))
    return step, gcd(*every) // step


def inner_offsets(network: KaldiNetwork, group: Sequence[Place]) -> list[int]:
    """The delays (frames, not 0) with which places of the group read each other."""
    inside = set(group)
    return [offset for place in group for source, offset in input_places(network, place) if source in inside and offset]
