"""Lattices whose arcs have whole phones.

Source: lat/phone-align-lattice.cc (``LatticePhoneAligner``).

Tests: tests/lattice/test_word_alignment.py
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ov_asr_score.lattice.aligning.arc_graph import ID_BYTES, Arc, ArcGraph, Costs, arcs_by_state
from ov_asr_score.lattice.aligning.expansion import Expansion
from ov_asr_score.lattice.aligning.phone_patterns import PhonePatterns
from ov_asr_score.lattice.lattice import CompactLattice

_FREE: Costs = (0.0, 0.0)


class _PendingPhone(NamedTuple):
    """A state of the lattice, and what came before it on a path but is on no new arc yet."""

    state: int
    ids: bytes
    letters: bytes
    words: tuple[int, ...]


def expand_phones(
    lattice: CompactLattice,
    patterns: PhonePatterns,
    most_states: int,
    phone_of: Callable[[bytes], int] | None = None,
) -> ArcGraph:
    """The graph of whole phones; its words are those of the lattice, on the next phone or alone.

    With ``phone_of``, the phone of transition-ids, phones stand in the place of words. Raises TooLargeError.
    """
    old_arcs, end = arcs_by_state(lattice)
    letters = {arc.ids: patterns.encode_bytes(arc.ids) for arcs in old_arcs for arc in arcs}
    expansion = Expansion(_PendingPhone(0, b"", b"", ()), most_states)
    arcs, finals = expansion.graph.arcs, expansion.graph.finals

    def arc_of(pending: _PendingPhone, count: int) -> Arc:
        """An arc of the first ``count`` transition-ids and the first word."""
        ids, words = pending.ids[: count * ID_BYTES], pending.words
        rest = _PendingPhone(pending.state, pending.ids[len(ids) :], pending.letters[count:], words[1:])
        word = phone_of(ids) if phone_of else words[0] if words else 0
        return Arc(expansion.number(rest), word, ids, _FREE)

    for number, pending in expansion.new_states():
        if match := patterns.phone.match(pending.letters):
            arcs[number].append(arc_of(pending, match.end()))
        elif len(pending.words) > 1:
            # Too many words that wait for phones would make too many states.
            arcs[number].append(arc_of(pending, 0))
        elif pending.state != end:
            for arc in old_arcs[pending.state]:
                words = (*pending.words, arc.word) if arc.word and not phone_of else pending.words
                then = _PendingPhone(arc.target, pending.ids + arc.ids, pending.letters + letters[arc.ids], words)
                arcs[number].append(Arc(expansion.number(then), None, b"", arc.costs))
        elif pending.ids or pending.words:
            arcs[number].append(arc_of(pending, len(pending.letters)))
        else:
            finals[number] = _FREE
    return expansion.graph
