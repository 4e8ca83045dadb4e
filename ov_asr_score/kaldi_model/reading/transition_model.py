"""The transition model in front of an acoustic model, as it stands in the file.

Nothing is derived from it here: a network is scored without it. `ov_asr_score.kaldi_model.transitions` does.

Source: hmm/transition-model.cc.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ov_asr_score.kaldi_model.network import FloatArray, IntArray
from ov_asr_score.kaldi_model.reading.topology import Topology, checked_count, read_topology
from ov_asr_score.kaldi_model.token_reader import ModelReader

_INTEGER = np.dtype([("size", "u1"), ("value", "<i4")])


@dataclass(frozen=True, slots=True, eq=False)
class StoredTransitions:
    """What a file says, not checked yet; a transition state is a phone, a state of its HMM and pdfs."""

    topology: Topology
    states: IntArray  # [transition states, 4]: phone, state of the HMM, pdf of steps ahead, pdf of loops
    log_probs: FloatArray
    states_offset: int  # bytes of the file where they begin
    log_probs_offset: int

    @property
    def num_pdfs(self) -> int:
        """The largest pdf and one (``TransitionModel::ComputeDerived``); 0 without transition states."""
        return int(self.states[:, 2:].max()) + 1 if self.states.size else 0


def read_transition_model(reader: ModelReader) -> StoredTransitions:
    """What the file says; the reader then stands behind ``</TransitionModel>``. Raises ModelFormatError.

    Kaldi: ``ExpectToken`` in ``TransitionModel::Read``.
    """
    reader.expect_token("<TransitionModel>")
    topology = read_topology(reader)
    offset = reader.offset
    kind = reader.expect_token("<Tuples>", "<Triples>")
    count = checked_count(reader, reader.read_int(), "a number of transition states")
    states = _read_states(reader, count, 4 if kind == "<Tuples>" else 3)
    reader.expect_token("</Tuples>", "</Triples>")
    log_probs_offset = reader.offset
    reader.expect_token("<LogProbs>")
    log_probs = reader.read_vector()
    reader.expect_token("</LogProbs>")
    reader.expect_token("</TransitionModel>")
    return StoredTransitions(topology, states, log_probs, offset, log_probs_offset)


def _read_states(reader: ModelReader, count: int, width: int) -> IntArray:
    """Phone, state of the HMM, and the pdfs of each transition state [count, 4]; of three numbers the last one twice.

    Kaldi: ``ReadBasicType`` of an integer.
    """
    if reader.binary:
        offset = reader.offset
        items = reader.stream.read_bytes(_INTEGER.itemsize * count * width).view(_INTEGER)
        if not (items["size"] == 4).all():
            raise reader.error("integers of four bytes", "other sizes", "the file is damaged", offset=offset)
        numbers = items["value"].astype(np.int32)
    else:
        numbers = np.array([reader.read_int() for _ in range(count * width)], np.int32)
    states = numbers.reshape(count, width)
    return states if width == 4 else states[:, [0, 1, 2, 2]]
