"""Alignments cut into phones.

Graphs are usually made with ``--reorder=true``: a transition out of a state then stands before the loops of that state,
so that loops follow the transition with which a phone ends.

Sources: hmm/hmm-utils.cc (``IsReordered``, ``SplitToPhonesInternal``), bin/ali-to-phones.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.kaldi_model.reading.topology import NO_PDF
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.lattice import CompactLattice

IntVector = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class PhoneSpans:
    """The P phones of an alignment with their frames, which follow each other without gaps."""

    phones: IntVector  # [P]
    first_frames: IntVector  # [P]
    num_frames: IntVector  # [P]; 1 or more
    are_whole: bool  # whether every phone begins with its first state and ends with its last


def check_transition_ids(ids: IntVector, transitions: TransitionModel) -> None:
    """Raise ShapeMismatchError unless the transition-ids are those of the model: others lie outside of its arrays."""
    wrong = ids[(ids < 1) | (ids > transitions.num_transition_ids)]
    if wrong.size:
        raise ShapeMismatchError(
            f"alignment: expected transition-ids from 1 to {transitions.num_transition_ids}, found {wrong[0]}; "
            f"it was made with another model than {transitions.source or 'this one'}"
        )


def is_reordered(alignment: IntVector, transitions: TransitionModel) -> bool:
    """Whether loops follow the transition out of their state; False if the alignment has no loop that tells."""
    if not alignment.size:
        return False
    told = _told_reordered(alignment, transitions)
    loops = transitions.is_self_loop[alignment]
    return bool(loops[-1] and not loops[0]) if told is None else told


def are_words_reordered(alignment: IntVector, transitions: TransitionModel) -> bool:
    """The same for times of words: recipes have it so, unless something tells the contrary.

    Kaldi: the option ``--reorder`` of lattice-align-words, which is true.
    """
    told = _told_reordered(alignment, transitions) if alignment.size else True
    return not transitions.is_self_loop[alignment[0]] if told is None else told


def _told_reordered(alignment: IntVector, transitions: TransitionModel) -> bool | None:
    """What the first loop beside another state tells; None if there is none."""
    loops, states = transitions.is_self_loop[alignment], transitions.transition_states[alignment]
    tells = np.flatnonzero((states[1:] != states[:-1]) & (loops[1:] | loops[:-1]))
    return bool(loops[tells[0]]) if tells.size else None


def are_arcs_reordered(lattice: CompactLattice, transitions: TransitionModel) -> bool:
    """Whether loops follow the transition out of their state on the arcs of a lattice; True if none tells."""
    ids = lattice.transition_ids
    loops, states = transitions.is_self_loop[ids], transitions.transition_states[ids]
    tells = (states[1:] != states[:-1]) & (loops[1:] | loops[:-1])
    # What follows on another arc is nothing that follows on a path.
    ends = lattice.first_ids[1:-1]
    tells[ends[(ends > 0) & (ends < len(ids))] - 1] = False
    found = np.flatnonzero(tells)
    return bool(loops[found[0]]) if found.size else True


def split_phones(alignment: IntVector, transitions: TransitionModel) -> PhoneSpans:
    """The phones of transition-ids [T]. Raises ShapeMismatchError for ids that the model does not have.

    A phone ends with its last transition and, in a reordered alignment, the loops that follow it; one that is cut off
    ends where another phone begins.
    """
    check_transition_ids(alignment, transitions)
    if not alignment.size:
        nothing = np.zeros(0, np.int32)
        return PhoneSpans(nothing, nothing, nothing, are_whole=True)
    phones = transitions.phones[alignment]
    closed = transitions.is_final[alignment]
    goes_on = np.zeros(len(alignment), bool)
    if is_reordered(alignment, transitions):
        trailing = _trailing_loops(closed, transitions.is_self_loop[alignment])
        goes_on[:-1] = trailing[1:]
        closed |= trailing
    changes = np.append(phones[1:] != phones[:-1], True)
    ends = np.flatnonzero(np.where(closed, ~goes_on, changes)) + 1
    first = np.concatenate([[0], ends[:-1]])
    return PhoneSpans(
        phones[first],
        first.astype(np.int32),
        (ends - first).astype(np.int32),
        are_whole=bool(closed[ends - 1].all()) and _begin_phones(alignment[first], transitions),
    )


def _trailing_loops(is_final: NDArray[np.bool_], is_loop: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Where a loop stands behind the last transition of a phone, with nothing but loops between them."""
    frames = np.arange(len(is_loop))
    last_other = np.maximum.accumulate(np.where(is_loop, -1, frames))
    return is_loop & (last_other >= 0) & is_final[last_other]


def _begin_phones(ids: IntVector, transitions: TransitionModel) -> bool:
    """Whether all transition-ids are of the first state of their phone, or that state consumes no frame."""
    topology = transitions.topology
    later = np.unique(transitions.phones[ids[transitions.hmm_states[ids] != 0]])
    entries = [topology.entries[entry] for entry in topology.entry_of_phone[later]]
    return all(entry[0].forward_pdf_class == NO_PDF for entry in entries)
