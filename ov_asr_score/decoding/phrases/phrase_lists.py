"""Lists of phrases as a tree of words, in which each phrase ends with an arc of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ov_asr_score.decoding.phrases.grammars import UnknownWord
from ov_asr_score.decoding.phrases.vocabulary import Vocabulary
from ov_asr_score.decoding.phrases.word_automaton import ANY_WORD, WordArc
from ov_asr_score.settings.recognition.phrases import UNKNOWN

END = 1
"""The state in which a phrase is said; the start is 0."""


@dataclass(frozen=True, slots=True)
class PhraseTree:
    """Arcs from state 0 to those in which phrases end, and the last arc of each phrase."""

    arcs: list[WordArc]
    last_arcs: dict[str, WordArc]
    num_states: int
    unknown_ends: set[int]  # states besides END in which phrases end that end with other words
    unknown: dict[str, list[str]]  # phrases that were left out: words of theirs that are unknown


def phrase_tree(phrases: Iterable[str], vocabulary: Vocabulary, unknown: UnknownWord) -> PhraseTree:
    """The tree of ``phrases``, without those that have words which ``vocabulary`` does not know."""
    arcs: dict[WordArc, None] = {}
    last_arcs: dict[str, WordArc] = {}
    left_out: dict[str, list[str]] = {}
    unknown_ends: set[int] = set()
    children: dict[tuple[int, int], int] = {}
    num_states = END + 1
    for phrase in dict.fromkeys(" ".join(phrase.split()) for phrase in phrases):
        words = phrase.split(" ") if phrase else []
        numbers = [ANY_WORD if word == UNKNOWN else vocabulary.number(word) for word in words]
        missing = [word for word, number in zip(words, numbers, strict=True) if number is None]
        if missing:
            left_out[phrase] = missing
            continue
        state = 0
        for place, number in enumerate(numbers, 1):
            assert number is not None
            target = END
            if place < len(numbers) or number == ANY_WORD:
                target = children.setdefault((state, number), num_states)
                num_states = max(num_states, target + 1)
            arc = _arc(state, number, target, unknown)
            arcs[arc] = None
            if number == ANY_WORD:
                arcs[unknown.arc(target, target)] = None
            if place == len(numbers):
                last_arcs[phrase] = arc
                unknown_ends |= {target} - {END}
            state = target
    return PhraseTree(list(arcs), last_arcs, num_states, unknown_ends, left_out)


def _arc(source: int, number: int, target: int, unknown: UnknownWord) -> WordArc:
    return unknown.arc(source, target) if number == ANY_WORD else WordArc(source, number, target)
