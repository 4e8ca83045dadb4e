"""Words and phrases that are preferred: their costs are lowered wherever they are said.

A word has its cost on its arcs. A phrase of several words is followed by an automaton of Aho and Corasick: each of its
words gets a share at once, so that the search does not lose it, and all of it is taken back when it is not completed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.fst.graph_file import GraphFst

MOST_PARTS = 2_000_000
"""Arcs of the automaton of phrases."""


def boost_words(fst: GraphFst, lowered: Mapping[int, float]) -> GraphFst:
    """A copy of the graph in which the words, by their numbers, cost so much less."""
    table = np.zeros(fst.largest_olabel + 1, np.float32)
    for word, cost in lowered.items():
        if word <= fst.largest_olabel:
            table[word] += cost
    arcs = fst.arcs.copy()
    arcs["weight"] -= table[arcs["olabel"]]
    return replace(fst, arcs=arcs)


def phrase_booster(lowered: Mapping[tuple[int, ...], float]) -> WordAutomaton:
    """The automaton that takes all word sequences, and lowers their cost for each time that a phrase occurs in them.

    Phrases are numbers of words. The cost of a whole sequence is exact. Raises UnsupportedModelError for phrases that
    make it too large.
    """
    children: list[dict[int, int]] = [{}]
    own = [0.0]  # what is lowered where a phrase ends here
    share = [0.0]  # what its beginning has got so far
    for phrase, cost in lowered.items():
        state = 0
        for place, word in enumerate(phrase, 1):
            if word not in children[state]:
                children[state][word] = len(children)
                children.append({})
                own.append(0.0)
                share.append(0.0)
            state = children[state][word]
            if place < len(phrase):
                share[state] = max(share[state], cost * place / len(phrase))
        own[state] += cost
    fallback = [0] * len(children)
    following: list[dict[int, int]] = [{} for _ in children]
    following[0] = dict(children[0])
    queue = deque(children[0].values())
    num_arcs = len(children[0])
    while queue:
        state = queue.popleft()
        own[state] += own[fallback[state]]
        # the beginning of another phrase that is said at the same time
        share[state] = max(share[state], share[fallback[state]])
        for word, child in children[state].items():
            fallback[child] = following[fallback[state]].get(word, 0)
            queue.append(child)
        following[state] = following[fallback[state]] | children[state]
        num_arcs += len(following[state])
        if num_arcs > MOST_PARTS:
            raise UnsupportedModelError(
                f"boost: expected phrases that make at most {MOST_PARTS} arcs, found more; give fewer phrases, or words"
            )
    arcs = [WordArc(state, ANY_WORD, 0, share[state]) for state in range(len(children))]
    for state, targets in enumerate(following):
        arcs += [WordArc(state, word, to, share[state] - share[to] - own[to]) for word, to in targets.items()]
    return make_automaton(arcs, np.array(share, np.float32), any_is_other=True)
