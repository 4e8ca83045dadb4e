"""What searches borrow while they run: tokens, and the part of a pair of graphs that was composed so far.

Composed parts are kept for later searches. They are bounded: when there is no more room, composing begins anew with the
tokens of the frame.

Tests: tests/decoding/token_passing/test_composed_nodes.py
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.token_passing.record_copies import doubled, put
from ov_asr_score.decoding.token_passing.search_arrays import (
    KEPT_TOKEN,
    LAST_MARK,
    LINK,
    LOOK,
    NUM_NODES,
    PAIR,
    TOKEN,
    WAITING,
    Nodes,
    Records,
    SearchArrays,
    SearchBuffers,
)
from ov_asr_score.fst.header import ARC

_FIRST_TOKENS = 1 << 12
_FIRST_LINKS = 1 << 10
_MOST_LOOKS = 1 << 18
_MOST_NODES = 1 << 20
_MOST_ARCS = 1 << 21
_FIRST_TABLE = 1 << 14


class SharedBuffers:
    """Buffers that searches borrow while they run, one at a time."""

    def __init__(self, graph: SearchArrays) -> None:
        """Room to begin with; what is large is not in memory until it is used."""
        self.graph = graph
        self.mark = 1  # of the next frame of any search; see `Nodes.stamps`
        self.links = np.zeros(_FIRST_LINKS, LINK)
        looks = np.zeros(_num_looks(graph), LOOK)
        looks["key"] = -1
        self.arrays = SearchBuffers(*_tokens(_FIRST_TOKENS), looks, _nodes(graph))

    def grow_links(self) -> None:
        """Make room for twice as many arcs of a lattice, and keep those that are there."""
        self.links = doubled(self.links)

    def grow(self) -> None:
        """Make room for twice as many tokens, and keep those that are there."""
        before = self.arrays
        tokens, others, stack = _tokens(2 * len(before.tokens))
        put(tokens, before.tokens)
        put(others, before.others)
        self.arrays = before._replace(tokens=tokens, others=others, stack=stack)

    def begin_marks_anew(self) -> None:
        """Forget which nodes had tokens."""
        self.mark = 1
        self.arrays.nodes.stamps[:] = 0

    def put_tokens(self, kept: Records) -> None:
        """Let tokens be those of the last frame."""
        while len(self.arrays.tokens) < len(kept):
            self.grow()
        tokens = self.arrays.tokens[: len(kept)]
        tokens["cost"], tokens["acoustic"] = kept["cost"], kept["acoustic"]
        if self.mark > LAST_MARK:
            self.begin_marks_anew()
        if self.graph.composes:
            self._enter(kept, tokens)
        else:
            tokens["node"] = kept["state"]

    def take_tokens(self, tokens: Records) -> Records:
        """What is kept of tokens."""
        kept = np.zeros(len(tokens), KEPT_TOKEN)
        kept["cost"], kept["acoustic"] = tokens["cost"], tokens["acoustic"]
        if self.graph.composes:
            pairs = self.arrays.nodes.pairs[tokens["node"]]
            kept["state"], kept["history"], kept["look"] = pairs["state"], pairs["history"], pairs["look"]
        else:
            kept["state"] = tokens["node"]
        return kept

    def make_room_for_nodes(self, tokens: Records, again: bool) -> bool:
        """Make room; returns whether what was composed is gone: then the ``tokens`` of a frame have new numbers.

        ``again`` says that this was so in this frame before, and did not help.
        """
        if self._grow_table():
            return False
        kept = self.take_tokens(tokens)
        self._compose_anew(2 if again else 1)
        self._enter(kept, tokens)
        return True

    def _enter(self, kept: Records, tokens: Records) -> None:
        from ov_asr_score.decoding.token_passing.composed_nodes import enter

        factor = 1
        while not enter(self.graph, self.arrays.nodes, kept, tokens):
            if not self._grow_table():
                self._compose_anew(factor)
                factor = 2

    def _grow_table(self) -> bool:
        """Make room in the table of nodes if it is what is full."""
        from ov_asr_score.decoding.token_passing.composed_nodes import fill_table

        nodes = self.arrays.nodes
        if 2 * int(nodes.counts[NUM_NODES]) < len(nodes.table) or len(nodes.table) >= 2 * len(nodes.pairs):
            return False
        nodes = nodes._replace(table=np.full(4 * len(nodes.table), -1, np.int32))
        fill_table(self.graph, nodes)
        self.arrays = self.arrays._replace(nodes=nodes)
        return True

    def _compose_anew(self, factor: int) -> None:
        """Forget what was composed, and make room for a multiple of it."""
        nodes = self.arrays.nodes
        if factor == 1:
            nodes.counts[:] = 0
            nodes.table[:] = -1
            return
        nodes = _composed(factor * len(nodes.pairs), factor * len(nodes.arcs))
        self.arrays = self.arrays._replace(nodes=nodes)


def _num_looks(graph: SearchArrays) -> int:
    if not graph.composes:
        return 1
    pairs = (len(graph.set_first) - 1) * len(graph.ends)
    return int(min(_MOST_LOOKS, 1 << max(4, (4 * pairs).bit_length())))


def _tokens(count: int) -> tuple[Records, Records, Records]:
    return np.zeros(count, TOKEN), np.zeros(count, TOKEN), np.zeros(8 * count, WAITING)


def _nodes(graph: SearchArrays) -> Nodes:
    if graph.composes:
        return _composed(min(_MOST_NODES, len(graph.finals) * len(graph.ends)), _MOST_ARCS)
    return Nodes(
        first_arcs=graph.first_arcs[:-1],
        end_arcs=graph.first_arcs[1:],
        arcs=graph.arcs,
        has_epsilons=graph.has_epsilons,
        stamps=np.zeros(len(graph.finals), np.int32),
        pairs=np.zeros(0, PAIR),
        table=np.zeros(1, np.int32),
        counts=np.zeros(2, np.int64),
    )


def _composed(num_nodes: int, num_arcs: int) -> Nodes:
    return Nodes(
        first_arcs=np.empty(num_nodes, np.int64),
        end_arcs=np.empty(num_nodes, np.int64),
        arcs=np.empty(num_arcs, ARC),
        has_epsilons=np.empty(num_nodes, np.bool_),
        stamps=np.zeros(num_nodes, np.int32),
        pairs=np.empty(num_nodes, PAIR),
        table=np.full(_FIRST_TABLE, -1, np.int32),
        counts=np.zeros(2, np.int64),
    )
