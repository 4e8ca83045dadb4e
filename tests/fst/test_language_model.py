"""Language models that back off: the same from a packed file as from an automaton, and what is refused."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError, UnsupportedModelError
from ov_asr_score.fst.header import MAGIC, read_header
from ov_asr_score.fst.language_model import (
    LanguageModel,
    LanguageModelFile,
    open_language_model,
    read_language_model,
)
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from tests.fst.lookahead_files import FOLDER, aligned, aligned_otherwise, data_of, plain, with_symbols

HCLG = FOLDER.parent / "decoding" / "HCLG.fst"


def model_of(data: bytes) -> LanguageModelFile:
    stream = KaldiStream(io.BytesIO(data), "x.fst")
    return read_language_model(stream, read_header(stream), "x.fst")


def vector(states: list[tuple[float, list[tuple[int, int, float, int]]]]) -> bytes:
    """An automaton: of each state its final weight, and arcs of input label, output label, weight and next state."""
    arcs = sum(len(own) for _, own in states)
    data = MAGIC + b"\6\0\0\0vector\x08\0\0\0standard" + struct.pack("<iiQqqq", 2, 0, 3, 0, len(states), arcs)
    for final, own in states:
        data += struct.pack("<fq", final, len(own)) + b"".join(struct.pack("<iifi", *arc) for arc in own)
    return data


def test_an_automaton_of_kaldi() -> None:
    """Its arcs without output are the ones to back off, whatever their input label; the others are words."""
    file, fst = open_language_model(FOLDER / "Gr.fst"), plain("Gr")
    model = file.model
    is_backoff = fst.olabels == 0
    assert set(fst.ilabels[is_backoff]) == {file.backoff_label} and file.backoff_label > 0
    assert (file.kind, model.order, model.num_states, model.start) == ("const", 2, fst.num_states, fst.start)
    sources = fst.sources()
    assert np.repeat(np.arange(model.num_states), np.diff(model.first_arcs)).tolist() == sources[~is_backoff].tolist()
    np.testing.assert_array_equal(model.labels, fst.ilabels[~is_backoff])
    np.testing.assert_array_equal(model.weights, fst.weights[~is_backoff])
    np.testing.assert_array_equal(model.nexts, fst.next_states[~is_backoff])
    np.testing.assert_array_equal(model.words_of_label[model.labels], fst.olabels[~is_backoff])
    np.testing.assert_array_equal(model.finals, fst.final_weights)
    backoff = np.full(model.num_states, -1)
    backoff[sources[is_backoff]] = fst.next_states[is_backoff]
    np.testing.assert_array_equal(model.backoff_state, backoff)
    np.testing.assert_array_equal(model.backoff_cost[sources[is_backoff]], fst.weights[is_backoff])
    assert np.isinf(model.backoff_cost[backoff < 0]).all()


def sentence_costs(model: LanguageModel, sentences: list[list[int]]) -> list[float]:
    """The cost of each sentence by the rule of failure: back off where a state has no arc of the word."""
    costs = []
    for sentence in sentences:
        state, cost = model.start, 0.0
        for label in [*sentence, 0]:
            while True:
                arcs = slice(*model.first_arcs[state : state + 2])
                place = int(np.searchsorted(model.labels[arcs], label)) + arcs.start
                if not label and np.isfinite(model.finals[state]):
                    cost += float(model.finals[state])
                    break
                if label and place < arcs.stop and model.labels[place] == label:
                    state, cost = int(model.nexts[place]), cost + float(model.weights[place])
                    break
                state, cost = int(model.backoff_state[state]), cost + float(model.backoff_cost[state])
        costs.append(cost)
    return costs


def test_both_kinds_are_one_model() -> None:
    """They number their states differently."""
    packed, automaton = (open_language_model(FOLDER / f"{name}.fst") for name in ("Gr_ngram", "Gr"))
    assert (packed.kind, packed.backoff_label) == ("ngram", 0)
    labels = np.unique(packed.model.labels)
    np.testing.assert_array_equal(labels, np.unique(automaton.model.labels))
    np.testing.assert_array_equal(packed.model.words_of_label[labels], labels)
    assert packed.model.words_of_label[0] == 0
    chance = np.random.default_rng(0)
    sentences = [chance.choice(labels, length).tolist() for length in (0, 1, 2, 5, 20) for _ in range(10)]
    found, expected = (sentence_costs(file.model, sentences) for file in (packed, automaton))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_vector_and_const_are_one_model() -> None:
    models = [open_language_model(FOLDER / f"tiny_{name}.fst").model for name in ("Gr", "Gr_vector")]
    for name in LanguageModel.__slots__:
        np.testing.assert_array_equal(*(getattr(model, name) for model in models))


def test_tables_that_are_aligned() -> None:
    expected = open_language_model(FOLDER / "tiny_Gr.fst").model
    data = aligned(data_of("tiny_Gr"))
    assert len(data) > len(data_of("tiny_Gr"))
    for each in (data, *aligned_otherwise(data)):
        model = model_of(each).model
        for name in LanguageModel.__slots__:
            np.testing.assert_array_equal(getattr(model, name), getattr(expected, name))


def test_arcs_in_any_order() -> None:
    states = [(0.5, [(3, 30, 0.1, 0), (0, 0, 0.2, 1), (1, 10, 0.3, 0)]), (np.inf, [(2, 20, 0.4, 0)])]
    file = model_of(vector(states))
    model = file.model
    assert (model.labels.tolist(), model.first_arcs.tolist()) == ([1, 3, 2], [0, 2, 3])
    np.testing.assert_allclose(model.weights, [0.3, 0.1, 0.4])
    assert (model.backoff_state.tolist(), file.backoff_label) == ([1, -1], 0)
    assert model.words_of_label.tolist() == [0, 10, 20, 30]


def test_without_backing_off() -> None:
    """As a grammar has it."""
    file = model_of(vector([(np.inf, [(2, 7, 0.5, 1)]), (0.0, [])]))
    assert (file.backoff_label, file.model.order, file.model.backoff_state.tolist()) == (0, 1, [-1, -1])


def test_order_of_the_longest_chain() -> None:
    assert open_language_model(FOLDER / "four_grams.fst").model.order == 4


@pytest.mark.parametrize(("sides", "found"), [(0, False), (1, True), (2, True), (3, True)])
def test_words_of_a_packed_model(sides: int, found: bool) -> None:
    """An acceptor has the words on either side."""
    data = with_symbols(data_of("Gr_ngram"), {0: "<eps>", 1: "one", 2: "zwölf"}, sides)
    words = model_of(data).words
    assert (words is not None) == found
    if words is not None:
        assert dict(words.texts) == {0: "<eps>", 1: "one", 2: "zwölf"}


def test_words_of_an_automaton_are_its_output() -> None:
    symbols = {0: "<eps>", 1: "one"}
    assert model_of(with_symbols(data_of("tiny_Gr_vector"), symbols, 1)).words is None
    assert model_of(with_symbols(data_of("tiny_Gr_vector"), symbols, 2)).words is not None


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (
            [(0.0, [(3, 0, 0.0, 1), (4, 0, 0.0, 1)]), (0.0, [])],
            "expected arcs without output of one input label, those to back off, as Kaldi's arpa2fst makes them, found "
            "labels 3, 4",
        ),
        (
            [(0.0, [(3, 0, 0.0, 1), (3, 0, 1.0, 0)]), (0.0, [])],
            "one backoff arc at most for each state, as Kaldi's arpa2fst makes them, found several for state 0",
        ),
        (
            [(0.0, [(0, 0, 0.0, 1)]), (0.0, [(0, 0, 0.0, 2)]), (0.0, [(0, 0, 0.0, 1)])],
            "expected states that back off without a circle, as Kaldi's arpa2fst makes them, found one through state ",
        ),
        ([(0.0, [(0, 0, 0.0, 0)])], "found one through state 0"),
        ([(0.0, [(0, 5, 0.0, 0)])], "expected words with labels of 1 or more, as Kaldi's arpa2fst makes them, found 0"),
        (
            [(0.0, [(3, 0, 0.0, 1), (3, 3, 1.0, 0)]), (0.0, [])],
            "expected a label to back off that no word has, as Kaldi's arpa2fst makes them, found label 3 on both",
        ),
        (
            [(0.0, [(3, 3, 0.0, 0), (4, 4, 0.0, 0), (3, 3, 1.0, 0)])],
            "one arc of a label for each state, as Kaldi's arpa2fst makes them, found several of 3 for state 0",
        ),
        (
            [(0.0, [(3, 3, 0.0, 1)]), (0.0, [(3, 4, 1.0, 0)])],
            "expected one word for each label, as Kaldi's arpa2fst makes them, found several for label 3",
        ),
        (
            [(0.0, [(2**30, 3, 0.0, 0)])],
            "expected labels up to 16777216, as Kaldi's arpa2fst makes them, found 1073741",
        ),
    ],
)
def test_other_automata(states: list[tuple[float, list[tuple[int, int, float, int]]]], message: str) -> None:
    with pytest.raises(UnsupportedModelError) as failure:
        model_of(vector(states))
    assert str(failure.value).startswith("x.fst: expected ") or "circle" in message
    assert message in str(failure.value)


def test_other_files(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match=r"HCLr.fst: is the first half of a lookahead graph"):
        open_language_model(FOLDER / "HCLr.fst")
    with pytest.raises(UnsupportedModelError, match=r"HCLG.fst: expected "):  # its arcs without output are no backoff
        open_language_model(HCLG)
    with pytest.raises(FileAccessError, match="no such file"):
        open_language_model(tmp_path / "y.fst")
    path = tmp_path / "x.fst"
    path.write_bytes(b"\0B<TransitionModel> ")
    with pytest.raises(UnsupportedModelError, match=r"is a Kaldi model; expected a language model \(Gr.fst\)"):
        open_language_model(path)
    path.write_bytes(MAGIC + b"\6\0\0\0vec")
    with pytest.raises(TableFormatError, match=r"x.fst: at byte \d+: expected "):
        open_language_model(path)


@pytest.mark.parametrize(
    "whole",
    [data_of("tiny_Gr"), aligned(data_of("tiny_Gr")), data_of("tiny_Gr_vector"), data_of("tiny_Gr_ngram")],
    ids=["const", "aligned", "vector", "ngram"],
)
def test_every_cut_and_every_bit(whole: bytes) -> None:
    """One line, or a model that holds what is promised."""
    for length in range(len(whole)):
        with pytest.raises(OvAsrScoreError, match=r"^x\.fst: "):
            model_of(whole[:length])
    for bit in range(8 * len(whole)):
        data = bytearray(whole)
        data[bit >> 3] ^= 1 << (bit & 7)
        try:
            model = model_of(bytes(data)).model
        except OvAsrScoreError as error:
            assert str(error).startswith("x.fst: ") and str(error).isprintable(), bit
            continue
        assert model.order <= model.num_states, bit
        assert 0 <= model.start < model.num_states == len(model.first_arcs) - 1, bit
        assert model.first_arcs[-1] == len(model.labels) == len(model.weights) == len(model.nexts), bit
        assert ((model.nexts >= 0) & (model.nexts < model.num_states)).all() and (model.labels > 0).all(), bit
        assert ((model.backoff_state >= -1) & (model.backoff_state < model.num_states)).all(), bit
