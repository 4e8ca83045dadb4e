"""Words and phrases that are preferred: their costs are lowered wherever they are said.

A word has its cost on its arcs. A phrase of several words is followed by an automaton of Aho and Corasick: each of its
words gets a share at once, so that the search does not lose it, and all of it is taken back when it is not completed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.wanted_words import shown_phrase
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc, WordAutomaton, make_automaton
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.settings.recognition.phrases import MOST_COST, Boost

MOST_PARTS = 2_000_000
"""Arcs of the automaton of phrases."""


@dataclass(frozen=True, slots=True)
class KnownBoosts:
    """By how much costs are lowered, of words by their numbers and of phrases of several words."""

    words: dict[int, float]
    phrases: dict[tuple[int, ...], float]
    warnings: tuple[str, ...]


def known_boosts(boost: Iterable[Boost], vocabulary: Vocabulary, needs_any: bool) -> KnownBoosts:
    """What is known of ``boost``; several numbers of a word or phrase add up, and warnings name unknown words.

    Raises UsageError where none of them is known and ``needs_any``, or for a number that is none.
    """
    words: dict[int, float] = {}
    phrases: dict[tuple[int, ...], float] = {}
    warnings = []
    for text, lowered in boost:
        if not abs(lowered) <= MOST_COST:
            raise UsageError(
                f"boost: expected a number of at most {MOST_COST:g} for {shown_phrase(text)}, found {lowered:g}",
                fields=("boost",),
            )
        found = [vocabulary.number(word) for word in text.split()]
        numbers = tuple(number for number in found if number is not None)
        if len(numbers) < len(found) or not found:
            named = vocabulary.unknown(text.split()) or "it has no words"
            warnings.append(f"boost of {shown_phrase(text)} is left out: {named}")
        elif len(numbers) == 1:
            words[numbers[0]] = words.get(numbers[0], 0.0) + lowered
        else:
            phrases[numbers] = phrases.get(numbers, 0.0) + lowered
    if not words and not phrases and needs_any:
        raise UsageError(f"boost: expected words of the graph, found none; {'; '.join(warnings)}", fields=("boost",))
    return KnownBoosts(words, phrases, tuple(warnings))


def boost_words(fst: GraphFst, lowered: Mapping[int, float]) -> GraphFst:
    """A copy of the graph in which the words, by their numbers, cost so much less."""
    table = np.zeros(fst.largest_olabel + 1, np.float32)
    for word, cost in lowered.items():
        if word <= fst.largest_olabel:
            table[word] += cost
    arcs = fst.arcs.copy()
    arcs["weight"] -= table[arcs["olabel"]]
    return replace(fst, arcs=arcs)


@dataclass(frozen=True, slots=True)
class PhraseFollower:
    """States that know how much of which phrases was just said; 0: nothing of any.

    A word leads to ``following[state][word]``, or to 0. Its cost is lowered by ``own`` of the next state, the phrases
    that end there, and by the difference of both states' ``share``.
    """

    following: list[dict[int, int]]
    own: list[float]
    share: list[float]


def phrase_booster(lowered: Mapping[tuple[int, ...], float]) -> WordAutomaton:
    """The automaton that takes all word sequences, and lowers their cost for each time that a phrase occurs in them.

    Phrases are numbers of words. The cost of a whole sequence is exact. Raises UnsupportedModelError for phrases that
    make it too large.
    """
    follower = phrase_follower(lowered)
    own, share = follower.own, follower.share
    arcs = [WordArc(state, ANY_WORD, 0, share[state]) for state in range(len(own))]
    for state, targets in enumerate(follower.following):
        arcs += [WordArc(state, word, to, share[state] - share[to] - own[to]) for word, to in targets.items()]
    return make_automaton(arcs, np.array(share, np.float32), any_is_other=True)


def phrase_follower(lowered: Mapping[tuple[int, ...], float]) -> PhraseFollower:
    """What follows phrases, by the numbers of their words. Raises UnsupportedModelError for too many."""
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
    return PhraseFollower(following, own, share)
