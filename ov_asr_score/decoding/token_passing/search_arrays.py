"""What the compiled functions work on: records of arrays, and tuples of arrays and numbers.

Tests: tests/decoding/token_passing/test_utterance_search.py
"""

from __future__ import annotations

from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

Records: TypeAlias = Any  # an array of one of the types below; compiled functions name the fields of its items
Int: TypeAlias = Any  # numbers as compiled functions have them, of any size
Float: TypeAlias = Any

TOKEN = np.dtype(
    [
        ("cost", "f8"),  # of the path, and what is expected of the language model (look)
        ("acoustic", "f8"),  # of the path, without its scale
        ("node", "i4"),
        ("previous", "i4"),  # its record
        ("ilabel", "i4"),
        ("olabel", "i4"),
    ]
)
"""The best path to a node: a state of a complete graph, or a pair of states, numbered when it is met first."""

WAITING = np.dtype([("cost", "f8"), ("place", "i4"), ("unused", "i4")])
"""On the stack: a token whose arcs without a frame are to be followed, and what it cost when it was put there."""

KEPT_TOKEN = np.dtype([("cost", "f8"), ("acoustic", "f8"), ("state", "i4"), ("history", "i4"), ("look", "f4")])
"""What is known of a token between pieces of scores, when nodes have no numbers."""

RECORD = np.dtype([("previous", "i4"), ("ilabel", "i4"), ("olabel", "i4"), ("state", "i4")])
"""The last arc of a token that was kept, the state of the graph that it leads to, and the record before it."""

PAIR = np.dtype([("state", "i4"), ("history", "i4"), ("look", "f4")])
"""A node of a pair of graphs; ``history`` is the state of the language model."""

LOOK = np.dtype([("key", "i8"), ("look", "f4"), ("unused", "i4")])
"""Of the cache of looks: the key of a set and a history, and their look."""

SET = np.dtype(
    [("first", "i8"), ("count", "i4"), ("begin", "i4"), ("end", "i4"), ("is_final", "i2"), ("backs_off", "i2")]
)
"""A set of labels: where its intervals are, where the first begins and the last ends, whether the end is in it, and
whether a label is by which the language model backs off."""

LINK = np.dtype(
    [
        ("source", "i4"),  # records
        ("target", "i4"),
        ("ilabel", "i4"),
        ("olabel", "i4"),
        ("source_cost", "f8"),  # of the token when the arc was taken
        ("cost", "f8"),  # of the target on this way
        ("graph", "f4"),
        ("acoustic", "f4"),
    ]
)
"""An arc of a lattice."""


class SearchArrays(NamedTuple):
    """The pair of graphs; S states and A arcs, a language model of L states and B arcs, K sets of labels."""

    first_arcs: NDArray[np.int64]  # [S + 1]
    arcs: Records  # [A] of ARC
    finals: NDArray[np.float32]  # [S]
    has_epsilons: NDArray[np.bool_]  # [S]; arcs without a frame
    sets: NDArray[np.int32]  # [S]
    columns: NDArray[np.int32]  # the pdf of each input label; -1: no frame
    set_first: NDArray[np.int64]  # [K + 1]
    set_begins: NDArray[np.int32]
    set_ends: NDArray[np.int32]
    label_sets: Records  # [K]; the same and more, together
    word_first: NDArray[np.int64]  # [L + 1]
    labels: NDArray[np.int32]  # [B]
    word_costs: NDArray[np.float32]  # [B]
    nexts: NDArray[np.int32]  # [B]
    ends: NDArray[np.float32]  # [L]; final costs
    backoff_states: NDArray[np.int32]  # [L]
    backoff_costs: NDArray[np.float32]  # [L]
    sums: NDArray[np.float64]  # [B + L]; probability of the arcs before, of each state one more than it has arcs
    said: NDArray[np.int32]  # [L]; the label that stands for all words of a state, 0: each for itself; empty: all 0
    wide_history: int  # the state whose arcs and looks are in tables; -1: none
    wide_arcs: NDArray[np.int32]  # its arc by label; -1: none
    wide_looks: NDArray[np.float32]  # [K]; its look by set
    composes: bool  # else there is no language model


class SearchLimits(NamedTuple):
    """Options of the search."""

    beam: float
    max_active: int
    min_active: int
    beam_delta: float
    scale: np.float32  # of scores
    word_penalty: float
    lattice: bool
    lattice_beam: float


class Nodes(NamedTuple):
    """The graph that is searched: a complete one, or the part of a pair that was composed so far.

    Looks are part of the costs of arcs. The ``next`` of an arc of a pair is the number of a node, or -2 less the state
    where the node has no number yet (its history is that of the source).
    """

    first_arcs: NDArray[np.int64]  # by node; -1: not composed yet
    end_arcs: NDArray[np.int64]
    arcs: Records  # of ARC
    has_epsilons: NDArray[np.bool_]  # by node; arcs without a frame
    stamps: NDArray[np.int32]  # by node: the mark of the frame, and the number of its token there; less: no token
    pairs: Records  # by node; none in a complete graph
    table: NDArray[np.int32]  # hash table of nodes; -1: empty; a power of two
    counts: NDArray[np.int64]  # nodes and arcs that are there


class SearchBuffers(NamedTuple):
    """What a search needs while it runs and not between pieces."""

    tokens: Records  # [N]
    others: Records  # [N]
    stack: Records
    looks: Records  # a power of two
    nodes: Nodes


class FrameArrays(NamedTuple):
    """What tokens are passed to: those of a frame, and what is remembered of them."""

    tokens: Records
    stack: Records
    links: Records
    counters: Records
    mark: int  # of the frame


# Places in the array of counters of a search.
NUM_TOKENS, FIRST_RECORD, NUM_RECORDS, NUM_LINKS, NUM_FRAMES, PROBLEM, IN_OTHERS, MARK = range(8)

# Places in the counts of nodes.
NUM_NODES, NUM_ARCS = range(2)

# Problems: what is too small, or wrong.
TOKENS_FULL, RECORDS_FULL, LINKS_FULL, STACK_FULL, NODES_FULL, MARKS_FULL, ENDLESS = range(1, 8)

LEAST_COST = -600.0
"""What lower costs of the language model, as of boosted words, count as in looks: sums of probabilities stay finite."""

LAST_MARK = 2**31 - 2**24
"""Frames whose marks are above need a new beginning of the marks."""
