"""Compiled: what the language model will cost at least of all words that are within reach (weight pushing).

The look of a set of labels in a history is the negated logarithm of the probability of those of its words that the
history has arcs for, and of backing off if the model has a label for it, as for words; or the cost of ending there, if
that is within reach and less. So it is in OpenFst's lookahead with FastLogAccumulator. Interval sums are differences of
running sums.

Source: OpenFst, ``LabelLookAheadMatcher::LookAheadFst``.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.compiled import inlined, kernel
from ov_asr_score.decoding.token_passing.search_arrays import LEAST_COST, Float, Int, Records, SearchArrays

_MIX = np.int64(-7046029254386353131)
_FEW = 4  # arcs, or intervals, that are searched sooner than the cache of looks
_TINY = 1e-9  # of a difference of running sums not more than about seven digits are right


@inlined
def slot_of(key: Int, mask: Int) -> Int:
    """Where in a table of ``mask + 1`` slots a key belongs."""
    return ((key * _MIX) >> 33) & mask


@inlined
def probability(cost: Float) -> Float:
    """What a cost of the language model stands for; above 1 where words are boosted."""
    return math.exp(-max(np.float64(cost), LEAST_COST))


@inlined
def first_not_below(labels: NDArray[np.int32], begin: Int, end: Int, label: Int) -> Int:
    """The first place in the sorted ``labels[begin:end]`` of a label that is not below."""
    while begin < end:
        middle = (begin + end) >> 1
        if labels[middle] < label:
            begin = middle + 1
        else:
            end = middle
    return begin


@inlined
def arc_of_word(graph: SearchArrays, history: Int, label: Int) -> Int:
    """The arc of a label in a state of the language model; -1: none."""
    if history == graph.wide_history:
        return np.int64(graph.wide_arcs[label]) if label < len(graph.wide_arcs) else -1
    end = graph.word_first[history + 1]
    place = first_not_below(graph.labels, graph.word_first[history], end, label)
    return place if place < end and graph.labels[place] == label else -1


@inlined
def mass_of_arcs(graph: SearchArrays, history: Int, begin: Int, end: Int) -> Float:
    """The probability of the arcs ``begin`` up to ``end`` of a state of the language model."""
    mass = graph.sums[end + history] - graph.sums[begin + history]
    if mass < _TINY * (1.0 + graph.sums[end + history]):
        mass = 0.0
        for arc in range(begin, end):
            mass += probability(graph.word_costs[arc])
    return mass


@inlined
def is_in_set(graph: SearchArrays, first: Int, last: Int, label: Int) -> bool:
    """Whether the intervals ``first`` up to ``last`` hold a label."""
    end = last
    while first < end:
        middle = (first + end) >> 1
        if graph.set_ends[middle] <= label:
            first = middle + 1
        else:
            end = middle
    return first < last and bool(graph.set_begins[first] <= label)


@kernel
def mass_among(graph: SearchArrays, labels: Int, history: Int, begin: Int, end: Int) -> Float:
    """The probability of the words of a set by the arcs of a history, ``begin`` up to ``end`` between its bounds."""
    first = np.int64(graph.label_sets[labels].first)
    last = first + graph.label_sets[labels].count
    mass = 0.0
    if end - begin < last - first:
        for arc in range(begin, end):
            if is_in_set(graph, first, last, graph.labels[arc]):
                mass += probability(graph.word_costs[arc])
        return mass
    for interval in range(first, last):
        begin = first_not_below(graph.labels, begin, end, np.int64(graph.set_begins[interval]))
        if begin == end:
            break
        behind = first_not_below(graph.labels, begin, end, np.int64(graph.set_ends[interval]))
        if behind > begin:
            mass += mass_of_arcs(graph, history, begin, behind)
        begin = behind
    return mass


@inlined
def arcs_within(graph: SearchArrays, labels: Int, begin: Int, end: Int) -> tuple[Int, Int]:
    """Those of the arcs ``begin`` up to ``end`` of a history that lie between the first and last label of a set."""
    bounds = graph.label_sets[labels]
    begin = first_not_below(graph.labels, begin, end, np.int64(bounds.begin))
    return begin, first_not_below(graph.labels, begin, end, np.int64(bounds.end))


@kernel
def look_ahead(graph: SearchArrays, labels: Int, history: Int, looks: Records, begin: Int, end: Int) -> Float:
    """The look of a set in a history: infinity if none of the words of its own arcs is within reach.

    All arcs of the history that the set may hold are among those from ``begin`` up to ``end``. Looks that take long
    are cached; those of the widest history are in a table.
    """
    if history == graph.wide_history:
        return np.float64(graph.wide_looks[labels])
    found = graph.label_sets[labels]
    begin, end = arcs_within(graph, labels, begin, end)
    if begin == end and not found.is_final:
        return np.inf
    is_short = min(end - begin, np.int64(found.count)) <= _FEW
    key = np.int64(labels) * len(graph.ends) + history
    slot = slot_of(key, len(looks) - 1)
    if not is_short and looks[slot].key == key:
        return np.float64(looks[slot].look)
    if found.count == 1:
        mass = mass_of_arcs(graph, history, begin, end)
    else:
        mass = mass_among(graph, labels, history, begin, end)
    if found.backs_off and mass > 0:
        mass += probability(graph.backoff_costs[history])
    look = np.float64(np.float32(-math.log(mass))) if mass > 0 else np.inf
    if found.is_final:  # OpenFst adds words, but not the end
        look = min(look, np.float64(graph.ends[history]))
    if not is_short:
        looks[slot].key, looks[slot].look = key, look
    return look


@kernel
def fill_sums(word_first: NDArray[np.int64], costs: NDArray[np.float32], sums: NDArray[np.float64]) -> None:
    """Fill in the running sums of probabilities, which begin with 0 in each state of the language model."""
    for history in range(len(word_first) - 1):
        mass = 0.0
        sums[word_first[history] + history] = 0.0
        for arc in range(word_first[history], word_first[history + 1]):
            mass += probability(costs[arc])
            sums[arc + history + 1] = mass
