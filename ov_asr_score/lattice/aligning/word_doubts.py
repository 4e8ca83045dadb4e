"""What speaks against the words that were found in phones: paths that were cut off, files of another model.

Sources: lat/word-align-lattice.cc (``IsPlausibleWord``, ``OutputArcForce`` and the checks in ``OutputNormalWordArc``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.align_lexicon import AlignLexicon
from ov_asr_score.lattice.aligning.phone_patterns import PhonePatterns, position_of
from ov_asr_score.lattice.lattice import CompactLattice
from ov_asr_score.lattice.word_boundary import PhonePosition, WordBoundary

IntVector = NDArray[np.int32]

CUT_WORD = "the path ends inside a word"
CUT_SILENCE = "the path ends inside a silence"
CUT_PHONES = "the path ends with phones of no word"

# Positions that the phones of a word may have, by the position of its first phone.
_ALLOWED = np.zeros((len(PhonePosition), len(PhonePosition)), bool)
for _position in (PhonePosition.NONWORD, PhonePosition.SINGLETON):
    _ALLOWED[_position, _position] = True
_ALLOWED[PhonePosition.BEGIN, [PhonePosition.BEGIN, PhonePosition.INTERNAL, PhonePosition.END]] = True


def dropped_words(count: int) -> str:
    """The warning for words that have no phones left."""
    return f"{count} {'word' if count == 1 else 'words'} at the end left out: no frames are left"


def end_doubts(ids: IntVector, has_word: bool, transitions: TransitionModel, patterns: PhonePatterns) -> list[str]:
    """A warning if the last transition-ids of a path, at least one, are no whole word, or without one no silence."""
    letters = patterns.encode(ids[[0, -1]])
    first, last = (position_of(letter) for letter in letters)
    is_one_phone = transitions.phones[ids[0]] == transitions.phones[ids[-1]]
    is_whole = patterns.last.search(patterns.encode(ids)) is not None
    if has_word:
        several = first is PhonePosition.BEGIN and last is PhonePosition.END
        if is_whole and (several or (first is PhonePosition.SINGLETON and is_one_phone)):
            return []
        return [CUT_WORD]
    if first is not PhonePosition.NONWORD:
        return [CUT_PHONES]
    return [] if is_whole and is_one_phone else [CUT_SILENCE]


def phone_doubts(ids: IntVector, bounds: IntVector, transitions: TransitionModel, boundary: WordBoundary) -> list[str]:
    """A warning if words, of which word ``w`` has the transition-ids from ``bounds[w]`` on, have unexpected phones."""
    ids = ids[: bounds[-1]]
    if not ids.size:
        return []
    phones = transitions.phones[ids]
    positions = boundary.of_phones(phones)
    begins = bounds[:-1][np.diff(bounds) > 0]
    of_first = np.repeat(positions[begins], np.diff(np.append(begins, len(ids))))
    wrong = phones[~_ALLOWED[of_first, positions]]
    if not wrong.size:
        return []
    name = boundary.name or "the word boundaries"
    return [f"phone {wrong[0]} may not stand inside a word by {name}; does it belong to the model, and the graph?"]


def lattice_doubts(
    lattice: CompactLattice,
    num_dropped: int,
    transitions: TransitionModel,
    boundary: WordBoundary,
    patterns: PhonePatterns,
) -> list[str]:
    """Warnings about an aligned lattice, each once; ``num_dropped`` words lost their frames."""
    bounds = lattice.first_ids[: len(lattice.sources) + 1].astype(np.int32)
    is_last = np.isin(lattice.targets, lattice.final_states) & (np.diff(bounds) > 0)
    found = phone_doubts(lattice.transition_ids, bounds, transitions, boundary)
    for arc in np.flatnonzero(is_last).tolist():
        ids = lattice.transition_ids[bounds[arc] : bounds[arc + 1]]
        found += end_doubts(ids, bool(lattice.words[arc]), transitions, patterns)
    if num_dropped:
        found.append(dropped_words(num_dropped))
    return list(dict.fromkeys(found))


def missing_word(words: IntVector, lexicon: AlignLexicon) -> str | None:
    """A warning if one of the words has no pronunciation."""
    missing = [word for word in np.unique(words).tolist() if word and word not in lexicon.pronunciations]
    return f"word {missing[0]} has no line in {lexicon.name or 'the lexicon'}" if missing else None
