"""Lattices in binary form: OpenFst's ``vector`` automata with the weights of lattices.

Every state is its final weight (infinite if it is not final), the number of its arcs, and the arcs: input label, output
label, weight, next state. The weight of a lattice is two floats, that of a compact lattice has transition-ids after
them, with their number in front.

Sources: OpenFst 1.7 (fst.h, vector-fst.h), fstext/lattice-weight.h, lat/kaldi-lattice.cc.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.header import MAGIC
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice, index_ranges
from ov_asr_score.lattice.files.building import CompactArcs, cost_pairs, settled
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from ov_asr_score.text import clipped

_HEADER = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_VERSION = 2
_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS = 1, 2
# Properties of OpenFst (properties.h) that hold for every lattice here.
_EXPANDED, _MUTABLE, _ACCEPTOR, _ACYCLIC, _INITIAL_ACYCLIC, _TOP_SORTED = (
    *(0x1, 0x2, 0x10000, 0x800000000, 0x2000000000, 0x4000000000),
)
_ALWAYS = _EXPANDED | _MUTABLE | _ACYCLIC | _INITIAL_ACYCLIC | _TOP_SORTED
_LONGEST_NAME = 256
_MOST = 2**31 - 1

_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4", 2), ("next", "<i4")])
_DOUBLE_ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f8", 2), ("next", "<i4")])
_STATE_WORDS, _ARC_WORDS = 4, 5  # of 4 bytes, without transition-ids


@dataclass(frozen=True, slots=True)
class _ArcKind:
    """How a type of arcs is laid out."""

    is_compact: bool
    weight: struct.Struct
    arc: np.dtype[np.void]


_KINDS = {
    "lattice4": _ArcKind(False, struct.Struct("<2f"), _ARC),
    "lattice8": _ArcKind(False, struct.Struct("<2d"), _DOUBLE_ARC),
    "compactlattice44": _ArcKind(True, struct.Struct("<2f"), _ARC),
    "compactlattice84": _ArcKind(True, struct.Struct("<2d"), _DOUBLE_ARC),
}


def read_binary_lattice(stream: KaldiStream) -> AnyLattice:
    """The lattice at the stream's position, compact or not, as it is there. Raises TableFormatError."""
    offset = stream.offset
    if (found := stream.peek(4)) != MAGIC:
        raise stream.error("a lattice in binary or text form", clipped(found) if found else "the end", offset=offset)
    stream.read(4)
    layout, arc_type = _read_name(stream), _read_name(stream)
    kind = _KINDS.get(arc_type)
    if kind is None:
        advice = "this is a graph, not a lattice" if arc_type in ("standard", "log") else ""
        raise stream.error(f"arcs of type {', '.join(_KINDS)}", clipped(arc_type), advice, offset=offset)
    if layout != "vector":
        raise stream.error("an automaton of type vector", clipped(layout), offset=offset)
    _, flags, _, start, states, _ = _HEADER.unpack(stream.read(_HEADER.size))
    for flag in (_HAS_INPUT_SYMBOLS, _HAS_OUTPUT_SYMBOLS):
        if flags & flag:
            _skip_symbols(stream)
    if not -1 <= states <= _MOST:
        raise stream.error("a number of states", str(states), "the lattice is damaged", offset=offset)
    lattice = _read_compact(stream, kind, states) if kind.is_compact else _read_plain(stream, kind, states)
    return settled(stream, lattice, start, offset)


def _read_name(stream: KaldiStream) -> str:
    offset = stream.offset
    (length,) = struct.unpack("<i", stream.read(4))
    if not 0 <= length <= _LONGEST_NAME:
        raise stream.error("the length of a name", str(length), "the lattice is damaged", offset=offset)
    return stream.read(length).decode("utf-8", "replace")


def _skip_symbols(stream: KaldiStream) -> None:
    """Pass over a table of symbols; only numbers count here."""
    stream.read(4)
    _read_name(stream)
    _, count = struct.unpack("<qq", stream.read(16))
    for _ in range(count):
        _read_name(stream)
        stream.read(8)


def _are_left(stream: KaldiStream, read: int, states: int) -> bool:
    """Whether more states follow; written to a pipe, their number is not known and -1."""
    return read < states if states >= 0 else bool(stream.peek(1))


def _read_count(stream: KaldiStream, layout: str, what: str) -> int:
    offset = stream.offset
    (count,) = struct.unpack(layout, stream.read(struct.calcsize(layout)))
    if not 0 <= count <= _MOST:
        raise stream.error(f"a number of {what}", str(count), "the lattice is damaged", offset=offset)
    return int(count)


