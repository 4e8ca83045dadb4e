"""Lattices in text form: a line for each arc and each final state, and an empty line at the end.

Lines of a lattice are ``state next transition-id word graph,acoustic`` and ``state graph,acoustic``; those of a compact
lattice ``state next word graph,acoustic,id_id_…`` and ``state graph,acoustic,id_id_…``. A weight of zero costs and no
transition-ids may be left out. The first line has the start.

Source: lat/kaldi-lattice.cc (``LatticeReader``, ``WriteCompactLattice``), fstext/lattice-weight.h, OpenFst's print.h.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.files.building import CompactArcs, cost_pairs, plain_lattice, settled
from ov_asr_score.lattice.lattice import Lattice
from ov_asr_score.text import clipped

_INTEGER = re.compile(rb"[+-]?[0-9]{1,10}")
_COST = re.compile(
    rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)|BadNumber", re.IGNORECASE
)
# Text can ask for any number of states in one line; a real lattice has a line for most.
_MOST_UNNAMED_STATES = 1 << 20
_NO_IDS = np.zeros(0, np.int32)
_EXPECTED = "a line of a lattice, 'state next transition-id word costs' or 'state next word costs,ids'"


@dataclass(slots=True)
class _PlainArcs:
    """The arcs and final states of a lattice as they are read."""

    arcs: list[tuple[int, ...]] = field(default_factory=list)
    """Source, target, transition-id, word."""
    costs: list[tuple[float, float]] = field(default_factory=list)
    finals: dict[int, tuple[float, float]] = field(default_factory=dict)

    def lattice(self, num_states: int) -> Lattice:
        """The lattice, whose states have the numbers that they were read with."""
        labels = np.array(self.arcs, np.int32).reshape(-1, 4)
        costs = cost_pairs(self.costs)
        finals = np.array(list(self.finals), np.int32)
        final_costs = cost_pairs(self.finals.values())
        return plain_lattice(num_states, labels, costs, finals, final_costs)


def read_text_lattice(stream: KaldiStream) -> AnyLattice:
    """The lattice at the stream's position, which begins with a line break; compact if its lines can be such.

    Raises TableFormatError.
    """
    while (blank := stream.peek(1)).isspace() and blank != b"\n":
        stream.read(1)
    if stream.peek(1) != b"\n":
        raise stream.error("a line break before a lattice in text form", clipped(stream.peek(20)))
    stream.read(1)
    begin = stream.offset
    plain: _PlainArcs | None = _PlainArcs()
    compact: CompactArcs | None = CompactArcs()
    start, states, lines = -1, 0, 0
    while fields := stream.read_line().split():
        try:
            state = _state(fields[0])
            start = state if start < 0 else start
            # Only the lines tell which of the two forms it is.
            plain_next, plain = _add_plain(plain, state, fields)
            compact_next, compact = _add_compact(compact, state, fields)
        except ValueError:
            plain = compact = None
        lines += 1
        if plain is None and compact is None:
            raise stream.error(_EXPECTED, clipped(b" ".join(fields)), offset=begin)
        states = max(states, state + 1, 1 + (compact_next if plain is None else plain_next))
        if states > lines + _MOST_UNNAMED_STATES:
            raise stream.error("states that have arcs", f"state {states - 1}", "the lattice is damaged", offset=begin)
        begin = stream.offset
    read = plain if compact is None else compact
    assert read is not None
    return settled(stream, read.lattice(states), start, begin)


def _state(text: bytes) -> int:
    number = _integer(text)
    if number < 0:
        raise ValueError
    return number


def _integer(text: bytes) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**31) <= int(text) < 2**31:
        raise ValueError
    return int(text)


def _costs(parts: list[bytes]) -> tuple[float, float]:
    if len(parts) != 2 or not all(map(_COST.fullmatch, parts)):
        raise ValueError
    graph_cost, acoustic_cost = (float("nan" if part == b"BadNumber" else part) for part in parts)
    return graph_cost, acoustic_cost


def _add_plain(read: _PlainArcs | None, state: int, fields: list[bytes]) -> tuple[int, _PlainArcs | None]:
    """The next state of the line; None if the line is none of a lattice."""
    if read is None:
        return -1, None
    try:
        if len(fields) <= 2:
            costs = _costs(fields[1].split(b",")) if len(fields) == 2 else (0.0, 0.0)
            _set_final(read.finals, state, costs)
            return -1, read
        if len(fields) == 3 or len(fields) > 5:
            return -1, None
        costs = _costs(fields[4].split(b",")) if len(fields) == 5 else (0.0, 0.0)
        target = _state(fields[1])
        read.arcs.append((state, target, _integer(fields[2]), _integer(fields[3])))
        read.costs.append(costs)
    except ValueError:
        return -1, None
    return target, read


def _add_compact(read: CompactArcs | None, state: int, fields: list[bytes]) -> tuple[int, CompactArcs | None]:
    """The next state of the line; None if the line is none of a compact lattice."""
    if read is None:
        return -1, None
    try:
        if len(fields) <= 2:
            costs, ids = _weight(fields[1]) if len(fields) == 2 else ((0.0, 0.0), _NO_IDS)
            if _set_final(read.finals, state, costs):
                read.final_ids[state] = ids
            return -1, read
        if len(fields) > 4:
            return -1, None
        costs, ids = _weight(fields[3]) if len(fields) == 4 else ((0.0, 0.0), _NO_IDS)
        target = _state(fields[1])
        read.arcs.append((state, target, _integer(fields[2]), *costs))
        read.arc_ids.append(ids)
    except ValueError:
        return -1, None
    return target, read


def _set_final(finals: dict[int, tuple[float, float]], state: int, costs: tuple[float, float]) -> bool:
    """Whether the state is final with these costs: infinite ones say that it is not."""
    if costs[0] == np.inf:
        finals.pop(state, None)
        return False
    finals[state] = costs
    return True


def _weight(text: bytes) -> tuple[tuple[float, float], NDArray[np.int32]]:
    costs, comma, ids = text.rpartition(b",")
    if not comma:
        raise ValueError
    numbers = [_integer(number) for number in ids.split(b"_")] if ids else []
    return _costs(costs.split(b",")), np.array(numbers, np.int32)


def encode_text_lattice(lattice: AnyLattice) -> bytes:
    """The lines of the lattice, with the line break before them and the empty line behind them, as Kaldi writes them.

    Costs have six significant digits.
    """
    columns = [lattice.sources, lattice.targets, lattice.words]
    if isinstance(lattice, Lattice):
        columns.insert(2, lattice.transition_ids)
    weights = _shown_weights(lattice)
    arcs = zip(lattice.sources.tolist(), zip(*(column.tolist() for column in columns), strict=True), strict=True)
    lines: list[list[str]] = [[] for _ in range(lattice.num_states)]
    for (state, numbers), weight in zip(arcs, weights, strict=False):
        lines[state].append(_line(numbers, weight))
    for state, weight in zip(lattice.final_states.tolist(), weights[len(lattice.sources) :], strict=True):
        lines[state].append(_line((state,), weight))
    not_final = "Infinity,Infinity" if isinstance(lattice, Lattice) else "Infinity,Infinity,"
    for state, own in enumerate(lines):
        if not own:
            own.append(_line((state,), not_final))
    return "\n".join(["", *(line for own in lines for line in own), "", ""]).encode()


def _shown_weights(lattice: AnyLattice) -> list[str]:
    """The weights of arcs and final states [A + F]; an empty text for no costs and no transition-ids."""
    graph = np.concatenate([lattice.graph_costs, lattice.final_graph_costs]).tolist()
    acoustic = np.concatenate([lattice.acoustic_costs, lattice.final_acoustic_costs]).tolist()
    weights = [f"{one:.6g},{other:.6g}" if one or other else "" for one, other in zip(graph, acoustic, strict=True)]
    if isinstance(lattice, Lattice):
        return weights
    ids, first = lattice.transition_ids.tolist(), lattice.first_ids.tolist()
    strings = ["_".join(map(str, ids[begin:end])) for begin, end in pairwise(first)]
    return [
        f"{weight or '0,0'},{string}" if weight or string else ""
        for weight, string in zip(weights, strings, strict=True)
    ]


def _line(numbers: tuple[int, ...], weight: str) -> str:
    shown = "\t".join(map(str, numbers))
    return f"{shown}\t{weight}" if weight else shown
