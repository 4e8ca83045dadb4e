"""Alignments of utterances for other programs: transition-ids, pdfs, or phones.

Kaldi's ali-to-pdf and ali-to-phones make the same of the transition-ids that its decoders write.

Sources: bin/ali-to-pdf.cc, bin/ali-to-phones.cc.
"""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_io.tables.writer import TableWriter
from ov_asr_score.kaldi_model.transitions import TransitionModel
from ov_asr_score.lattice.aligning.phone_spans import PhoneSpans, check_transition_ids, split_phones

AlignmentForm: TypeAlias = Literal["transition-ids", "pdfs", "phones", "frame-phones", "phone-lengths"]
"""What an alignment is written as: one number per frame (transition-ids, pdfs, frame-phones), or per phone (phones,
and phone-lengths, pairs of a phone and its number of frames)."""

ALIGNMENT_FORMS: tuple[AlignmentForm, ...] = get_args(AlignmentForm)


def converted_alignment(
    alignment: NDArray[np.int32], transitions: TransitionModel, form: AlignmentForm
) -> NDArray[np.int32]:
    """The alignment, transition-ids [T], in another form: [T], [P] phones, or [P, 2] phones with lengths.

    Raises ShapeMismatchError for transition-ids that the model does not have.
    """
    check_transition_ids(alignment, transitions)
    if form == "transition-ids":
        return alignment
    if form == "pdfs":
        return transitions.pdfs[alignment]
    spans = phone_spans(alignment, transitions)
    if form == "phones":
        return spans.phones
    if form == "frame-phones":
        return np.repeat(spans.phones, spans.num_frames)
    return np.stack([spans.phones, spans.num_frames], axis=1)


def phone_spans(alignment: NDArray[np.int32], transitions: TransitionModel) -> PhoneSpans:
    """The phones of an alignment with their frames. Raises ShapeMismatchError."""
    return split_phones(alignment, transitions)


def write_alignment(
    writer: TableWriter, key: str, alignment: NDArray[np.int32], transitions: TransitionModel, form: AlignmentForm
) -> None:
    """Write the alignment of an utterance in this form, as ``ark:`` or ``ark,t:`` of Kaldi's programs.

    Raises ShapeMismatchError, and what ``TableWriter.write`` raises.
    """
    converted = converted_alignment(alignment, transitions, form)
    if form == "phone-lengths":
        writer.write_pairs(key, converted)
    else:
        writer.write(key, converted)
