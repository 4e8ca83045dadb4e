"""Transition-ids against Kaldi's show-transitions, ali-to-pdf and ali-to-phones, and damaged transition models."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import (
    FileAccessError,
    ModelFormatError,
    OvAsrScoreError,
    SpecifierError,
    UnsupportedModelError,
)
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.reading.transition_model import read_transition_model
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.kaldi_model.transitions import TransitionModel, derive_transitions, load_transitions
from tests.kaldi_model.model_files import FOLDER

ROOT = Path(__file__).parents[2]
LATTICES = ROOT / "tests" / "kaldi_speech" / "lattices"
ACOUSTIC = ("nnet2_am", "nnet3_usual_am", "nnet3_chain_am")
PHONES = {"A": 1, "B": 2, "C": 3}
_STATE = re.compile(
    r"Transition-state (\d+): phone = (\S+) hmm-state = (\d+) (?:pdf = (\d+)|forward-pdf = (\d+) self-loop-pdf = (\d+))"
)
_ID = re.compile(r" Transition-id = (\d+) p = (\S+) \[(?:(self-loop)|\d+ -> (\d+))\]")


def shown(name: str) -> list[tuple[object, ...]]:
    """Id, state, phone, state of the HMM, pdf, whether it is a loop, probability; and the target of other ids."""
    rows: list[tuple[object, ...]] = []
    state: re.Match[str] | None = None
    for line in (FOLDER / f"{name}.transitions").read_text().splitlines():
        if found := _STATE.fullmatch(line):
            state = found
            continue
        transition = _ID.fullmatch(line)
        assert state and transition, line
        loop = transition[3] is not None
        pdf = int(state[4] or state[6 if loop else 5])
        target = int(state[3]) if loop else int(transition[4])
        values = (int(transition[1]), int(state[1]), PHONES[state[2]], int(state[3]), pdf, loop)
        rows.append((*values, float(transition[2]), target))
    return rows


@pytest.mark.parametrize("suffix", [".mdl", ".txt"])
@pytest.mark.parametrize("name", ACOUSTIC)
def test_ids_as_kaldi_shows_them(name: str, suffix: str) -> None:
    model = load_transitions(FOLDER / f"{name}{suffix}")
    rows = shown(name)
    assert len(rows) == model.num_transition_ids > 3
    for number, state, phone, hmm_state, pdf, loop, probability, target in rows:
        assert isinstance(number, int) and isinstance(phone, int) and isinstance(target, int)
        assert model.transition_states[number] == state
        assert (model.phones[number], model.hmm_states[number]) == (phone, hmm_state)
        assert (model.pdfs[number], bool(model.is_self_loop[number])) == (pdf, loop)
        assert np.exp(model.log_probs[number]) == pytest.approx(probability, rel=1e-5)
        last = len(model.topology.entries[model.topology.entry_of_phone[phone]]) - 1
        assert bool(model.is_final[number]) == (target == last)
    assert model.num_transition_states == rows[-1][1]
    assert model.num_pdfs == 4


def test_the_first_entry_stands_for_none() -> None:
    model = load_transitions(FOLDER / "nnet3_usual_am.mdl")
    firsts = [model.pdfs, model.phones, model.hmm_states, model.transition_states]
    assert [array[0] for array in firsts] == [-1] * 4
    assert {array.dtype for array in firsts} == {np.dtype(np.int32)}
    assert not model.is_self_loop[0] and not model.is_final[0] and model.log_probs[0] == 0
    assert model.source == str(FOLDER / "nnet3_usual_am.mdl")


def alignments(path: Path) -> dict[str, list[int]]:
    return {key: list(map(int, ids)) for key, *ids in map(str.split, path.read_text().splitlines())}


@pytest.mark.parametrize(("folder", "model"), [("chain", "nnet3_chain_tdnnf"), ("tri", "nnet3_tdnn")])
def test_alignments_to_pdfs_and_phones(folder: str, model: str) -> None:
    transitions = load_transitions(ROOT / "models" / model / "final.mdl")
    pdfs = alignments(LATTICES / folder / "pdf_ali.txt")
    found = alignments(LATTICES / folder / "ali.txt")
    assert len(found) == 9
    assert {key: transitions.pdfs[ids].tolist() for key, ids in found.items()} == pdfs
    for line in (LATTICES / folder / "phone_lengths.txt").read_text().splitlines():
        key, _, rest = line.partition(" ")
        expected = [tuple(map(int, pair.split())) for pair in rest.split(";")]
        assert phone_lengths(transitions, found[key]) == expected, key


def phone_lengths(transitions: TransitionModel, ids: list[int]) -> list[tuple[int, ...]]:
    """Phones and their frames; a phone ends behind its last transition and the loops of that, which follow it."""
    lengths: list[tuple[int, ...]] = []
    frames = 0
    for (state, final), group in groupby(ids, lambda each: (transitions.transition_states[each], bool(each))):
        assert final
        several = list(group)
        for place, number in enumerate(several):
            frames += 1
            rest = several[place + 1 :]
            ends = any(transitions.is_final[each] for each in several[: place + 1])
            if ends and (not rest or not transitions.is_self_loop[rest[0]]):
                lengths.append((int(transitions.phones[number]), frames))
                frames = 0
        assert state > 0
    return lengths


def test_nothing_behind_it_is_read(tmp_path: Path) -> None:
    """Gaussian mixtures, a file that ends there, and one that is damaged behind it."""
    for name in ("nnet3_usual_am.mdl", "nnet3_usual_am.txt"):
        alone = (FOLDER / name).read_bytes().split(b"<Nnet3>")[0]
        for rest in (b"", b"<DIMENSION> 39 <NUMPDFS> 5 ", b"<Nnet3> \0\1\2"):
            path = tmp_path / "0.trans_mdl"
            path.write_bytes(alone + rest)
            assert load_transitions(path).num_transition_ids == 8


def test_from_a_command_when_allowed() -> None:
    command = f"cat {FOLDER / 'nnet3_usual_am.mdl'} |"
    assert load_transitions(command, allow_commands=True).num_transition_ids == 8
    with pytest.raises(SpecifierError):
        load_transitions(command)
    with pytest.raises(
        UnsupportedModelError, match=r"^echo hello \|: is a text file .*; expected a transition model; give"
    ):
        load_transitions("echo hello |", allow_commands=True)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\0B<Nnet3> \n", "at byte 2: expected a transition model, found a network of nnet3; give the final.mdl"),
        (b"<Nnet> <AffineTransform> ", "at byte 0: expected a transition model, found a network of nnet1 or nnet2"),
        (b"<AffineTransform> 4 4 ", "at byte 0: expected a transition model, found '<AffineTransform>'; give"),
    ],
)
def test_files_without_one(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "x.mdl"
    path.write_bytes(content)
    with pytest.raises(ModelFormatError, match=f"^{re.escape(str(path))}: {re.escape(message)}"):
        load_transitions(path)


def test_other_files(tmp_path: Path) -> None:
    path = tmp_path / "x.mdl"
    path.write_bytes(b"\0B<DiagGMM> ")
    with pytest.raises(UnsupportedModelError, match=r"is a Gaussian mixture \(UBM\), .*; give the final.mdl"):
        load_transitions(path)
    path.write_bytes(b"hello")
    with pytest.raises(
        UnsupportedModelError, match=r"is a text file .*; expected a transition model; give the final\.mdl"
    ):
        load_transitions(path)
    path.write_bytes(b"")
    with pytest.raises(UnsupportedModelError, match="is empty"):
        load_transitions(path)
    with pytest.raises(FileAccessError, match="no such file"):
        load_transitions(tmp_path / "y.mdl")


def derived(content: bytes) -> TransitionModel:
    stream = KaldiStream(io.BytesIO(content), "x.mdl")
    binary = stream.peek(2) == b"\0B"
    stream.read(2 * binary)
    reader = ModelReader(stream, binary)
    return derive_transitions(reader, read_transition_model(reader))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("\n1 1 1 \n", "\n1 2 1 \n", "transition states in ascending order"),  # the last state has no transitions
        ("\n1 1 1 \n", "\n1 3 1 \n", "expected states and pdfs that exist, found 1 3 1 1"),
        ("\n1 1 1 \n", "\n1 -1 1 \n", "expected states and pdfs that exist, found 1 -1 1 1"),
        ("\n3 0 3 \n", "\n3 0 -3 \n", "expected states and pdfs that exist, found 3 0 -3 -3"),
        ("\n3 0 3 \n", "\n4 0 3 \n", "expected transition states of phones that have a topology, found phone 4"),
        ("\n3 0 3 \n", "\n-3 0 3 \n", "expected transition states of phones that have a topology, found phone -3"),
        ("\n3 0 3 \n", "\n2 0 2 \n", "expected transition states in ascending order, found others"),
        ("\n3 0 3 \n", "\n1 0 3 \n", "expected transition states in ascending order, found others"),
        (" -0.6 -0.8 ]", " ]", "expected log-probabilities of 8 transition-ids, found 6"),
        (" -0.6 -0.8 ]", " -0.6 0.8 ]", "expected log-probabilities of 0 or less, found others"),
        (" -0.6 -0.8 ]", " -0.6 -inf ]", "expected log-probabilities of 0 or less, found others"),
        (" -0.6 -0.8 ]", " -0.6 nan ]", "expected log-probabilities of 0 or less, found others"),
        ("<Transition> 2 0.5", "<Transition> 3 0.5", "transitions to states up to 2, found one of state 1 to another"),
    ],
)
def test_what_kaldi_checks(old: str, new: str, message: str) -> None:
    text = (FOLDER / "nnet3_usual_am.txt").read_text()
    assert old in text
    changed = text.replace(old, new, 1)
    if "ascending" in message and "1 2 1" in new:
        changed = changed.replace("\n1 2 1 \n2 0 2 \n", "\n2 0 2 \n1 2 1 \n")
    with pytest.raises(ModelFormatError, match=rf"^x.mdl: at byte \d+: .*{re.escape(message)}"):
        derived(changed.encode())


def test_no_transition_states() -> None:
    text = (FOLDER / "nnet3_usual_am.txt").read_text()
    start, end = text.index("<Triples>"), text.index("</Triples>")
    with pytest.raises(
        ModelFormatError, match=r"at byte \d+: expected transition-ids, found none; the file is damaged"
    ):
        derived(f"{text[:start]}<Triples> 0\n{text[end:]}".encode())


def test_more_log_probs_than_ids() -> None:
    """Kaldi takes them."""
    text = (FOLDER / "nnet3_usual_am.txt").read_text()
    assert derived(text.replace(" -0.6 -0.8 ]", " -0.6 -0.8 -1 ]").encode()).num_transition_ids == 8


def damages(content: bytes) -> Iterator[tuple[str, bytes]]:
    for length in range(len(content)):
        yield f"cut at {length}", content[:length]
    for bit in range(8 * len(content)):
        changed = bytearray(content)
        changed[bit >> 3] ^= 1 << (bit & 7)
        yield f"bit {bit}", bytes(changed)


@pytest.mark.parametrize("name", ["nnet3_usual_am.mdl", "nnet3_chain_am.mdl", "nnet3_chain_am.txt"])
def test_every_cut_and_every_bit(name: str) -> None:
    """One line, or ids that can be used: pdfs below their number, phones that have a topology."""
    whole = (FOLDER / name).read_bytes().split(b"<Nnet3>")[0].rstrip()
    for what, content in damages(whole):
        try:
            model = derived(content)
        except OvAsrScoreError as error:
            assert str(error).startswith("x.mdl: ") and str(error).isprintable(), (what, error)
            continue
        assert not what.startswith("cut"), what
        assert (model.pdfs[1:] >= 0).all() and (model.pdfs < model.num_pdfs).all(), what
        assert len(model.pdfs) == len(model.log_probs) == len(model.is_final), what
        assert (model.topology.entry_of_phone[model.phones[1:]] >= 0).all(), what
