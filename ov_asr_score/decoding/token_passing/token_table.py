"""Compiled: the tokens of a frame, found by their nodes, and how many of them go on."""

from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.token_passing.compiled import inlined, kernel
from ov_asr_score.decoding.token_passing.search_arrays import (
    LINKS_FULL,
    NUM_LINKS,
    NUM_RECORDS,
    NUM_TOKENS,
    PROBLEM,
    TOKENS_FULL,
    Float,
    FrameArrays,
    Int,
    Nodes,
    Records,
    SearchLimits,
)


@inlined
def token_of(nodes: Nodes, frame: FrameArrays, node: Int) -> Int:
    """The token of a node, a new one of infinite cost if there is none yet; -1 if there is no room."""
    token = np.int64(nodes.stamps[node]) - frame.mark
    if token >= 0:
        return token
    token = np.int64(frame.counters[NUM_TOKENS])
    if token >= len(frame.tokens):
        frame.counters[PROBLEM] = TOKENS_FULL
        return np.int64(-1)
    frame.counters[NUM_TOKENS] = token + 1
    nodes.stamps[node] = frame.mark + token
    frame.tokens[token].node, frame.tokens[token].cost = node, np.inf
    return token


@inlined
def add_link(
    links: Records,
    counters: Records,
    source: Int,
    token: Int,
    ilabel: Int,
    olabel: Int,
    source_cost: Float,
    cost: Float,
    graph: Float,
    acoustic: Float,
) -> None:
    """Remember an arc for the lattice."""
    place = counters[NUM_LINKS]
    if place >= len(links):
        counters[PROBLEM] = LINKS_FULL
        return
    link = links[place]
    link.source, link.target, link.ilabel, link.olabel = source, counters[NUM_RECORDS] + token, ilabel, olabel
    link.source_cost, link.cost, link.graph, link.acoustic = source_cost, cost, graph, acoustic
    counters[NUM_LINKS] = place + 1


@kernel
def smallest(costs: Records, count: Int, rank: Int) -> Float:
    """The cost of a rank (from 0) among the tokens, as their previous ``cost``; the order of the array changes."""
    low, high = 0, count - 1
    while low < high:
        pivot, left, right = costs[(low + high) >> 1].cost, low, high
        while left <= right:
            while costs[left].cost < pivot:
                left += 1
            while costs[right].cost > pivot:
                right -= 1
            if left <= right:
                other = costs[left].cost
                costs[left].cost = costs[right].cost
                costs[right].cost = other
                left += 1
                right -= 1
        if rank <= right:
            high = right
        elif rank >= left:
            low = left
        else:
            break
    return costs[rank].cost


@kernel
def cutoff(tokens: Records, count: Int, limits: SearchLimits, scratch: Records) -> tuple[Float, Float]:
    """The cost up to which tokens go on, and the beam of the next frame. Kaldi: LatticeFasterDecoder ``GetCutoff``."""
    best = np.inf
    for token in range(count):
        best = min(best, tokens[token].cost)
    within_beam = best + limits.beam
    inside = 0
    for token in range(count):
        inside += tokens[token].cost <= within_beam
    if limits.min_active < inside <= limits.max_active:
        return within_beam, limits.beam
    if count <= limits.min_active:
        return np.inf, np.inf
    for token in range(count):
        scratch[token].cost = tokens[token].cost
    rank = limits.max_active if inside > limits.max_active else limits.min_active
    cost = smallest(scratch, count, rank)
    return cost, cost - best + limits.beam_delta
