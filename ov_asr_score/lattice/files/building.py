"""Lattices from what files have of them: arcs one after the other, with states in any order.

Tests: tests/lattice/files/test_binary_lattices.py, tests/lattice/files/test_text_lattices.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.arcs.sublattice import Mask, in_order, rearrange
from ov_asr_score.lattice.lattice import CompactLattice, Lattice

_NO_STATES = np.zeros(0, np.int32)
_NO_COSTS = np.zeros((0, 2), np.float32)


def plain_lattice(
    num_states: int,
    labels: NDArray[np.int32],
    costs: NDArray[np.float32],
    finals: NDArray[np.int32] = _NO_STATES,
    final_costs: NDArray[np.float32] = _NO_COSTS,
) -> Lattice:
    """The lattice of these arcs and final states, as they are.

    ``labels`` [A, 4] are source, target, transition-id, word; ``costs`` [A, 2] and ``final_costs`` [F, 2] graph and
    acoustic costs.
    """
    return Lattice(
        num_states=num_states,
        sources=labels[:, 0].copy(),
        targets=labels[:, 1].copy(),
        transition_ids=labels[:, 2].copy(),
        words=labels[:, 3].copy(),
        graph_costs=costs[:, 0].copy(),
        acoustic_costs=costs[:, 1].copy(),
        final_states=finals,
        final_graph_costs=final_costs[:, 0].copy(),
        final_acoustic_costs=final_costs[:, 1].copy(),
    )


def compact_lattice(
    num_states: int,
    labels: NDArray[np.int32],
    costs: NDArray[np.float32],
    finals: NDArray[np.int32] = _NO_STATES,
    final_costs: NDArray[np.float32] = _NO_COSTS,
    strings: Sequence[NDArray[np.int32]] = (),
) -> CompactLattice:
    """The same with ``labels`` [A, 3] source, target, word, and the transition-ids of arcs and final states."""
    return CompactLattice(
        num_states=num_states,
        sources=labels[:, 0].copy(),
        targets=labels[:, 1].copy(),
        words=labels[:, 2].copy(),
        graph_costs=costs[:, 0].copy(),
        acoustic_costs=costs[:, 1].copy(),
        final_states=finals,
        final_graph_costs=final_costs[:, 0].copy(),
        final_acoustic_costs=final_costs[:, 1].copy(),
        first_ids=np.cumsum([0, *map(len, strings)], dtype=np.int64),
        transition_ids=np.concatenate([np.zeros(0, np.int32), *strings]),
    )


EMPTY = plain_lattice(0, np.zeros((0, 4), np.int32), _NO_COSTS)
"""A lattice without states, and so without paths."""

EMPTY_COMPACT = compact_lattice(0, np.zeros((0, 3), np.int32), _NO_COSTS)
"""The same as a compact lattice."""


def cost_pairs(costs: Iterable[tuple[float, ...]]) -> NDArray[np.float32]:
    """Graph and acoustic costs [N, 2] in single precision; what is too large for it becomes infinite."""
    with np.errstate(over="ignore"):
        return np.array(list(costs), np.float64).reshape(-1, 2).astype(np.float32)


@dataclass(slots=True)
class CompactArcs:
    """The arcs and final states of a compact lattice as they are read; each final state once."""

    arcs: list[tuple[int, int, int, float, float]] = field(default_factory=list)
    """Source, target, word, graph cost, acoustic cost."""
    arc_ids: list[NDArray[np.int32]] = field(default_factory=list)
    finals: dict[int, tuple[float, float]] = field(default_factory=dict)
    final_ids: dict[int, NDArray[np.int32]] = field(default_factory=dict)

    def lattice(self, num_states: int) -> CompactLattice:
        """The lattice, whose states have the numbers that they were read with."""
        labels = np.array([arc[:3] for arc in self.arcs], np.int32).reshape(-1, 3)
        costs = cost_pairs(arc[3:] for arc in self.arcs)
        final_costs = cost_pairs(self.finals.values())
        strings = [*self.arc_ids, *(self.final_ids[state] for state in self.finals)]
        return compact_lattice(num_states, labels, costs, np.array(list(self.finals), np.int32), final_costs, strings)


def settled(stream: KaldiStream, lattice: AnyLattice, start: int, offset: int) -> AnyLattice:
    """``lattice`` in topological order, checked; ``offset`` is where it begins in the stream.

    Arcs and final states of infinite cost are none. Raises TableFormatError for states that do not exist, costs that
    are not numbers, and cycles (fstext/lattice-weight.h, ``LatticeWeightTpl::Member``; OpenFst, topsort.h).
    """
    states = lattice.num_states
    wrong = lattice.targets[(lattice.targets < 0) | (lattice.targets >= states)]
    if wrong.size or not -1 <= start < states:
        found = int(wrong[0]) if wrong.size else start
        raise _damaged(stream, f"states below {states}", f"state {found}", offset)
    if start < 0:
        return EMPTY if isinstance(lattice, Lattice) else EMPTY_COMPACT
    arcs = _finite(stream, (lattice.graph_costs, lattice.acoustic_costs), offset)
    finals = _finite(stream, (lattice.final_graph_costs, lattice.final_acoustic_costs), offset)
    if not arcs.all() or not finals.all():
        lattice = rearrange(lattice, np.arange(states), arcs, finals)
    ordered = in_order(lattice, start)
    if ordered is None:
        raise stream.error(
            "a lattice without cycles", "a cycle", "no tool that takes lattices can use it", offset=offset
        )
    return ordered


def _damaged(stream: KaldiStream, expected: str, found: str, offset: int) -> TableFormatError:
    return stream.error(expected, found, "the lattice is damaged", offset=offset)


def _finite(stream: KaldiStream, costs: Sequence[NDArray[np.float32]], offset: int) -> Mask:
    """Where costs are finite. Raises TableFormatError where they are neither that nor plus infinity."""
    both = np.stack(costs)
    bad = np.isnan(both) | (both == -np.inf)
    if bad.any():
        raise _damaged(stream, "costs that are numbers", str(both[bad][0]), offset)
    return np.asarray(np.isfinite(both).all(axis=0), np.bool_)
