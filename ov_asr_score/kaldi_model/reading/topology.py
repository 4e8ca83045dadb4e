"""The topologies of phones in a transition model: states of an HMM, their classes of pdfs, and where they lead.

Source: hmm/hmm-topology.cc.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ov_asr_score.kaldi_model.network import IntArray
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

NO_PDF = -1
"""The class of pdfs of a state that consumes no frame."""

_MOST_PHONES = 1 << 24
"""A larger number of a phone would only fill the memory: Kaldi keeps one entry for every number up to it."""


@dataclass(frozen=True, slots=True)
class HmmState:
    """A state of the HMM of a phone; ``transitions`` are states of the same HMM with their initial probabilities."""

    forward_pdf_class: int
    self_loop_pdf_class: int
    transitions: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Topology:
    """``entry_of_phone[phone]`` is the number of its entry, -1 for numbers that are no phones; entries hold states."""

    phones: IntArray
    entry_of_phone: IntArray
    entries: tuple[tuple[HmmState, ...], ...]

    @property
    def is_hmm(self) -> bool:
        """Whether all loops share the pdf of their state (``HmmTopology::IsHmm``); in chain models they do not."""
        states = [state for entry in self.entries for state in entry]
        return all(state.forward_pdf_class == state.self_loop_pdf_class for state in states)

    @property
    def is_chain(self) -> bool:
        """Whether it is one of those that chain models have, in which a phone may take a single frame.

        Today's have loops with pdfs of their own; before, the first state had no loop (steps/nnet3/chain/gen_topo.py).
        """
        return not self.is_hmm or all(_leaves_at_once(entry) for entry in self.entries)


def _leaves_at_once(entry: tuple[HmmState, ...]) -> bool:
    targets = {target for target, _ in entry[0].transitions}
    return 0 not in targets and len(entry) - 1 in targets


def read_topology(reader: ModelReader) -> Topology:
    """The topology; the reader then stands behind ``</Topology>``. Raises ModelFormatError.

    Kaldi: ``HmmTopology::Read``, without its last line, which is `check_topology`.
    """
    reader.expect_token("<Topology>")
    return _read_binary(reader) if reader.binary else _read_text(reader)


def checked_count(reader: ModelReader, count: int, what: str) -> int:
    """``count``, of which that many things follow. Raises ModelFormatError.

    Reason: so many do not fit into memory, where Kaldi too asks for them at once (``resize``).
    """
    if not 0 <= count <= 1 << 28:
        raise reader.error(what, clipped(str(count)), "the file is damaged")
    return count


def _read_binary(reader: ModelReader) -> Topology:
    phones = reader.read_ints()
    entry_of_phone = reader.read_ints()
    has_self_loop_pdfs = False
    num_entries = reader.read_int()
    if num_entries == -1:
        has_self_loop_pdfs = True
        num_entries = reader.read_int()
    entries = []
    for _ in range(checked_count(reader, num_entries, "a number of topology entries")):
        num_states = checked_count(reader, reader.read_int(), "a number of states")
        entries.append(tuple(_read_binary_state(reader, has_self_loop_pdfs) for _ in range(num_states)))
    reader.expect_token("</Topology>")
    return Topology(phones, entry_of_phone, tuple(entries))


def _read_binary_state(reader: ModelReader, has_self_loop_pdf: bool) -> HmmState:
    forward = reader.read_int()
    self_loop = reader.read_int() if has_self_loop_pdf else forward
    count = checked_count(reader, reader.read_int(), "a number of transitions")
    return HmmState(forward, self_loop, tuple((reader.read_int(), reader.read_float()) for _ in range(count)))


def _read_text(reader: ModelReader) -> Topology:
    """Kaldi: ``HmmTopology::Read``, which refuses a phone that has an entry already."""
    entries: list[tuple[HmmState, ...]] = []
    entry_of: dict[int, int] = {}
    while reader.expect_token("<TopologyEntry>", "</Topology>") == "<TopologyEntry>":
        reader.expect_token("<ForPhones>")
        offset = reader.offset
        for phone in _read_phones(reader):
            if phone in entry_of:
                raise reader.error("every phone in one entry", f"phone {phone} in two", offset=offset)
            entry_of[phone] = len(entries)
        states: list[HmmState] = []
        while reader.expect_token("<State>", "</TopologyEntry>") == "<State>":
            states.append(_read_text_state(reader, len(states)))
        entries.append(tuple(states))
    phones = np.array(sorted(entry_of), np.int32)
    entry_of_phone = np.full(int(phones.max(initial=-1)) + 1, -1, np.int32)
    entry_of_phone[list(entry_of)] = list(entry_of.values())
    return Topology(phones, entry_of_phone, tuple(entries))


def _read_phones(reader: ModelReader) -> Iterator[int]:
    """Kaldi: ``HmmTopology::Read``. Reason for the largest number: memory for one entry for every number up to it."""
    while True:
        offset = reader.offset
        token = reader.read_token()
        if token == "</ForPhones>":
            return
        if not (token.isascii() and token.isdigit()) or not 0 < len(token) < 10 or not 0 < int(token) < _MOST_PHONES:
            raise reader.error("the number of a phone", clipped(token), "the file is damaged", offset=offset)
        yield int(token)


def _read_text_state(reader: ModelReader, number: int) -> HmmState:
    """Kaldi: ``HmmTopology::Read``, which refuses states out of order; its constructor of states one class alone."""
    offset = reader.offset
    if (found := reader.read_int()) != number:
        raise reader.error(f"state {number}", f"state {found}", "states come in order", offset=offset)
    forward = self_loop = NO_PDF
    token = reader.expect_token("<PdfClass>", "<ForwardPdfClass>", "<Transition>", "</State>")
    if token == "<PdfClass>":
        forward = self_loop = reader.read_int()
    elif token == "<ForwardPdfClass>":
        forward = reader.read_int()
        reader.expect_token("<SelfLoopPdfClass>")
        self_loop = reader.read_int()
    if (forward == NO_PDF) != (self_loop == NO_PDF):  # in binary Kaldi does not look
        raise reader.error("two classes of pdfs or none", f"one in state {number}", offset=offset)
    if token not in ("<Transition>", "</State>"):
        token = reader.expect_token("<Transition>", "</State>")
    transitions: list[tuple[int, float]] = []
    while token == "<Transition>":
        transitions.append((reader.read_int(), reader.read_float()))
        token = reader.expect_token("<Transition>", "</State>")
    return HmmState(forward, self_loop, tuple(transitions))


def check_topology(reader: ModelReader, topology: Topology, offset: int) -> None:
    """Raise ModelFormatError, with the byte ``offset``, for what is wrong. Kaldi: ``HmmTopology::Check``."""
    for problem in _problems(topology):
        raise reader.error(*problem, "the topology is damaged", offset=offset)


def _problems(topology: Topology) -> Iterator[tuple[str, str]]:
    """What was expected, and what was found."""
    phones, entry_of_phone = topology.phones, topology.entry_of_phone
    if not phones.size:
        yield "phones with a topology", "none"
        return
    outside = (phones < 0) | (phones >= entry_of_phone.size)
    if outside.any():
        yield "phones that have an entry", f"phone {phones[outside][0]} without"
        return
    used = entry_of_phone[phones]
    outside = (used < 0) | (used >= len(topology.entries))
    if outside.any():
        yield "phones that have an entry", f"phone {phones[outside][0]} without"
    if unused := set(range(len(topology.entries))) - set(used.tolist()):
        yield "topology entries that have phones", f"entry {min(unused)} without"
    for number, entry in enumerate(topology.entries):
        for expected, found in _entry_problems(entry):
            yield expected, f"{found} (topology entry {number})"


def _entry_problems(entry: tuple[HmmState, ...]) -> Iterator[tuple[str, str]]:
    last = len(entry) - 1
    if last < 1:
        yield "two states or more", str(len(entry))
        return
    if entry[last].transitions or entry[last].forward_pdf_class != NO_PDF:
        yield "a last state without pdf and transitions", f"state {last} with"
    classes: set[int] = set()
    reached = {0}
    for number, state in enumerate(entry):
        if state.forward_pdf_class != NO_PDF:
            classes |= {state.forward_pdf_class, state.self_loop_pdf_class}
        targets = [target for target, _ in state.transitions]
        if number < last and not targets:
            yield "transitions out of every state but the last", f"state {number} without"
        if any(not 0 <= target <= last for target in targets):
            yield f"transitions to states up to {last}", f"one of state {number} to another"
        if len(set(targets)) < len(targets):
            yield "one transition from state to state", f"two of state {number}"
        if any(not probability > 0 for _, probability in state.transitions):
            yield "probabilities above 0", f"another of state {number}"
        if state.forward_pdf_class == NO_PDF and last in targets:
            yield "a pdf in states before the end", f"state {number} without"
        reached |= set(targets)
    if missing := set(range(len(entry))) - reached:
        yield "transitions to every state", f"none to state {min(missing)}"
    if classes != set(range(len(classes))) or not classes:
        yield "classes of pdfs from 0 on", "others"
