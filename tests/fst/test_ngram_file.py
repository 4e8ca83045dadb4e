"""Packed language models against what fstprint makes of them."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, TableFormatError
from ov_asr_score.fst.header import read_header
from ov_asr_score.fst.ngram_file import NgramModel, read_ngram
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from tests.fst.lookahead_files import data_of, printed


def model_of(data: bytes) -> NgramModel:
    stream = KaldiStream(io.BytesIO(data), "x.fst")
    return read_ngram(stream, read_header(stream))


@pytest.mark.parametrize(("name", "order", "states"), [("Gr_ngram", 2, 28), ("four_grams", 4, 82)])
def test_every_arc(name: str, order: int, states: int) -> None:
    """Arcs with the label 0 are those to back off, the first one of each state; the next states are computed."""
    model, fst = model_of(data_of(name)), printed(name)
    assert (model.order, len(model.final_weights), model.start) == (order, states, fst.start)
    is_backoff = fst.ilabels == 0
    sources = fst.sources()
    assert sources[is_backoff].tolist() == list(range(1, states))
    assert model.backoff_states.tolist() == [-1, *fst.next_states[is_backoff]]
    assert model.backoff_weights.tolist() == [np.inf, *fst.weights[is_backoff].tolist()]
    assert np.repeat(np.arange(states), np.diff(model.first_arcs)).tolist() == sources[~is_backoff].tolist()
    np.testing.assert_array_equal(model.labels, fst.ilabels[~is_backoff])
    np.testing.assert_array_equal(model.next_states, fst.next_states[~is_backoff])
    np.testing.assert_array_equal(model.weights, fst.weights[~is_backoff])
    np.testing.assert_array_equal(model.final_weights, fst.final_weights)


def test_arrays_are_of_32_bits_and_aligned() -> None:
    model = model_of(data_of("Gr_ngram"))
    for numbers in (model.labels, model.next_states, model.backoff_states):
        assert numbers.dtype == np.int32 and numbers.flags.aligned and numbers.flags.c_contiguous
    assert model.weights.dtype == model.final_weights.dtype == model.backoff_weights.dtype == np.float32


_DATA = data_of("Gr_ngram")
_COUNTS = _DATA.index(b"standard") + 8 + 40
_STATES, _ARCS, _FINALS = struct.unpack_from("<QQQ", _DATA, _COUNTS)
_CONTEXTS = _COUNTS + 24
_FUTURES = _CONTEXTS + 8  # 57 bits
_IS_FINAL = _FUTURES + -(-(_STATES + _ARCS + 1) // 64) * 8
_WORDS = _IS_FINAL + 8
_LABELS = _WORDS + 4 * (_STATES + 1)
_BACKOFF = _LABELS + 4 * _ARCS


@pytest.mark.parametrize(
    ("offset", "value", "message"),
    [
        (_COUNTS, struct.pack("<Q", 0), f"at byte {_COUNTS}: expected the size of a language model, found 0 states, "),
        (_COUNTS, struct.pack("<Q", 1 << 63), "expected the size of a language model, found 9223372036854775808 st"),
        (_COUNTS, struct.pack("<Q", 1 << 30), f"at byte {_CONTEXTS}: expected 9126811552 bytes, found"),
        (_COUNTS + 8, struct.pack("<Q", 1 << 30), f"at byte {_CONTEXTS}: expected 8724152688 bytes, found"),
        (_COUNTS + 8, struct.pack("<Q", 1 << 40), "expected the size of a language model, found 28 states, 10995116"),
        (_COUNTS + 16, struct.pack("<Q", 29), "expected the size of a language model, found 28 states"),
        (_COUNTS - 24, struct.pack("<q", 28), "expected a state where it begins, found state 28 of 28"),
        (_COUNTS - 24, struct.pack("<q", -1), "expected a state where it begins, found state -1 of 28"),
        (_CONTEXTS, b"\x02", "expected the bits of a tree of 28 contexts, found others; the language model is damaged"),
        (_FUTURES, b"\x01", f"expected the bits of {_ARCS} arcs of 28 states, found others"),
        (_IS_FINAL, b"\0", "expected the bits of 27 final states, found"),
        (_WORDS + 8, struct.pack("<i", 99), "expected words of contexts in ascending order, found others"),
        (_WORDS + 4, struct.pack("<i", -1), "expected words of contexts in ascending order, found others"),
        (_LABELS, struct.pack("<i", 0), "expected labels of arcs in ascending order, found others"),
        (_LABELS, struct.pack("<i", 2), "expected labels of arcs in ascending order, found others"),
        (_LABELS + 100, struct.pack("<i", 2**30), "expected labels up to 16777216, found 1073741824; the language mod"),
        (_WORDS + 8, struct.pack("<i", 2**30), "expected labels up to 16777216, found 1073741824; the language model"),
        (_BACKOFF + 4, struct.pack("<f", np.nan), "expected weights that are numbers, found NaN or minus infinity"),
        (_BACKOFF + 4, struct.pack("<f", -np.inf), "expected weights that are numbers, found NaN or minus infinity"),
    ],
)
def test_damaged(offset: int, value: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as failure:
        model_of(_DATA[:offset] + value + _DATA[offset + len(value) :])
    assert message in str(failure.value)
    assert str(failure.value).startswith("x.fst: at byte ")


def test_contexts_without_end() -> None:
    """Each context the only child of the one before."""
    states = 200
    contexts = "10" + "10" * (states - 1) + "0"
    bits = [contexts, "0" + "0" * states, "0" * states]
    data = data_of("Gr_ngram")[:_COUNTS] + struct.pack("<QQQ", states, 0, 0)
    for each in bits:
        padded = each.ljust(-(-len(each) // 64) * 64, "0")
        data += np.packbits(np.array([int(bit) for bit in padded], np.uint8), bitorder="little").tobytes()
    data += np.zeros(2 * (states + 1) + 1, "<i4").tobytes()
    with pytest.raises(
        TableFormatError, match="expected a language model of an order up to 100, found contexts of more"
    ):
        model_of(data)


@pytest.mark.parametrize("name", ["tiny_Gr_ngram", "four_grams"])
def test_every_cut_and_every_bit(name: str) -> None:
    """One line, or a model that holds what is promised."""
    whole = data_of(name)
    for length in range(len(whole)):
        with pytest.raises(OvAsrScoreError, match=r"^x\.fst: "):
            model_of(whole[:length])
    for bit in range(0, 8 * len(whole), 1 if len(whole) < 500 else 7):
        data = bytearray(whole)
        data[bit >> 3] ^= 1 << (bit & 7)
        try:
            model = model_of(bytes(data))
        except OvAsrScoreError as error:
            assert str(error).startswith("x.fst: ") and str(error).isprintable(), bit
            continue
        states = len(model.final_weights)
        assert 0 <= model.start < states == len(model.first_arcs) - 1 == len(model.backoff_states), bit
        assert model.first_arcs[-1] == len(model.labels) == len(model.weights) == len(model.next_states), bit
        assert (model.next_states >= 0).all() and (model.next_states < states).all() and (model.labels > 0).all(), bit
        assert (model.backoff_states < np.arange(states)).all() and (model.weights > -np.inf).all(), bit
