"""Lattices whose arcs have whole words or silences, by where in words phones may stand.

Source: lat/word-align-lattice.cc (``LatticeWordAligner``).

Tests: tests/lattice/test_word_alignment.py
"""

from __future__ import annotations

from typing import NamedTuple

from ov_asr_score.lattice.aligning.arc_graph import ID_BYTES, Arc, ArcGraph, Costs, arcs_by_state
from ov_asr_score.lattice.aligning.expansion import Expansion
from ov_asr_score.lattice.aligning.phone_patterns import PhonePatterns, position_of
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.word_boundary import PhonePosition

_FREE: Costs = (0.0, 0.0)


class _Pending(NamedTuple):
    """A state of the lattice, and what came before it on a path but is on no new arc yet."""

    state: int
    ids: bytes
    letters: bytes
    words: tuple[int, ...]


def expand_words(lattice: CompactLattice, patterns: PhonePatterns, most_states: int) -> tuple[ArcGraph, int]:
    """The graph of whole words, and how many words were dropped at ends since no frames were left for them.

    Silences, and parts of words at the end of paths that were cut off, are arcs of word 0. Raises TooLargeError.
    """
    old_arcs, end = arcs_by_state(lattice)
    letters = {arc.ids: patterns.encode_bytes(arc.ids) for arcs in old_arcs for arc in arcs}
    expansion = Expansion(_Pending(0, b"", b"", ()), most_states)
    arcs, finals = expansion.graph.arcs, expansion.graph.finals
    dropped = 0
    for number, pending in expansion.new_states():
        pattern = patterns.word if pending.words else patterns.nonword
        if match := pattern.match(pending.letters):
            arcs[number].append(_word_arc(expansion, pending, match.end()))
            continue
        if pending.state != end:
            for arc in old_arcs[pending.state]:
                words = (*pending.words, arc.word) if arc.word else pending.words
                then = _Pending(arc.target, pending.ids + arc.ids, pending.letters + letters[arc.ids], words)
                arcs[number].append(Arc(expansion.number(then), None, b"", arc.costs))
        elif pending.ids:
            arcs[number].append(_forced_arc(expansion, pending))
        elif pending.words:
            dropped = max(dropped, len(pending.words))
            arcs[number].append(Arc(expansion.number(_Pending(end, b"", b"", ())), None, b"", _FREE))
        else:
            finals[number] = _FREE
    return expansion.graph, dropped


def _word_arc(expansion: Expansion[_Pending], pending: _Pending, count: int) -> Arc:
    """The arc of the first ``count`` transition-ids."""
    is_word = position_of(pending.letters[0]) is not PhonePosition.NONWORD
    split = count * ID_BYTES
    rest = _Pending(pending.state, pending.ids[split:], pending.letters[count:], pending.words[is_word:])
    word = pending.words[0] if is_word else 0
    return Arc(expansion.number(rest), word, pending.ids[:split], _FREE)


def _forced_arc(expansion: Expansion[_Pending], pending: _Pending) -> Arc:
    """The arc of all transition-ids at the end of a path: a whole word, but for paths that were cut off."""
    rest = _Pending(pending.state, b"", b"", pending.words[1:])
    return Arc(expansion.number(rest), pending.words[0] if pending.words else 0, pending.ids, _FREE)
