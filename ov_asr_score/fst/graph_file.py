"""Decoding graphs (HCLG.fst) as arrays that hold what a decoder relies on without looking.

OpenFst and the decoders read whatever a file says: a next state beyond the last one, or an input label below 0, makes
them read outside of their memory. So a graph is checked here before it is handed to them.

Sources: OpenFst 1.7 (const-fst.h, vector-fst.h), fstext/kaldi-fst-io.cc (``ReadFstKaldiGeneric``).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError, UnsupportedModelError
from ov_asr_score.fst.arc_columns import (
    are_weights,
    blocks,
    count_of_states,
    largest,
    states_of_arcs,
    wrong_value,
)
from ov_asr_score.fst.entry_places import STATES, entry_places, number_of_items, wrong_entry
from ov_asr_score.fst.header import ARC, CONST_STATE, MAGIC, FstHeader, read_header
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.kaldi_io.files.input import describe_input
from ov_asr_score.kaldi_io.foreign import START_BYTES, describe_start
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.text import clipped

_DAMAGED = "the graph is damaged"
_GRAPH = "a decoding graph (HCLG.fst)"
_MOST_STATES = 2**31 - 1  # a state is an int32

COMPOSE_LOOKAHEAD = (
    "fstcompose HCLr.fst Gr.fst | fstrmsymbols disambig_tid.int | fstconvert --fst_type=const > HCLG.fst (Kaldi's "
    "mkgraph_lookahead.sh --compose-graph does it)"
)
"""The commands that make one graph of a lookahead pair."""


@dataclass(frozen=True, slots=True, eq=False)
class GraphFst:
    """States numbered from 0, with their arcs one after the other; weights are negated log-probabilities.

    The arcs of state ``s`` are ``first_arcs[s]`` up to, not including, ``first_arcs[s + 1]``. All states exist, labels
    are 0 (none) or more, no weight is NaN or minus infinity.
    """

    start: int
    final_weights: NDArray[np.float32]  # [S]; infinity where a state is not final
    first_arcs: NDArray[np.int64]  # [S + 1]
    arcs: NDArray[np.void]  # [A], of ARC
    num_final_states: int  # there may be none
    largest_ilabel: int
    largest_olabel: int

    @property
    def num_states(self) -> int:
        """Number of states."""
        return len(self.final_weights)

    @property
    def num_arcs(self) -> int:
        """Number of arcs."""
        return len(self.arcs)

    @property
    def ilabels(self) -> NDArray[np.int32]:
        """Input labels [A]: transition-ids in a graph made for a Kaldi model. A view, like the others."""
        return self.arcs["ilabel"]

    @property
    def olabels(self) -> NDArray[np.int32]:
        """Output labels [A]: words."""
        return self.arcs["olabel"]

    @property
    def weights(self) -> NDArray[np.float32]:
        """Weights [A]."""
        return self.arcs["weight"]

    @property
    def next_states(self) -> NDArray[np.int32]:
        """The state that each arc leads to [A]."""
        return self.arcs["next"]

    def state_of_arc(self, arc: int) -> int:
        """The state that the arc leaves."""
        return int(np.searchsorted(self.first_arcs, arc, side="right")) - 1


@dataclass(frozen=True, slots=True, eq=False)
class GraphFile:
    """A graph, the kind of its file, and the tables of symbols in it, if it has any."""

    path: str
    kind: str  # const or vector
    fst: GraphFst
    input_symbols: SymbolTable | None
    output_symbols: SymbolTable | None


def open_graph(path: str | os.PathLike[str], allow_commands: bool = False) -> GraphFile:
    """The graph in a file of OpenFst of the kind ``const`` or ``vector`` over standard arcs, packed by gzip or not.

    Raises FileAccessError, SpecifierError, TableFormatError (file, byte, what was expected) and UnsupportedModelError
    (another kind of graph, or of file).
    """
    name = os.fspath(path)
    with open_stream(name, allow_commands=allow_commands) as stream, telling_foreign_kinds(stream, _GRAPH):
        return read_graph(stream, name)


@contextmanager
def telling_foreign_kinds(stream: KaldiStream, wanted: str) -> Iterator[None]:
    """Within the block, a file that is no automaton is refused with what it is, in the place of the one ``wanted``.

    Raises UnsupportedModelError in the place of TableFormatError then.
    """
    try:
        yield
    except TableFormatError as error:
        if what := _foreign_kind(stream, wanted):
            raise UnsupportedModelError(f"{stream.name}: {what}") from error
        raise


def _foreign_kind(stream: KaldiStream, wanted: str) -> str:
    """What the file is instead of an automaton of OpenFst, the one that is ``wanted``; empty if unknown."""
    if stream.start.startswith(MAGIC):
        return ""
    if not stream.start:  # nothing, or gzip that is damaged
        return describe_input(stream.name, wanted)
    return describe_start(stream.start, stream.name, wanted, whole=len(stream.start) < START_BYTES)


def read_graph(stream: KaldiStream, path: str) -> GraphFile:
    """The graph at the stream's place; of the kind ``vector``, all up to the end of the file is read with it.

    Raises TableFormatError and UnsupportedModelError.
    """
    header = read_header(stream)
    fst = read_graph_behind(stream, header, _GRAPH)
    return GraphFile(path, header.kind, fst, header.input_symbols, header.output_symbols)


def read_graph_behind(stream: KaldiStream, header: FstHeader, wanted: str) -> GraphFst:
    """The graph behind its header; ``wanted`` is what it is for. Raises TableFormatError and UnsupportedModelError."""
    if header.kind not in ("const", "vector") or header.arc_type != "standard":
        raise UnsupportedModelError(f"{stream.name}: {_other_kind(header, wanted)}")
    final_weights, first_arcs, arcs = (_read_const if header.kind == "const" else _read_vector)(stream, header)
    offset = stream.start_offset
    states = len(final_weights)
    if not 0 <= header.start < states:
        found = "none" if header.start == -1 or not states else f"state {header.start} of {states}"
        raise stream.error("a state where the graph begins", found, offset=offset)
    for field, least, expected in (("next", 0, f"states below {states}"), ("ilabel", 0, ""), ("olabel", 0, "")):
        most = states - 1 if field == "next" else _MOST_STATES
        if (wrong := wrong_value(arcs[field], least, most)) is not None:
            raise stream.error(expected or "labels of 0 or more", str(wrong), _DAMAGED, offset=offset)
    if not are_weights(arcs["weight"]) or not are_weights(final_weights):
        raise stream.error("weights that are numbers", "NaN or minus infinity", _DAMAGED, offset=offset)
    return GraphFst(
        start=header.start,
        final_weights=final_weights,
        first_arcs=first_arcs,
        arcs=arcs,
        num_final_states=int(np.count_nonzero(final_weights < np.inf)),
        largest_ilabel=largest(arcs["ilabel"]),
        largest_olabel=largest(arcs["olabel"]),
    )


def _other_kind(header: FstHeader, wanted: str) -> str:
    """What the file is instead of a graph that can be decoded with, and what can be done."""
    compose = f"compose both into one graph: {COMPOSE_LOOKAHEAD}"
    if "lattice" in header.arc_type:
        return f"is a lattice; expected {wanted}"
    if header.kind.endswith("_lookahead"):
        return f"is the first half of a lookahead graph ({header.kind}), which needs Gr.fst; {compose}"
    if header.kind == "ngram":
        return f"is a language model (ngram), the second half of a lookahead graph, which needs HCLr.fst; {compose}"
    if header.arc_type != "standard":
        arcs = clipped(header.arc_type)
        return f"expected arcs of type standard, found {arcs}; fstmap --map_type=to_standard makes them"
    kind = clipped(header.kind)
    return f"expected a graph of the kind const or vector, found {kind}; fstconvert --fst_type=const makes one"


def _read_const(
    stream: KaldiStream, header: FstHeader
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.void]]:
    states, num_arcs = (_count(stream, header.states, "states"), _count(stream, header.arcs, "arcs"))
    header.align(stream)
    offset = stream.offset
    table = stream.map_bytes(states * CONST_STATE.itemsize).view(CONST_STATE)
    header.align(stream)
    arcs = stream.map_bytes(num_arcs * ARC.itemsize).view(ARC)
    first_arcs = np.zeros(states + 1, np.int64)
    np.cumsum(table["arcs"], out=first_arcs[1:])
    if first_arcs[-1] > num_arcs:
        raise stream.error(f"states with {num_arcs} arcs in all", "more", _DAMAGED, offset=offset)
    if not _follow_each_other(table, first_arcs):  # in another order than that of the states, or with gaps
        counts, first = table["arcs"].astype(np.int64), table["first"].astype(np.int64)
        if (first + counts > num_arcs).any():
            raise stream.error(f"states with {num_arcs} arcs in all", "more", _DAMAGED, offset=offset)
        arcs = arcs[np.repeat(first - first_arcs[:-1], counts) + np.arange(first_arcs[-1])]
    arcs = arcs[: first_arcs[-1]]
    for own, of_them in states_of_arcs(first_arcs):
        # A decoder passes over the epsilon arcs of a state that has none by its number.
        counted = _epsilon_counts(arcs[of_them], first_arcs[own.start : own.stop + 1] - of_them.start)
        wrong = np.flatnonzero((table["epsilons"][own] != counted).any(axis=1))
        if wrong.size:
            state = own.start + int(wrong[0])
            place = offset + state * CONST_STATE.itemsize
            raise stream.error(f"the numbers of epsilon arcs of state {state}", "others", _DAMAGED, offset=place)
    return table["final"].copy(), first_arcs, arcs


def _follow_each_other(table: NDArray[np.void], first_arcs: NDArray[np.int64]) -> bool:
    """Whether the arcs of each state that has any lie behind those of the states before."""
    for block in blocks(len(table)):
        if ((table["first"][block] != first_arcs[:-1][block]) & (table["arcs"][block] > 0)).any():
            return False
    return True


def _read_vector(
    stream: KaldiStream, header: FstHeader
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.void]]:
    # Written to a pipe, the number of states is not known and -1: then they go on to the end of the file.
    states = None if header.states == -1 else _count(stream, header.states, "states")
    offset = stream.offset
    size = stream.size
    data = np.frombuffer(stream.read_all(), np.uint8) if size is None else stream.map_bytes(size - offset)
    # All fields have 4 bytes: a state is its final weight and the number of its arcs in 8 bytes, an arc has 4 fields.
    words = data[: len(data) & ~3].view("<i4")
    starts = entry_places(words, len(words) if states is None else states, STATES)
    if (wrong := wrong_entry(words, starts, STATES)) is not None:
        place = int(starts[wrong])
        found = f"{number_of_items(words, place, STATES)} arcs"
        advice = "the file is truncated or damaged"
        raise stream.error(f"the arcs of state {wrong}", found, advice, offset=offset + 4 * place)
    place = int(starts[-1]) + 3 + 4 * int(words[starts[-1] + 1]) if len(starts) else 0
    if place < len(words) if states is None else len(starts) < states:
        raise stream.error(f"state {len(starts)}", "the end of the file", _DAMAGED, offset=offset + 4 * place)
    first_arcs = np.empty(len(starts) + 1, np.int64)
    first_arcs[:-1] = (starts - 3 * np.arange(len(starts))) // 4
    first_arcs[-1] = (place - 3 * len(starts)) // 4
    of_arcs = np.ones(place, bool)
    for field in range(3):
        of_arcs[starts + field] = False
    final_weights = words[starts].view("<f4")
    return final_weights, first_arcs, words[:place][of_arcs].view(ARC)


def _count(stream: KaldiStream, count: int, what: str) -> int:
    if not 0 <= count <= _MOST_STATES:
        raise stream.error(f"a number of {what}", str(count), _DAMAGED)
    return count


def _epsilon_counts(arcs: NDArray[np.void], first_arcs: NDArray[np.int64]) -> NDArray[np.uint32]:
    """How many arcs of each state have no input, and how many no output [S, 2]."""
    counts = [count_of_states(arcs[field] == 0, first_arcs) for field in ("ilabel", "olabel")]
    return np.stack(counts, axis=1)
