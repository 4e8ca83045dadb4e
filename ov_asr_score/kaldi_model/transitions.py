"""What transition-ids mean: the labels of decoding graphs and alignments, from the transition model of a Kaldi model.

A transition state is a phone, a state of its HMM and its pdfs; each of its transitions has an id. Ids begin with 1.

Source: hmm/transition-model.cc.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ModelFormatError, TableFormatError, UnsupportedModelError
from ov_asr_score.kaldi_io.files.input import describe_input
from ov_asr_score.kaldi_io.foreign import NETWORK, START_BYTES, describe_start
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_model.network import FloatArray, IntArray
from ov_asr_score.kaldi_model.reading.topology import Topology, check_topology
from ov_asr_score.kaldi_model.reading.transition_model import StoredTransitions, read_transition_model
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

_MARK = b"\0B"
_DAMAGED = "the file is damaged"
_NETWORKS = {"<Nnet3>": "a network of nnet3", "<Nnet>": "a network of nnet1 or nnet2"}
_ADVICE = "give the final.mdl that the graph was made for (of nnet1, that of its Gaussian mixtures)"


@dataclass(frozen=True, slots=True, eq=False)
class TransitionModel:
    """Everything by transition-id: arrays of length ``num_transition_ids + 1``, whose first entry stands for none.

    That entry is -1, False, or 0 of ``log_probs``.
    """

    pdfs: IntArray  # of loops their own, of other transitions that of the state (TransitionIdToPdf)
    phones: IntArray
    hmm_states: IntArray
    transition_states: IntArray  # from 1 on
    is_self_loop: NDArray[np.bool_]
    is_final: NDArray[np.bool_]  # leads to the last state of the phone
    log_probs: FloatArray
    num_pdfs: int
    topology: Topology
    source: str = ""  # name of the file for messages

    @property
    def num_transition_ids(self) -> int:
        """The largest transition-id."""
        return len(self.pdfs) - 1

    @property
    def num_transition_states(self) -> int:
        """Number of transition states."""
        return int(self.transition_states[-1])


def load_transitions(path: str | os.PathLike[str], allow_commands: bool = False) -> TransitionModel:
    """The transition model that a file begins with: nnet2 or nnet3 (.mdl), Gaussian mixtures, or nothing but it.

    What follows it is not read. Raises FileAccessError, SpecifierError, ModelFormatError (file, byte, what was
    expected) and UnsupportedModelError (a file without a transition model). Kaldi: ``ExpectToken`` in
    ``TransitionModel::Read``.
    """
    with open_stream(os.fspath(path), allow_commands=allow_commands) as stream:
        try:
            return _load(stream)
        except (TableFormatError, ModelFormatError) as error:
            if _described(stream, NETWORK):  # no model at all
                what = _described(stream, "a transition model")
                raise UnsupportedModelError(f"{stream.name}: {what}; {_ADVICE}") from error
            if isinstance(error, TableFormatError):
                raise ModelFormatError(str(error)) from error
            raise


def _described(stream: KaldiStream, expected: str) -> str:
    """What the file is instead of what is ``expected``, empty if unknown."""
    if not stream.start:  # nothing, or gzip that is damaged
        return describe_input(stream.name, expected)
    return describe_start(stream.start, stream.name, expected, whole=len(stream.start) < START_BYTES)


def _load(stream: KaldiStream) -> TransitionModel:
    """Kaldi: ``ExpectToken`` in ``TransitionModel::Read``."""
    binary = stream.peek(2) == _MARK
    if binary:
        stream.read(2)
    reader = ModelReader(stream, binary)
    offset = reader.offset
    first = reader.peek_token()
    if first != "<TransitionModel>":
        found = _NETWORKS.get(first, clipped(first) if first else "the end of the file")
        raise reader.error("a transition model", found, _ADVICE, offset=offset)
    return derive_transitions(reader, read_transition_model(reader))


def derive_transitions(reader: ModelReader, stored: StoredTransitions) -> TransitionModel:
    """The meaning of all transition-ids. Raises ModelFormatError for what ``TransitionModel::Check`` refuses.

    Kaldi: ``TransitionModel::ComputeDerived``.
    """
    check_topology(reader, stored.topology, stored.states_offset)
    _check_states(reader, stored)
    entries = stored.topology.entries
    # All states of all topology entries one after the other, and their transitions.
    lengths = np.array([len(entry) for entry in entries])
    first_states = np.cumsum(lengths) - lengths
    targets = [[target for target, _ in state.transitions] for entry in entries for state in entry]
    counts = np.array([len(each) for each in targets])
    first_targets = np.cumsum(counts) - counts
    phones, hmm_states = stored.states[:, 0], stored.states[:, 1]
    used = stored.topology.entry_of_phone[phones]
    state = first_states[used] + hmm_states

    per_state = counts[state]
    num_ids = int(per_state.sum())
    if not num_ids:
        raise reader.error("transition-ids", "none", _DAMAGED, offset=stored.states_offset)
    # Of each transition-id: its transition state from 0 on, and its place among the transitions of that state.
    of = np.repeat(np.arange(len(per_state)), per_state)
    index = np.arange(num_ids) - np.repeat(np.cumsum(per_state) - per_state, per_state)
    target = np.array([each for several in targets for each in several])[first_targets[state[of]] + index]
    is_self_loop = target == hmm_states[of]
    log_probs = _checked_log_probs(reader, stored, num_ids)
    return TransitionModel(
        pdfs=_with_none(np.where(is_self_loop, stored.states[of, 3], stored.states[of, 2])),
        phones=_with_none(phones[of]),
        hmm_states=_with_none(hmm_states[of]),
        transition_states=_with_none(of + 1),
        is_self_loop=np.concatenate([[False], is_self_loop]),
        is_final=np.concatenate([[False], target + 1 == lengths[used[of]]]),
        log_probs=log_probs,
        num_pdfs=stored.num_pdfs,
        topology=stored.topology,
        source=reader.source,
    )


def _check_states(reader: ModelReader, stored: StoredTransitions) -> None:
    """Raise ModelFormatError unless every transition state exists, and they are in the order that their search needs.

    Kaldi: ``TopologyForPhone``, and ``TupleToTransitionState`` in ``TransitionModel::Check``. Reason: pdfs and states
    of an HMM that do not exist are read from outside of its memory.
    """
    states, topology = stored.states, stored.topology
    phones = states[:, 0]
    known = (phones >= 0) & (phones < topology.entry_of_phone.size)
    known[known] = topology.entry_of_phone[phones[known]] >= 0
    if not known.all():
        found = f"phone {phones[~known][0]}"
        raise reader.error("transition states of phones that have a topology", found, offset=stored.states_offset)
    lengths = np.array([len(entry) for entry in topology.entries])[topology.entry_of_phone[phones]]
    wrong = (states[:, 1] < 0) | (states[:, 1] >= lengths) | (states[:, 2:] < 0).any(axis=1)
    if wrong.any():
        found = " ".join(map(str, states[wrong][0]))
        raise reader.error("states and pdfs that exist", found, _DAMAGED, offset=stored.states_offset)
    order = np.lexsort(states.T[::-1])
    ascending = bool((order == np.arange(len(order))).all()) and bool((np.diff(states, axis=0) != 0).any(axis=1).all())
    if not ascending:
        raise reader.error("transition states in ascending order", "others", _DAMAGED, offset=stored.states_offset)


def _checked_log_probs(reader: ModelReader, stored: StoredTransitions, num_ids: int) -> FloatArray:
    """Those of all transition-ids, finite and not above 0. Kaldi: ``TransitionModel::Check``."""
    log_probs, offset = stored.log_probs, stored.log_probs_offset
    if len(log_probs) <= num_ids:
        expected = f"log-probabilities of {num_ids} transition-ids"
        raise reader.error(expected, str(max(len(log_probs) - 1, 0)), _DAMAGED, offset=offset)
    log_probs = log_probs[: num_ids + 1].copy()
    log_probs[0] = 0
    if not (np.isfinite(log_probs) & (log_probs <= 0)).all():
        raise reader.error("log-probabilities of 0 or less", "others", _DAMAGED, offset=offset)
    return log_probs


def _with_none(values: NDArray[np.integer]) -> IntArray:
    """The values with -1 before them."""
    return np.concatenate([[-1], values]).astype(np.int32)
