"""The frames at which the states of a lattice lie, and how deep it is.

Source: lat/lattice-functions.cc (``LatticeStateTimes``, ``CompactLatticeStateTimes``, ``CompactLatticeDepth``).
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, IntVector, group_arcs, propagate
from ov_asr_score.lattice.lattice import CompactLattice

_NEVER = -(1 << 40)


def state_times(lattice: AnyLattice) -> IntVector:
    """Frames before each state [S]; -1 where no path leads to it.

    Raises TableFormatError if paths of different lengths lead to a state: Kaldi stops there, too.
    """
    frames = _arc_frames(lattice)[: len(lattice.sources)]
    forward, _ = group_arcs(lattice)
    times = np.full(lattice.num_states, _NEVER)
    times[:1] = 0
    propagate(forward, frames, times, np.maximum)
    times[times < 0] = -1
    before = times[lattice.sources]
    wrong = np.flatnonzero((before >= 0) & (before + frames != times[lattice.targets]))
    if wrong.size:
        state = int(lattice.targets[wrong[0]])
        found = f"{before[wrong[0]] + frames[wrong[0]]} and {times[state]}"
        raise TableFormatError(
            f"state {state} of the lattice: expected one time, found {found} frames; the lattice is damaged"
        )
    return times


def num_frames(lattice: AnyLattice) -> int:
    """The frames of the longest path to a final state; 0 without one. Raises TableFormatError as ``state_times``."""
    times = state_times(lattice)[lattice.final_states]
    return int((times + _arc_frames(lattice)[len(lattice.sources) :])[times >= 0].max(initial=0))


def depth(lattice: AnyLattice) -> float:
    """The number of arcs that cross a frame, on average, as lattice-depth tells it; 1 for an empty lattice."""
    frames = num_frames(lattice)
    return float(_arc_frames(lattice).sum() / frames) if frames else 1.0


def _arc_frames(lattice: AnyLattice) -> IntVector:
    """The frames of arcs and of final states [A + F]."""
    if isinstance(lattice, CompactLattice):
        return np.diff(lattice.first_ids)
    return np.concatenate([lattice.transition_ids != 0, np.zeros_like(lattice.final_states)]).astype(np.int64)
