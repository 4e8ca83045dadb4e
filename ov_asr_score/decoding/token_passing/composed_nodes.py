"""Compiled: pairs of states are numbered when they are met first, and their arcs composed when they are followed first.

What language models will cost is part of the costs of arcs, so that a pair that was composed is searched like a state
of any other graph. A word is taken where its output label is met, by its arc in the state of the language model. Right
after it, each state that the next one backs off to gets a node of its own, as epsilons of the language model would have
it; a state none of whose own words is within reach gets none.

OpenFst: compose with the lookahead filters.
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.token_passing.compiled import inlined, kernel
from ov_asr_score.decoding.token_passing.look_costs import arc_of_word, arcs_within, look_ahead, slot_of
from ov_asr_score.decoding.token_passing.search_arrays import (
    NODES_FULL,
    NUM_ARCS,
    NUM_NODES,
    PROBLEM,
    Float,
    Int,
    Nodes,
    Records,
    SearchArrays,
)


@kernel
def look_of(graph: SearchArrays, looks: Records, state: Int, history: Int) -> Float:
    """The look of a pair of states, see `look_ahead`."""
    begin, end = np.int64(graph.word_first[history]), np.int64(graph.word_first[history + 1])
    return look_ahead(graph, np.int64(graph.sets[state]), history, looks, begin, end)


@kernel
def node_of(graph: SearchArrays, nodes: Nodes, state: Int, history: Int, look: Float) -> Int:
    """The number of a pair of states, a new one if it has none yet; -1 if there is no room."""
    mask = len(nodes.table) - 1
    slot = slot_of(state * len(graph.ends) + history, mask)
    while nodes.table[slot] >= 0:
        found = np.int64(nodes.table[slot])
        if nodes.pairs[found].state == state and nodes.pairs[found].history == history:
            return found
        slot = (slot + 1) & mask
    node = np.int64(nodes.counts[NUM_NODES])
    if node >= len(nodes.pairs) or 2 * node >= len(nodes.table):
        return np.int64(-1)
    nodes.counts[NUM_NODES] = node + 1
    nodes.table[slot] = node
    pair = nodes.pairs[node]
    pair.state, pair.history, pair.look = state, history, look
    nodes.first_arcs[node], nodes.has_epsilons[node] = -1, graph.has_epsilons[state]
    return node


@inlined
def add_arc(nodes: Nodes, place: Int, ilabel: Int, olabel: Int, cost: Float, following: Int) -> Int:
    """Write an arc at a place if it has a finite cost and there is room; returns where the next arc belongs."""
    if cost < np.inf and place < len(nodes.arcs):
        arc = nodes.arcs[place]
        arc.ilabel, arc.olabel, arc.weight, arc.next = ilabel, olabel, cost, following
    return place + (1 if cost < np.inf else 0)


@kernel
def compose(graph: SearchArrays, nodes: Nodes, looks: Records, node: Int, counters: Records) -> None:
    """Make the arcs of a pair of states, without those that no word can follow."""
    pair = nodes.pairs[node]
    state, own_history, own_look = np.int64(pair.state), np.int64(pair.history), np.float64(pair.look)
    first = np.int64(nodes.counts[NUM_ARCS])
    end, full = first, False
    said = np.int64(graph.said[own_history]) if len(graph.said) > 0 else np.int64(0)
    begin, behind = np.int64(graph.word_first[own_history]), np.int64(graph.word_first[own_history + 1])
    is_alive = look_ahead(graph, np.int64(graph.sets[state]), own_history, looks, begin, behind) < np.inf
    if own_history != graph.wide_history:
        begin, behind = arcs_within(graph, np.int64(graph.sets[state]), begin, behind)
    for place in range(graph.first_arcs[state], graph.first_arcs[state + 1] if is_alive else 0):
        arc = graph.arcs[place]
        cost: Float = np.float64(arc.weight) - own_look
        olabel, next_state = np.int64(arc.olabel), np.int64(arc.next)
        if olabel == 0:
            look = own_look
            if graph.sets[next_state] != graph.sets[state]:
                look = look_ahead(graph, np.int64(graph.sets[next_state]), own_history, looks, begin, behind)
            end = add_arc(nodes, end, arc.ilabel, olabel, cost + look, -2 - next_state)
            continue
        word = arc_of_word(graph, own_history, olabel)
        if word < 0:
            continue
        cost += graph.word_costs[word]
        history = np.int64(graph.nexts[word])
        while history >= 0:
            look = look_of(graph, looks, next_state, history)
            if look < np.inf:
                node_behind = node_of(graph, nodes, next_state, history, look)
                full = full or node_behind < 0
                end = add_arc(nodes, end, arc.ilabel, olabel if said == 0 else said, cost + look, node_behind)
            cost += graph.backoff_costs[history]
            history = np.int64(graph.backoff_states[history])
    if full or end > len(nodes.arcs):
        counters[PROBLEM] = NODES_FULL
        return
    nodes.first_arcs[node], nodes.end_arcs[node] = first, end
    nodes.counts[NUM_ARCS] = end


@kernel
def number_next(graph: SearchArrays, nodes: Nodes, looks: Records, source: Int, place: Int, counters: Records) -> Int:
    """The node that an arc of a node leads to, which has no number there yet; -1 if there is no room."""
    pair, state = nodes.pairs[source], -2 - np.int64(nodes.arcs[place].next)
    look, history = np.float64(pair.look), np.int64(pair.history)
    if graph.sets[state] != graph.sets[pair.state]:
        look = look_of(graph, looks, state, history)
    node = node_of(graph, nodes, state, history, look)
    if node < 0:
        counters[PROBLEM] = NODES_FULL
    else:
        nodes.arcs[place].next = node
    return node


@kernel
def enter(graph: SearchArrays, nodes: Nodes, kept: Records, tokens: Records) -> bool:
    """Give tokens the numbers of their pairs of states; returns whether there was room."""
    for place in range(len(kept)):
        pair = kept[place]
        node = node_of(graph, nodes, np.int64(pair.state), np.int64(pair.history), np.float64(pair.look))
        if node < 0:
            return False
        tokens[place].node = node
    return True


@kernel
def fill_table(graph: SearchArrays, nodes: Nodes) -> None:
    """Enter all nodes into an empty table."""
    mask = len(nodes.table) - 1
    for node in range(nodes.counts[NUM_NODES]):
        pair = nodes.pairs[node]
        slot = slot_of(np.int64(pair.state) * len(graph.ends) + pair.history, mask)
        while nodes.table[slot] >= 0:
            slot = (slot + 1) & mask
        nodes.table[slot] = node
