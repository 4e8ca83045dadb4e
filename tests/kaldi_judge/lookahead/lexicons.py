"""Random first halves: words that are spelled in phones, as trees whose ends lead back to the root."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np

from ov_asr_score.kaldi_model.transitions import TransitionModel
from tests.kaldi_judge.decoding.graphs import SILENCES, Arc, Graph, spelling, way_through

MOST_DISAMBIGUATION = 4


@dataclass(slots=True)
class _Node:
    """Of the tree of spellings: words that end here, and those that end here or later."""

    state: int
    children: dict[int, _Node] = field(default_factory=dict)
    ends: list[int] = field(default_factory=list)
    below: set[int] = field(default_factory=set)


def random_lexicon(
    chance: np.random.Generator, transitions: TransitionModel, num_words: int, backoff_label: int | None
) -> Graph:
    """A graph with the words 1 to ``num_words`` as labels.

    Input labels behind the transition-ids are disambiguation symbols. ``backoff_label`` is that of #0, which the root
    passes on.
    """
    graph = Graph()
    first_symbol = transitions.num_transition_ids + 1
    spellings: dict[int, list[int]] = {}
    for word in range(1, num_words + 1):
        spellings[word] = spelling(chance, transitions)
        if word > 1 and word - 1 in spellings and chance.random() < 0.15:
            spellings[word] = spellings[word - 1]  # sounds the same
        elif word - 1 in spellings and chance.random() < 0.2:
            spellings[word] = [*spellings[word - 1], *spelling(chance, transitions)]  # begins the same
    root = _Node(0)
    nodes = [root]
    ways: dict[int, list[tuple[int, int]]] = {}
    is_early, scale = chance.random() < 0.7, float(chance.choice((0.0, 0.5, 2.0)))
    for word, phones in spellings.items():
        node = root
        for phone in phones:
            if phone not in node.children:
                node.children[phone] = _Node(-1)
                nodes.append(node.children[phone])
            node = node.children[phone]
            node.below.add(word)
        node.ends.append(word)
    _grow(graph, chance, transitions, root, ways, is_early, scale)
    silence = int(chance.choice(SILENCES))
    after = _silence(graph, chance, transitions, silence)
    for node in nodes[1:]:
        for number, word in enumerate(node.ends):
            # as prepare_lang.sh: what sounds the same, or is the beginning of something, ends in a symbol
            is_unique = len(node.ends) == 1 and not node.children
            symbol = 0 if is_unique else first_symbol + 1 + number % (MOST_DISAMBIGUATION - 1)
            said = 0 if is_early and len(node.below) == 1 else word
            state = node.state
            if symbol or said:
                state = graph.new_state()
                graph.arcs.append(Arc(node.state, state, symbol, said, 0.0))
            graph.arcs.append(Arc(state, 0, 0, 0, 0.25))
            graph.arcs.append(Arc(state, after, 0, 0, 1.5))
    if chance.random() < 0.5:
        graph.arcs.append(Arc(0, after, 0, 0, 1.0) if chance.random() < 0.5 else Arc(0, after, first_symbol, 0, 1.0))
    if backoff_label is not None:
        graph.arcs.append(Arc(0, 0, first_symbol, backoff_label, 0.0))
    graph.finals[0] = float(chance.choice((0.0, 0.0, 1.5)))
    graph.text = f"{len(spellings)} words, {graph.num_states} states, labels {'early' if is_early else 'late'}"
    return graph


def _grow(
    graph: Graph,
    chance: np.random.Generator,
    transitions: TransitionModel,
    node: _Node,
    ways: dict[int, list[tuple[int, int]]],
    is_early: bool,
    scale: float,
) -> None:
    """Add the states below a node; a word is said as soon as it is the only one, or at the end."""
    for phone, child in node.children.items():
        if phone not in ways:
            ways[phone] = list(way_through(chance, transitions, phone))
        said = 0
        if is_early and len(child.below) == 1 and len(node.below) != 1:
            said = next(iter(child.below))
        child.state = add_phone(graph, node.state, ways[phone], said, scale * float(chance.random()))
        _grow(graph, chance, transitions, child, ways, is_early, scale)


def add_phone(graph: Graph, state: int, ways: Iterable[tuple[int, int]], word: int, weight: float) -> int:
    """Add the states of a phone behind ``state``, and return the last one."""
    for forward, loop in ways:
        following = graph.new_state()
        graph.arcs.append(Arc(state, following, forward, word, weight))
        if loop:
            graph.arcs.append(Arc(following, following, loop, 0, 0.1))
        state, word, weight = following, 0, 0.0
    return state


def _silence(graph: Graph, chance: np.random.Generator, transitions: TransitionModel, phone: int) -> int:
    """Add silence that leads to the root, and return where it begins."""
    begin = graph.new_state()
    end = add_phone(graph, begin, list(way_through(chance, transitions, phone)), 0, 0.0)
    graph.arcs.append(Arc(end, 0, 0, 0, 0.0))
    return begin


def without_symbols(graph: Graph, transitions: TransitionModel) -> Graph:
    """The same without disambiguation symbols."""
    last = transitions.num_transition_ids
    arcs = [replace(arc, transition_id=0) if arc.transition_id > last else arc for arc in graph.arcs]
    return replace(graph, arcs=arcs)
