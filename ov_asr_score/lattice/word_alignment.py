"""Lattices in which every arc is a word or a silence with the frames in which it was said.

Kaldi's lattice-align-words and lattice-align-words-lexicon; before it, the words of a lattice stand anywhere. States
have other numbers than in Kaldi, paths are the same.

Sources: lat/word-align-lattice.cc, lat/word-align-lattice-lexicon.cc, lat/phone-align-lattice.cc.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.aligning.arc_graph import ID_BYTES, without_epsilons
from ov_asr_score.lattice.aligning.expansion import TooLargeError
from ov_asr_score.lattice.aligning.lexicon_aligner import expand_lexicon_words
from ov_asr_score.lattice.aligning.phone_aligner import expand_phones
from ov_asr_score.lattice.aligning.phone_patterns import make_patterns
from ov_asr_score.lattice.aligning.phone_spans import are_arcs_reordered, check_transition_ids
from ov_asr_score.lattice.aligning.word_aligner import expand_words
from ov_asr_score.lattice.aligning.word_doubts import CUT_WORD, lattice_doubts, missing_word
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.word_boundary import WordBoundary

MAX_EXPAND = 100.0
_EXTRA_STATES = 1000


@dataclass(frozen=True, slots=True, eq=False)
class AlignedLattice:
    """The aligned lattice, None if there is none; word 0 are silences and parts of words that were cut off."""

    lattice: CompactLattice | None
    warnings: tuple[str, ...] = ()


def align_words(
    lattice: CompactLattice,
    transitions: TransitionModel,
    source: WordBoundary | AlignLexicon,
    *,
    reorder: bool | None = None,
    max_expand: float = MAX_EXPAND,
) -> AlignedLattice:
    """The lattice with whole words on its arcs, no transition-ids on final states, and the same costs of paths.

    There is none if it would have more than ``1000 + max_expand * states`` states, with a ``max_expand`` above 0.
    ``reorder``: the graph has loops behind the transition that leaves their state; None: the arcs tell. Raises
    ShapeMismatchError for transition-ids that the model does not have.
    """

    def align(known: bool) -> AlignedLattice:
        if isinstance(source, AlignLexicon):
            return _by_lexicon(lattice, transitions, source, known, max_expand)
        return _by_boundary(lattice, transitions, source, known, max_expand)

    return _aligned(lattice, transitions, reorder, align)


def align_phones(
    lattice: CompactLattice,
    transitions: TransitionModel,
    *,
    reorder: bool | None = None,
    max_expand: float = MAX_EXPAND,
) -> AlignedLattice:
    """The lattice with whole phones on its arcs, in the place of words; otherwise like `align_words`.

    Kaldi: lattice-align-phones --replace-output-symbols=true.
    """

    def align(known: bool) -> AlignedLattice:
        patterns = make_patterns(transitions, reorder=known)
        graph = expand_phones(lattice, patterns, _most_states(max_expand, lattice.num_states), _phone_of(transitions))
        return AlignedLattice(without_epsilons(graph))

    return _aligned(lattice, transitions, reorder, align)


def _aligned(
    lattice: CompactLattice,
    transitions: TransitionModel,
    reorder: bool | None,
    align: Callable[[bool], AlignedLattice],
) -> AlignedLattice:
    check_transition_ids(lattice.transition_ids, transitions)
    if reorder is None:
        reorder = are_arcs_reordered(lattice, transitions)
    try:
        aligned = align(reorder) if lattice.num_states else AlignedLattice(None)
    except TooLargeError as error:
        return AlignedLattice(None, (str(error),))
    if aligned.warnings or (aligned.lattice is not None and aligned.lattice.num_states):
        return aligned
    return AlignedLattice(None, ("the lattice has no path",))


def _by_boundary(
    lattice: CompactLattice, transitions: TransitionModel, boundary: WordBoundary, reorder: bool, max_expand: float
) -> AlignedLattice:
    patterns = make_patterns(transitions, boundary, reorder=reorder)
    graph, num_dropped = expand_words(lattice, patterns, _most_states(max_expand, lattice.num_states))
    aligned = without_epsilons(graph)
    return AlignedLattice(aligned, tuple(lattice_doubts(aligned, num_dropped, transitions, boundary, patterns)))


def _by_lexicon(
    lattice: CompactLattice, transitions: TransitionModel, lexicon: AlignLexicon, reorder: bool, max_expand: float
) -> AlignedLattice:
    if (missing := missing_word(lattice.words, lexicon)) is not None:
        return AlignedLattice(None, (missing,))
    patterns = make_patterns(transitions, reorder=reorder)
    phone_graph = expand_phones(lattice, patterns, _most_states(max_expand, lattice.num_states))
    most_states = _most_states(max_expand, len(phone_graph.arcs))
    found = expand_lexicon_words(phone_graph, lexicon, most_states, _phone_of(transitions))
    aligned = without_epsilons(found.graph)
    if not aligned.num_states:
        return AlignedLattice(None, (f"no path of the lattice has pronunciations of {lexicon.name or 'the lexicon'}",))
    return AlignedLattice(aligned, (CUT_WORD,) if found.is_cut else ())


def _most_states(max_expand: float, num_states: int) -> int:
    """The bound on the states of a new lattice, 0 for none."""
    return _EXTRA_STATES + int(max_expand * num_states) if max_expand > 0 else 0


def _phone_of(transitions: TransitionModel) -> Callable[[bytes], int]:
    """The phone of the first of several transition-ids."""
    phones = transitions.phones.tolist()
    return lambda ids: phones[int.from_bytes(ids[:ID_BYTES], "little")]
