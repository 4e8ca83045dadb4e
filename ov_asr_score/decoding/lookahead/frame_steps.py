"""Compiled: tokens pass along the arcs of the pair of graphs, frame by frame.

A word is taken where its output label is met, by its arc in the state of the language model. Right after it, each state
that the next one backs off to gets a token of its own, as epsilons of the language model would have it; a state none
of whose own words is within reach gets none. The look of a path never falls, so an arc is
given up with the look of its source where that suffices.

Kaldi: LatticeFasterDecoder ``ProcessEmitting``, ``ProcessNonemitting``; OpenFst: compose with the lookahead filters.

Tests: tests/decoding/lookahead/test_lookahead_search.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.lookahead.compiled import inlined, kernel
from ov_asr_score.decoding.lookahead.look_costs import arc_of_word, look_ahead
from ov_asr_score.decoding.lookahead.search_arrays import (
    ENDLESS,
    FIRST_RECORD,
    IN_OTHERS,
    MARK,
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
    Records,
    SearchArrays,
    SearchBuffers,
    SearchLimits,
)
from ov_asr_score.decoding.lookahead.token_table import add_link, cutoff, token_of

_SLACK = 1e-7  # how much less is better: rounding must not lead a path around a cycle
_MOST_ROUNDS = 1000  # of arcs without a frame, for each token there is room for


@inlined
def arrive(
    graph: SearchArrays,
    limits: SearchLimits,
    frame: FrameArrays,
    source: Records,
    record: Int,
    arc: Records,
    history: Int,
    look: Float,
    graph_cost: Float,
    acoustic: Float,
    bound: Float,
    depth: Int,
) -> tuple[Float, Int]:
    """Pass a token on to the next state of an arc, if it costs less than ``bound``.

    Returns its cost (infinity: dropped), and how many tokens are on the stack of those that have arcs without a frame.
    """
    cost = source.cost - source.look + graph_cost + limits.scale * acoustic + look
    if cost >= bound:
        return np.inf, depth
    place = token_of(frame.tokens, frame.table, frame.counters, arc.next, history, len(graph.ends))
    if place < 0:
        return np.inf, depth
    if limits.lattice:
        add_link(
            frame.links,
            frame.counters,
            record,
            place,
            arc.ilabel,
            arc.olabel,
            source.cost,
            cost,
            cost - source.cost - limits.scale * acoustic - look + source.look,
            acoustic,
        )
    token = frame.tokens[place]
    if cost < token.cost - _SLACK:
        token.cost, token.look, token.acoustic = cost, look, source.acoustic + acoustic
        token.previous, token.ilabel, token.olabel = record, arc.ilabel, arc.olabel
        if graph.has_epsilons[arc.next]:
            if depth >= len(frame.stack):
                frame.counters[PROBLEM] = STACK_FULL
            else:
                frame.stack[depth] = place
                depth += 1
    return cost, depth


@inlined
def follow(
    graph: SearchArrays,
    limits: SearchLimits,
    frame: FrameArrays,
    source: Records,
    record: Int,
    arc: Records,
    acoustic: Float,
    bound: Float,
    beam: Float,
    depth: Int,
) -> tuple[Float, Int]:
    """Take an arc from the token ``source``, with all words it may stand for.

    Returns the bound, which falls to the best cost and ``beam``, and the tokens on the stack.
    """
    graph_cost: Float = np.float64(arc.weight)
    history, look = np.int64(source.history), np.float64(source.look)
    if arc.olabel == 0 or not graph.composes:
        if arc.olabel != 0:
            graph_cost += limits.word_penalty
        elif graph.composes and graph.sets[arc.next] != graph.sets[source.state]:
            look = look_ahead(graph, graph.sets[arc.next], history, frame.looks)
        cost, depth = arrive(
            graph, limits, frame, source, record, arc, history, look, graph_cost, acoustic, bound, depth
        )
        return min(bound, cost + beam), depth
    word = arc_of_word(graph, history, arc.olabel)
    if word < 0:
        return bound, depth
    graph_cost += graph.word_costs[word] + limits.word_penalty
    history = np.int64(graph.nexts[word])
    while history >= 0:
        look = look_ahead(graph, graph.sets[arc.next], history, frame.looks)
        cost, depth = arrive(
            graph, limits, frame, source, record, arc, history, look, graph_cost, acoustic, bound, depth
        )
        bound = min(bound, cost + beam)
        graph_cost += graph.backoff_costs[history]
        history = np.int64(graph.backoff_states[history])
    return bound, depth


@kernel
def pass_without_frames(
    graph: SearchArrays,
    limits: SearchLimits,
    frame: FrameArrays,
    first_record: Int,
    bound: Float,
    depth: Int,
) -> None:
    """Follow arcs without a frame from the tokens on the stack until no token becomes better."""
    rounds = 0
    while depth > 0 and frame.counters[PROBLEM] == 0:
        depth -= 1
        place = np.int64(frame.stack[depth])
        source = frame.tokens[place]
        if source.cost > bound:
            continue
        rounds += 1
        if rounds > _MOST_ROUNDS * len(frame.tokens):
            frame.counters[PROBLEM] = ENDLESS
        state = source.state
        for place_of_arc in range(graph.first_arcs[state], graph.first_arcs[state + 1]):
            arc = graph.arcs[place_of_arc]
            if graph.columns[arc.ilabel] < 0:
                _, depth = follow(graph, limits, frame, source, first_record + place, arc, 0.0, bound, np.inf, depth)


@inlined
def first_bound(
    graph: SearchArrays, limits: SearchLimits, token: Records, scores: NDArray[np.float32], beam: Float
) -> Float:
    """What the best token already grants: a cost that the arcs behind which it expects the same words stay below."""
    bound = np.inf
    for place in range(graph.first_arcs[token.state], graph.first_arcs[token.state + 1]):
        arc = graph.arcs[place]
        column = graph.columns[arc.ilabel]
        if column >= 0 and arc.olabel == 0 and graph.sets[arc.next] == graph.sets[token.state]:
            bound = min(bound, token.cost + arc.weight - limits.scale * scores[column] + beam)
    return bound


@inlined
def pass_frame(
    graph: SearchArrays,
    limits: SearchLimits,
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
    bound = first_bound(graph, limits, sources[best], scores, beam)
    first_record = counters[FIRST_RECORD]
    depth = 0
    for place in range(count):
        source = sources[place]
        if source.cost > highest:
            continue
        for place_of_arc in range(graph.first_arcs[source.state], graph.first_arcs[source.state + 1]):
            arc = graph.arcs[place_of_arc]
            column = graph.columns[arc.ilabel]
            if column < 0:
                continue
            acoustic = -np.float64(scores[column])
            if source.cost + arc.weight + limits.scale * acoustic < bound:
                bound, depth = follow(
                    graph, limits, frame, source, first_record + place, arc, acoustic, bound, beam, depth
                )
        if counters[PROBLEM] != 0:
            return
    pass_without_frames(graph, limits, frame, counters[NUM_RECORDS], bound, depth)


@inlined
def keep_records(
    tokens: Records, records: Records, costs: NDArray[np.float64], counters: Records, lattice: bool
) -> None:
    """Make records of the tokens of a frame, behind those that are there."""
    first, count = counters[NUM_RECORDS], counters[NUM_TOKENS]
    for place in range(count):
        record, token = records[first + place], tokens[place]
        record.previous, record.ilabel, record.olabel, record.state = (
            token.previous,
            token.ilabel,
            token.olabel,
            token.state,
        )
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
    counters[MARK] += 1
    tokens = buffers.tokens
    frame = FrameArrays(tokens, buffers.table, buffers.looks, buffers.stack, links, counters)
    cost: Float = 0.0
    depth = 0
    while history >= 0 and depth < len(tokens):
        place = token_of(tokens, buffers.table, counters, state, history, len(graph.ends))
        token = tokens[place]
        token.cost, token.look, token.acoustic = cost, 0.0, 0.0
        token.previous, token.ilabel, token.olabel = -1 if depth == 0 else 0, 0, 0
        if limits.lattice and depth > 0:
            add_link(links, counters, 0, place, 0, 0, 0.0, cost, cost, 0.0)
        buffers.stack[depth] = place
        depth += 1
        cost += graph.backoff_costs[history]
        history = np.int64(graph.backoff_states[history])
    pass_without_frames(graph, limits, frame, 0, np.inf, depth)
    if counters[NUM_TOKENS] > len(records):
        counters[PROBLEM] = RECORDS_FULL
    if counters[PROBLEM] == 0:
        keep_records(tokens, records, costs, counters, limits.lattice)


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
    for row in range(len(scores)):
        count, num_links = counters[NUM_TOKENS], counters[NUM_LINKS]
        if counters[IN_OTHERS]:
            sources, tokens = buffers.others, buffers.tokens
        else:
            sources, tokens = buffers.tokens, buffers.others
        counters[MARK] += 1
        counters[NUM_TOKENS] = 0
        if count > 0:
            frame = FrameArrays(tokens, buffers.table, buffers.looks, buffers.stack, links, counters)
            pass_frame(graph, limits, sources, count, frame, scores[row])
        if counters[PROBLEM] == 0 and counters[NUM_RECORDS] + counters[NUM_TOKENS] > len(records):
            counters[PROBLEM] = RECORDS_FULL
        if counters[PROBLEM] != 0:
            counters[NUM_TOKENS], counters[NUM_LINKS] = count, num_links
            return row
        keep_records(tokens, records, costs, counters, limits.lattice)
        counters[NUM_FRAMES] += 1
        if limits.lattice:
            firsts[0, counters[NUM_FRAMES]] = counters[FIRST_RECORD]
            firsts[1, counters[NUM_FRAMES]] = num_links
        counters[IN_OTHERS] = 1 - counters[IN_OTHERS]
    return len(scores)
