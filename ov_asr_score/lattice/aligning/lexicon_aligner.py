"""Lattices whose arcs have whole words or silences, by their pronunciations.

Source: lat/word-align-lattice-lexicon.cc (``LatticeLexiconWordAligner``).

Tests: tests/lattice/test_word_alignment.py
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from ov_asr_score.lattice.align_lexicon import AlignLexicon, Phones
from ov_asr_score.lattice.aligning.arc_graph import Arc, ArcGraph, Costs
from ov_asr_score.lattice.aligning.expansion import Expansion

_FREE: Costs = (0.0, 0.0)


class _News(IntEnum):
    """What is new about waiting phones or words since the state before: it is tried once to make a word of them."""

    NOTHING = 0
    LAST = 1
    ALL = 2


class _PendingWords(NamedTuple):
    """A state of the graph of phones, and what came before it on a path but is on no new arc yet."""

    state: int
    phones: Phones
    ids: tuple[bytes, ...]  # transition-ids of each phone
    words: tuple[int, ...]
    new_phones: _News
    new_word: bool


@dataclass(frozen=True, slots=True, eq=False)
class LexiconGraph:
    """The graph of words; ``is_cut`` if no path has words that are whole up to its end."""

    graph: ArcGraph
    is_cut: bool


def expand_lexicon_words(
    phone_graph: ArcGraph, lexicon: AlignLexicon, most_states: int, phone_of: Callable[[bytes], int]
) -> LexiconGraph:
    """The graph of words that have their pronunciations, and of silences, as the lexicon shows them.

    ``phone_graph`` has whole phones on its arcs. Raises TooLargeError.
    """
    expansion = Expansion(_PendingWords(0, (), (), (), _News.NOTHING, new_word=False), most_states)
    arcs, finals = expansion.graph.arcs, expansion.graph.finals
    ends: list[tuple[int, _PendingWords]] = []
    for number, pending in expansion.new_states():
        arcs[number] += _whole_words(expansion, pending, lexicon)
        if not (pending.phones and pending.words) or lexicon.goes_on(pending.phones, pending.words[0]):
            for arc in phone_graph.arcs[pending.state]:
                then = _advanced(pending, arc, phone_of)
                arcs[number].append(Arc(expansion.number(then), None, b"", arc.costs))
        if pending.state in phone_graph.finals:
            ends.append((number, pending))
    whole = [number for number, pending in ends if not pending.phones and not pending.words]
    finals.update(dict.fromkeys(whole, _FREE))
    if not whole:
        _force_ends(expansion, ends)
    return LexiconGraph(expansion.graph, is_cut=not whole)


def _force_ends(expansion: Expansion[_PendingWords], ends: list[tuple[int, _PendingWords]]) -> None:
    """Let the paths end with one arc of all that waits, unless they can go on."""
    arcs = expansion.graph.arcs
    for number, pending in ends:
        if all(arc.word is None for arc in arcs[number]):
            end = expansion.number(_PendingWords(pending.state, (), (), (), _News.LAST, new_word=True))
            word = pending.words[0] if pending.words else 0
            arcs[number].append(Arc(end, word, b"".join(pending.ids), _FREE))
            expansion.graph.finals[end] = _FREE


def _advanced(pending: _PendingWords, arc: Arc, phone_of: Callable[[bytes], int]) -> _PendingWords:
    words = (*pending.words, arc.word) if arc.word else pending.words
    new_word = bool(arc.word) and len(words) == 1
    if not arc.ids:
        return _PendingWords(arc.target, pending.phones, pending.ids, words, _News.NOTHING, new_word)
    phones = (*pending.phones, phone_of(arc.ids))
    return _PendingWords(arc.target, phones, (*pending.ids, arc.ids), words, _News.LAST, new_word)


def _whole_words(expansion: Expansion[_PendingWords], pending: _PendingWords, lexicon: AlignLexicon) -> Iterator[Arc]:
    """Arcs of a silence or the next word, for all numbers of phones that were not tried in a state before."""
    num_phones = len(pending.phones)
    for word, is_new in ((0, False), *((word, pending.new_word) for word in pending.words[:1])):
        pronunciations = lexicon.pronunciations.get(word, {})
        least, most = lexicon.lengths(word)
        if is_new or pending.new_phones is _News.ALL:
            counts = range(least, min(most, num_phones) + 1)
        elif pending.new_phones is _News.LAST:
            counts = range(num_phones, num_phones + 1)
        else:
            continue
        for count in counts:
            shown = pronunciations.get(pending.phones[:count])
            if shown is not None:
                rest = _without(pending, word, count)
                yield Arc(expansion.number(rest), shown, b"".join(pending.ids[:count]), _FREE)


def _without(pending: _PendingWords, word: int, count: int) -> _PendingWords:
    """What waits after the first ``count`` phones and, unless ``word`` is 0, the first word."""
    phones, words = pending.phones[count:], pending.words[1 if word else 0 :]
    # A word without phones leaves all phones to be tried again, for silences.
    new_phones = _News.ALL if phones and (count or word) else _News.NOTHING
    return _PendingWords(
        pending.state, phones, pending.ids[count:], words, new_phones, new_word=bool(word) and bool(words)
    )
