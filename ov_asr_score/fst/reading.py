"""Weighted automata as OpenFst and Kaldi write them, read into arrays.

Binary files hold a header and one of three layouts: ``vector`` (states one after the other, each with its arcs),
``const`` (a table of states, a table of arcs) and ``compact_acceptor`` (one label per arc, the weight of a final state
as its first arc). Kaldi writes text into archives, one line for each arc or final state and an empty line at the end.

Sources: OpenFst 1.7 (fst.h, vector-fst.h, const-fst.h, compact-fst.h, symbol-table.h), fstext/kaldi-fst-io-inl.h.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.header import ARC, CONST_STATE, FstHeader, read_header
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.text import clipped

FloatVector: TypeAlias = NDArray[np.float32]
IntVector: TypeAlias = NDArray[np.int64]

# Text can ask for any number of states in one line; a real file names each of its states.
_MOST_UNNAMED_STATES = 1 << 20

_COMPACT_ARC = np.dtype([("ilabel", "<i4"), ("weight", "<f4"), ("next", "<i4")])

_BLANKS = re.compile(rb"[\t \r]+")
_INTEGER = re.compile(rb"[+-]?[0-9]{1,10}")
_WEIGHT = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?(inf|infinity|nan)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, eq=False)
class Fst:
    """States numbered from 0, and arcs ordered by the state that they leave; weights are negated log-probabilities.

    The arcs of state ``s`` are ``first_arcs[s]`` up to, not including, ``first_arcs[s + 1]``. All states lie in range.
    """

    start: int  # -1: there is none
    final_weights: FloatVector  # [S]; infinity where a state is not final
    first_arcs: IntVector  # [S + 1]
    ilabels: IntVector  # [A]
    olabels: IntVector  # [A]
    weights: FloatVector  # [A]
    next_states: IntVector  # [A]

    @property
    def num_states(self) -> int:
        """Number of states."""
        return len(self.final_weights)

    def sources(self) -> IntVector:
        """The state that each arc leaves [A]."""
        return np.repeat(np.arange(self.num_states), np.diff(self.first_arcs))


def read_fst(stream: KaldiStream) -> Fst:
    """Automaton in binary form over the standard arcs (float weights), in any of the three layouts.

    Raises TableFormatError, which names the file and the byte.
    """
    offset = stream.offset
    header = read_header(stream)
    if header.arc_type != "standard":
        raise stream.error("arcs of type standard", clipped(header.arc_type), offset=offset)
    match header.kind:
        case "vector":
            fst = _read_vector(stream, header)
        case "const":
            fst = _read_const(stream, header)
        case "compact_acceptor":
            fst = _read_compact_acceptor(stream, header)
        case other:
            raise stream.error(
                "an automaton of type vector, const or compact_acceptor", clipped(other), _CONVERT, offset=offset
            )
    return _checked(stream, fst, offset)


_CONVERT = "OpenFst's fstconvert makes one of the type vector"


def _count(stream: KaldiStream, count: int, what: str) -> int:
    if not 0 <= count < 2**31:
        raise stream.error(f"a number of {what}", str(count), "the file is damaged")
    return count


def _read_vector(stream: KaldiStream, header: FstHeader) -> Fst:
    # Written to a pipe, the number of states is not known and -1: then they go on to the end of the file.
    states = None if header.states == -1 else _count(stream, header.states, "states")
    finals: list[float] = []
    counts: list[int] = []
    pieces: list[bytes] = []
    while len(finals) != states and (states is not None or stream.peek(1)):
        final, arcs = struct.unpack("<fq", stream.read(12))
        finals.append(final)
        counts.append(_count(stream, arcs, "arcs"))
        pieces.append(stream.read(arcs * ARC.itemsize))
    arcs = np.frombuffer(b"".join(pieces), ARC)
    return _fst(header.start, np.array(finals, np.float32), np.array(counts, np.int64), arcs, arcs["olabel"])


def _read_const(stream: KaldiStream, header: FstHeader) -> Fst:
    states, arcs = _count(stream, header.states, "states"), _count(stream, header.arcs, "arcs")
    header.align(stream)
    table = stream.read_bytes(states * CONST_STATE.itemsize).view(CONST_STATE)
    header.align(stream)
    offset = stream.offset
    all_arcs = stream.read_bytes(arcs * ARC.itemsize).view(ARC)
    first, counts = table["first"].astype(np.int64), table["arcs"].astype(np.int64)
    if (first + counts > arcs).any() or counts.sum() > arcs:
        raise stream.error(f"states with {arcs} arcs in all", "more", "the file is damaged", offset=offset)
    chosen = all_arcs[_ranges(first, counts)]
    return _fst(header.start, table["final"], counts, chosen, chosen["olabel"])


def _read_compact_acceptor(stream: KaldiStream, header: FstHeader) -> Fst:
    states = _count(stream, header.states, "states")
    header.align(stream)
    offset = stream.offset
    bounds = stream.read_bytes((states + 1) * 4).view("<u4").astype(np.int64)
    if bounds[0] != 0 or (np.diff(bounds) < 0).any():
        raise stream.error("positions in ascending order", "others", "the file is damaged", offset=offset)
    header.align(stream)
    items = stream.read_bytes(int(bounds[-1]) * _COMPACT_ARC.itemsize).view(_COMPACT_ARC)
    # The first item of a state is its final weight if its label is -1.
    filled = np.flatnonzero(np.diff(bounds))
    final_states = filled[items["ilabel"][bounds[filled]] == -1]
    final_weights = np.full(states, np.inf, np.float32)
    final_weights[final_states] = items["weight"][bounds[final_states]]
    is_arc = np.ones(len(items), bool)
    is_arc[bounds[final_states]] = False
    counts = np.diff(bounds)
    counts[final_states] -= 1
    arcs = items[is_arc]
    return _fst(header.start, final_weights, counts, arcs, arcs["ilabel"])


def _ranges(first: IntVector, counts: IntVector) -> IntVector:
    """Indices ``first[s]`` up to ``first[s] + counts[s]`` of all states, one after the other."""
    before = np.cumsum(counts) - counts
    return np.repeat(first - before, counts) + np.arange(counts.sum())


def _fst(start: int, finals: FloatVector, counts: IntVector, arcs: NDArray[np.void], olabels: NDArray[np.int32]) -> Fst:
    return Fst(
        start=start,
        final_weights=finals.astype(np.float32),
        first_arcs=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ilabels=arcs["ilabel"].astype(np.int64),
        olabels=olabels.astype(np.int64),
        weights=arcs["weight"].astype(np.float32),
        next_states=arcs["next"].astype(np.int64),
    )


def _checked(stream: KaldiStream, fst: Fst, offset: int) -> Fst:
    """``fst``, of which all states exist: OpenFst does not look, and reads outside of its memory."""
    states = fst.num_states
    wrong = fst.next_states[(fst.next_states < 0) | (fst.next_states >= states)]
    if wrong.size or not -1 <= fst.start < states:
        found = int(wrong[0]) if wrong.size else fst.start
        raise stream.error(f"states below {states}", str(found), "the automaton is damaged", offset=offset)
    return fst


def read_text_fst(stream: KaldiStream) -> Fst:
    """Automaton in the text form of Kaldi's archives: it begins with a line break and ends with an empty line.

    Lines are ``state next ilabel olabel [weight]`` or ``state [weight]``; the first state is where it starts. Raises
    TableFormatError, which names the file and the byte.
    """
    while (blank := stream.peek(1)).isspace() and blank != b"\n":
        stream.read(1)
    if stream.peek(1) != b"\n":
        raise stream.error("a line break before an automaton", clipped(stream.peek(20)))
    stream.read(1)
    start, states = -1, 0
    finals: dict[int, float] = {}
    arcs: list[tuple[int, ...]] = []
    weights: list[float] = []
    while True:
        place = stream.offset
        fields = [field for field in _BLANKS.split(stream.read_line()) if field]
        if not fields:
            break
        line = _parse_line(fields)
        if line is None:
            expected = "a line 'state next ilabel olabel [weight]' or 'state [weight]'"
            raise stream.error(expected, clipped(b" ".join(fields)), offset=place)
        numbers, weight = line
        if start < 0:
            start = numbers[0]
        if len(numbers) == 1:
            finals[numbers[0]] = weight
        else:
            arcs.append(numbers)
            weights.append(weight)
        states = max(states, *(number + 1 for number in numbers[:2]))
        if states > len(arcs) + len(finals) + _MOST_UNNAMED_STATES:
            raise stream.error("states that have arcs", f"state {states - 1}", "the automaton is damaged", offset=place)
    final_weights = np.full(states, np.inf, np.float32)
    final_weights[list(finals)] = list(finals.values())
    return _text_fst(start, final_weights, np.array(arcs, np.int64).reshape(-1, 4), np.array(weights, np.float32))


def _parse_line(fields: list[bytes]) -> tuple[tuple[int, ...], float] | None:
    """The state, or both states and labels, and the weight of a line; ``None`` if it has another form."""
    if len(fields) not in (1, 2, 4, 5):
        return None
    integers, weights = (fields[:4], fields[4:]) if len(fields) > 2 else (fields[:1], fields[1:])
    if not all(map(_INTEGER.fullmatch, integers)) or not all(map(_WEIGHT.fullmatch, weights)):
        return None
    numbers = tuple(int(field) for field in integers)
    if max(map(abs, numbers)) >= 2**31 or min(numbers[:2]) < 0:
        return None
    return numbers, float(weights[0]) if weights else 0.0


def _text_fst(start: int, final_weights: FloatVector, lines: IntVector, weights: FloatVector) -> Fst:
    """Automaton of arcs [A, 4] in the order of their lines: state, next state, ilabel, olabel."""
    order = np.argsort(lines[:, 0], kind="stable")
    counts = np.bincount(lines[:, 0], minlength=len(final_weights))
    return Fst(
        start=start,
        final_weights=final_weights,
        first_arcs=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        ilabels=lines[order, 2],
        olabels=lines[order, 3],
        weights=weights[order],
        next_states=lines[order, 1],
    )
