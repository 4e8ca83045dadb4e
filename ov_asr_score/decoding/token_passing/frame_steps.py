"""Compiled: tokens pass along arcs, frame by frame.

The costs of the arcs of a pair of graphs hold what its language model will cost; see `composed_nodes`.

Kaldi: LatticeFasterDecoder ``ProcessEmitting``, ``ProcessNonemitting``.

Tests: tests/decoding/token_passing/test_utterance_search.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.compiled import inlined, kernel
from ov_asr_score.decoding.token_passing.composed_nodes import compose, look_of, node_of, number_next
from ov_asr_score.decoding.token_passing.search_arrays import (
    ENDLESS,
    FIRST_RECORD,
    IN_OTHERS,
    LAST_MARK,
    MARK,
    MARKS_FULL,
    NODES_FULL,
    NUM_FRAMES,
    NUM_LINKS,
    NUM_RECORDS,
    NUM_TOKENS,
    PROBLEM,
    RECORDS_FULL,
    STACK_FULL,
    Float,
    FrameArrays,
    Int,
    Nodes,
    Records,
    SearchArrays,
    SearchBuffers,
    SearchLimits,
)
from ov_asr_score.decoding.token_passing.token_table import add_link, cutoff, token_of

_SLACK = 1e-7  # how much less is better: rounding must not lead a path around a cycle
_MOST_ROUNDS = 1000  # of arcs without a frame, for each token there is room for


@inlined
def arrive(
    graph: SearchArrays,
    limits: SearchLimits,
    nodes: Nodes,
    looks: Records,
    frame: FrameArrays,
    source: Records,
    record: Int,
    place_of_arc: Int,
    cost: Float,
    acoustic: Float,
    depth: Int,
) -> Int:
    """Pass a token on to the next node of an arc, at a cost.

    Returns how many tokens are on the stack of those that have arcs without a frame.
    """
    arc = nodes.arcs[place_of_arc]
    node = np.int64(arc.next)
    if node < 0:
        node = number_next(graph, nodes, looks, source.node, place_of_arc, frame.counters)
        if node < 0:
            return depth
    place = token_of(nodes, frame, node)
    if place < 0:
        return depth
    token = frame.tokens[place]
    if limits.lattice and cost <= token.cost + limits.lattice_beam:
        graph_cost = cost - source.cost - limits.scale * acoustic
        if graph.composes:
            graph_cost += nodes.pairs[source.node].look - nodes.pairs[node].look
        add_link(
            frame.links,
            frame.counters,
            record,
            place,
            arc.ilabel,
            arc.olabel,
            source.cost,
            cost,
            graph_cost,
            acoustic,
        )
    if cost < token.cost - _SLACK:
        token.cost, token.acoustic = cost, source.acoustic + acoustic
        token.previous, token.ilabel, token.olabel = record, arc.ilabel, arc.olabel
        if nodes.has_epsilons[node]:
            if depth >= len(frame.stack):
                frame.counters[PROBLEM] = STACK_FULL
            else:
                waiting = frame.stack[depth]
                waiting.place, waiting.cost = place, cost
                depth += 1
    return depth


@inlined
def compose_if_new(graph: SearchArrays, nodes: Nodes, looks: Records, node: Int, counters: Records) -> None:
    """Make the arcs of a node if it has none yet; there may be no room, which is a problem."""
    if nodes.first_arcs[node] < 0:
        compose(graph, nodes, looks, node, counters)


@kernel
def pass_without_frames(
    graph: SearchArrays,
    limits: SearchLimits,
    nodes: Nodes,
    looks: Records,
    frame: FrameArrays,
    first_record: Int,
    bound: Float,
    depth: Int,
) -> None:
    """Follow arcs without a frame from the tokens on the stack until no token becomes better."""
    rounds = 0
    while depth > 0 and frame.counters[PROBLEM] == 0:
        depth -= 1
        place = np.int64(frame.stack[depth].place)
        source = frame.tokens[place]
        # A token that became better later was put on the stack again, and has been followed from there.
        if frame.stack[depth].cost > source.cost or source.cost > bound:
            continue
        rounds += 1
        if rounds > _MOST_ROUNDS * len(frame.tokens):
            frame.counters[PROBLEM] = ENDLESS
        compose_if_new(graph, nodes, looks, source.node, frame.counters)
        if frame.counters[PROBLEM] != 0:
            return
        for place_of_arc in range(nodes.first_arcs[source.node], nodes.end_arcs[source.node]):
            arc = nodes.arcs[place_of_arc]
            if graph.columns[arc.ilabel] >= 0:
                continue
            cost = source.cost + arc.weight + (limits.word_penalty if arc.olabel != 0 else 0.0)
            if cost < bound:
                depth = arrive(
                    graph, limits, nodes, looks, frame, source, first_record + place, place_of_arc, cost, 0.0, depth
                )


@inlined
def first_bound(
    graph: SearchArrays, limits: SearchLimits, nodes: Nodes, token: Records, scores: NDArray[np.float32], beam: Float
) -> Float:
    """The cost up to which tokens of the next frame are kept, by the arcs of the best token."""
    bound = np.inf
    for place_of_arc in range(nodes.first_arcs[token.node], nodes.end_arcs[token.node]):
        arc = nodes.arcs[place_of_arc]
        column = graph.columns[arc.ilabel]
        if column >= 0:
            cost = token.cost + arc.weight + (limits.word_penalty if arc.olabel != 0 else 0.0)
            bound = min(bound, cost - limits.scale * scores[column] + beam)
    return bound


@inlined
def pass_frame(
    graph: SearchArrays,
    limits: SearchLimits,
    nodes: Nodes,
    looks: Records,
    sources: Records,
    count: Int,
    frame: FrameArrays,
    scores: NDArray[np.float32],
) -> None:
    """Pass ``count`` tokens over one frame of scores to ``frame.tokens``, whose records follow those there are."""
    counters = frame.counters
    highest, beam = cutoff(sources, count, limits, frame.tokens)
    best = 0
    for place in range(count):
        if sources[place].cost < sources[best].cost:
            best = place
    compose_if_new(graph, nodes, looks, sources[best].node, counters)
    if counters[PROBLEM] != 0:
        return
    bound = first_bound(graph, limits, nodes, sources[best], scores, beam)
    first_record = counters[FIRST_RECORD]
    depth = np.int64(0)
    for place in range(count):
        source = sources[place]
        if source.cost > highest:
            continue
        compose_if_new(graph, nodes, looks, source.node, counters)
        if counters[PROBLEM] != 0:
            return
        for place_of_arc in range(nodes.first_arcs[source.node], nodes.end_arcs[source.node]):
            arc = nodes.arcs[place_of_arc]
            column = graph.columns[arc.ilabel]
            if column < 0:
                continue
            acoustic = -np.float64(scores[column])
            cost = source.cost + arc.weight + limits.scale * acoustic
            if arc.olabel != 0:
                cost += limits.word_penalty
            if cost < bound:
                bound = min(bound, cost + beam)
                depth = arrive(
                    graph, limits, nodes, looks, frame, source, first_record + place, place_of_arc, cost, acoustic,
                    depth,
                )  # fmt: skip
        if counters[PROBLEM] != 0:
            return
    pass_without_frames(graph, limits, nodes, looks, frame, counters[NUM_RECORDS], bound, depth)


@inlined
def keep_records(
    graph: SearchArrays,
    nodes: Nodes,
    tokens: Records,
    records: Records,
    costs: NDArray[np.float64],
    counters: Records,
    lattice: bool,
) -> None:
    """Make records of the tokens of a frame, behind those that are there."""
    first, count = counters[NUM_RECORDS], counters[NUM_TOKENS]
    for place in range(count):
        record, token = records[first + place], tokens[place]
        record.previous, record.ilabel, record.olabel = token.previous, token.ilabel, token.olabel
        record.state = nodes.pairs[token.node].state if graph.composes else token.node
        if lattice:
            costs[first + place] = token.cost
    counters[FIRST_RECORD], counters[NUM_RECORDS] = first, first + count


@kernel
def begin_search(
    graph: SearchArrays,
    limits: SearchLimits,
    buffers: SearchBuffers,
    records: Records,
    costs: NDArray[np.float64],
    links: Records,
    counters: Records,
    state: Int,
    history: Int,
) -> None:
    """Make the tokens before the first frame."""
    tokens, nodes = buffers.tokens, buffers.nodes
    frame = FrameArrays(tokens, buffers.stack, links, counters, counters[MARK])
    cost: Float = 0.0
    depth = np.int64(0)
    while history >= 0 and cost < np.inf and depth < len(tokens):
        look: Float = 0.0
        node = np.int64(state)
        if graph.composes:
            look = look_of(graph, buffers.looks, state, history)
            look = look if look < np.inf else 0.0
            node = node_of(graph, nodes, state, history, look)
            if node < 0:
                counters[PROBLEM] = NODES_FULL
                break
        place = token_of(nodes, frame, node)
        token = tokens[place]
        token.cost, token.acoustic = cost + look, 0.0
        token.previous, token.ilabel, token.olabel = -1 if depth == 0 else 0, 0, 0
        if limits.lattice and depth > 0:
            none = np.int32(0)
            add_link(links, counters, np.int64(0), place, none, none, tokens[0].cost, token.cost, cost, 0.0)
        waiting = buffers.stack[depth]
        waiting.place, waiting.cost = place, token.cost
        depth += 1
        cost += graph.backoff_costs[history]
        history = np.int64(graph.backoff_states[history])
    pass_without_frames(graph, limits, nodes, buffers.looks, frame, np.int64(0), np.inf, depth)
    counters[MARK] += counters[NUM_TOKENS]
    if counters[NUM_TOKENS] > len(records):
        counters[PROBLEM] = RECORDS_FULL
    if counters[PROBLEM] == 0:
        keep_records(graph, nodes, tokens, records, costs, counters, limits.lattice)


@kernel
def advance_search(
    graph: SearchArrays,
    limits: SearchLimits,
    buffers: SearchBuffers,
    records: Records,
    costs: NDArray[np.float64],
    links: Records,
    firsts: NDArray[np.int64],
    counters: Records,
    scores: NDArray[np.float32],
) -> Int:
    """Search frames of scores; returns how many are done, fewer than given where there is a problem.

    A frame with a problem can be searched again. ``firsts`` [2, frames + 1] are the first record and link of each
    frame. Tokens are in ``buffers.others`` at the end if ``counters[IN_OTHERS]`` says so.
    """
    nodes = buffers.nodes
    for row in range(len(scores)):
        count, num_links = counters[NUM_TOKENS], counters[NUM_LINKS]
        if counters[IN_OTHERS]:
            sources, tokens = buffers.others, buffers.tokens
        else:
            sources, tokens = buffers.tokens, buffers.others
        counters[NUM_TOKENS] = 0
        if counters[MARK] > LAST_MARK:
            counters[PROBLEM] = MARKS_FULL
        elif count > 0:
            frame = FrameArrays(tokens, buffers.stack, links, counters, counters[MARK])
            pass_frame(graph, limits, nodes, buffers.looks, sources, count, frame, scores[row])
            counters[MARK] += counters[NUM_TOKENS]
        if counters[PROBLEM] == 0 and counters[NUM_RECORDS] + counters[NUM_TOKENS] > len(records):
            counters[PROBLEM] = RECORDS_FULL
        if counters[PROBLEM] != 0:
            counters[NUM_TOKENS], counters[NUM_LINKS] = count, num_links
            return row
        keep_records(graph, nodes, tokens, records, costs, counters, limits.lattice)
        counters[NUM_FRAMES] += 1
        if limits.lattice:
            firsts[0, counters[NUM_FRAMES]] = counters[FIRST_RECORD]
            firsts[1, counters[NUM_FRAMES]] = num_links
        counters[IN_OTHERS] = 1 - counters[IN_OTHERS]
    return len(scores)