def _read_plain(stream: KaldiStream, kind: _ArcKind, states: int) -> Lattice:
    finals: list[tuple[float, ...]] = []
    counts: list[int] = []
    pieces: list[bytes] = []
    while _are_left(stream, len(finals), states):
        finals.append(kind.weight.unpack(stream.read(kind.weight.size)))
        counts.append(_read_count(stream, "<q", "arcs"))
        pieces.append(stream.read(counts[-1] * kind.arc.itemsize))
    arcs = np.frombuffer(b"".join(pieces), kind.arc)
    final_costs = cost_pairs(finals)
    with np.errstate(over="ignore"):
        costs = arcs["weight"].astype(np.float32)
    final_states = np.flatnonzero(final_costs[:, 0] != np.inf)
    return Lattice(
        num_states=len(finals),
        sources=np.repeat(np.arange(len(finals), dtype=np.int32), counts),
        targets=arcs["next"].astype(np.int32),
        transition_ids=arcs["ilabel"].astype(np.int32),
        words=arcs["olabel"].astype(np.int32),
        graph_costs=costs[:, 0],
        acoustic_costs=costs[:, 1],
        final_states=final_states.astype(np.int32),
        final_graph_costs=final_costs[final_states, 0],
        final_acoustic_costs=final_costs[final_states, 1],
    )


def _read_compact(stream: KaldiStream, kind: _ArcKind, states: int) -> CompactLattice:
    read = CompactArcs()
    state = 0
    while _are_left(stream, state, states):
        weight = kind.weight.unpack(stream.read(kind.weight.size))
        ids = _read_ids(stream)
        if weight[0] != np.inf:
            read.finals[state], read.final_ids[state] = weight, ids
        for _ in range(_read_count(stream, "<q", "arcs")):
            word, _ = struct.unpack("<2i", stream.read(8))
            graph_cost, acoustic_cost = kind.weight.unpack(stream.read(kind.weight.size))
            read.arc_ids.append(_read_ids(stream))
            (target,) = struct.unpack("<i", stream.read(4))
            read.arcs.append((state, target, word, graph_cost, acoustic_cost))
        state += 1
    return read.lattice(state)


def _read_ids(stream: KaldiStream) -> NDArray[np.int32]:
    count = _read_count(stream, "<i", "transition-ids")
    return np.frombuffer(stream.read(4 * count), "<i4").astype(np.int32)


def encode_binary_lattice(lattice: AnyLattice) -> bytes:
    """The bytes that Kaldi's tools read: a header, and every state with its arcs."""
    is_compact = isinstance(lattice, CompactLattice)
    arc_type = b"compactlattice44" if is_compact else b"lattice4"
    start = 0 if lattice.num_states else -1
    properties = _ALWAYS | (_ACCEPTOR if is_compact else 0)
    header = _HEADER.pack(_VERSION, 0, properties, start, lattice.num_states, 0)
    names = b"".join(struct.pack("<i", len(name)) + name for name in (b"vector", arc_type))
    return MAGIC + names + header + _body(lattice).tobytes()


def _body(lattice: AnyLattice) -> NDArray[np.int32]:
    """All states as numbers of 4 bytes."""
    states, arcs = lattice.num_states, len(lattice.sources)
    is_compact = isinstance(lattice, CompactLattice)
    counts = np.bincount(lattice.sources, minlength=states)
    arc_ids, final_ids = np.zeros(arcs, np.int64), np.zeros(states, np.int64)
    if isinstance(lattice, CompactLattice):
        lengths = np.diff(lattice.first_ids)
        arc_ids, final_ids[lattice.final_states] = lengths[:arcs], lengths[arcs:]
    # A number of transition-ids, and they themselves.
    arc_words = _ARC_WORDS + arc_ids + is_compact
    state_words = _STATE_WORDS + final_ids + is_compact
    words_before = np.concatenate([[0], np.cumsum(arc_words)])
    own = np.concatenate([[0], np.cumsum(counts)])
    sizes = state_words + words_before[own[1:]] - words_before[own[:-1]]
    at_state = np.cumsum(sizes) - sizes
    # Before an arc stand the states up to its own, and the arcs before it.
    at_arc = words_before[:-1] + np.cumsum(state_words)[lattice.sources]

    body = np.zeros(int(sizes.sum()), np.int32)
    floats = body.view(np.float32)
    floats[at_state], floats[at_state + 1] = np.inf, np.inf
    at_final = at_state[lattice.final_states]
    floats[at_final], floats[at_final + 1] = lattice.final_graph_costs, lattice.final_acoustic_costs
    body[at_state + state_words - 2] = counts  # 8 bytes, of which the upper four are zero
    body[at_arc] = lattice.words if isinstance(lattice, CompactLattice) else lattice.transition_ids
    body[at_arc + 1] = lattice.words
    floats[at_arc + 2], floats[at_arc + 3] = lattice.graph_costs, lattice.acoustic_costs
    body[at_arc + arc_words - 1] = lattice.targets
    if isinstance(lattice, CompactLattice):
        body[at_state + 2], body[at_arc + 4] = final_ids, arc_ids
        places = np.concatenate([at_arc + 5, at_final + 3])
        body[index_ranges(places, np.diff(lattice.first_ids))] = lattice.transition_ids
    return body
