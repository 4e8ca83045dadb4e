"""Supervision as Kaldi writes it, in both forms and of old versions, and damage."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ov_asr_score.egs.chain.supervision import ChainSupervision, read_supervision
from ov_asr_score.errors import ModelFormatError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.token_reader import ModelReader
from tests.egs.chain.examples import DATA

TEXT = b"""<Supervision> <Weight> 0.5 <NumSequences> 1 <FramesPerSeq> 2 <LabelDim> 3 <End2End> F\x20
0\t1\t1\t1\t0.25
1\t2\t3\t3
2

</Supervision> """
LOOPED = TEXT.replace(b"<End2End> F ", b"<End2End> T <Fsts> ").replace(
    b"</Sup", b"</Fsts> <AlignmentPdfs> [ 1 2 ]\n</Sup"
)


def written() -> bytes:
    """A supervision of Kaldi in binary form."""
    data = (DATA / "real.cegs").read_bytes()
    end = b"</Supervision> "
    return data[data.index(b"<Supervision>") : data.index(end) + len(end)]


def test_unconstrained_of_kaldi() -> None:
    """A binary one with loops, and with an alignment behind its automaton."""
    data = (DATA / "unconstrained.cegs").read_bytes()
    end = b"</Supervision> "
    found = read(data[data.index(b"<Supervision>") : data.index(end) + len(end)])
    assert (found.num_sequences, found.frames_per_sequence, found.is_end_to_end) == (1, 8, True)


def read(data: bytes, *, binary: bool = True) -> ChainSupervision:
    stream = KaldiStream(io.BytesIO(data), "x.cegs")
    supervision = read_supervision(ModelReader(stream, binary))
    assert stream.read_all() == b""
    return supervision


def test_binary_of_kaldi() -> None:
    found = read(written())
    assert (found.weight, found.num_sequences, found.frames_per_sequence, found.num_pdfs) == (0.5, 3, 8, 56)
    assert found.frames_weight == 12
    assert not found.is_end_to_end
    assert len(found.fsts) == 1


def test_text() -> None:
    found = read(TEXT, binary=False)
    assert (found.weight, found.num_sequences, found.frames_per_sequence, found.num_pdfs) == (0.5, 1, 2, 3)
    assert found.fsts[0].ilabels.tolist() == [1, 3]
    assert found.fsts[0].weights.tolist() == [0.25, 0]


def test_end_to_end_with_alignment() -> None:
    found = read(LOOPED, binary=False)
    assert found.is_end_to_end
    assert found.fsts[0].ilabels.tolist() == [1, 3]


@pytest.mark.parametrize("binary", [True, False])
def test_without_the_token_of_later_versions(binary: bool) -> None:
    """Files of 2015 to 2017 have no <End2End>."""
    data = written().replace(b"<End2End> F", b"") if binary else TEXT.replace(b"<End2End> F ", b"")
    found, usual = read(data, binary=binary), read(written() if binary else TEXT, binary=binary)
    assert not found.is_end_to_end
    np.testing.assert_array_equal(found.fsts[0].ilabels, usual.fsts[0].ilabels)


@pytest.mark.parametrize("token", [b"<NumSequences>", b"<FramesPerSeq>", b"<LabelDim>"])
def test_sizes_below_one(token: bytes) -> None:
    data = written()
    place = data.index(token) + len(token) + 1
    changed = data[:place] + b"\4" + struct.pack("<i", 0) + data[place + 5 :]
    message = rf"x\.cegs: at byte {place}: expected {token.decode()} of 1 or more, found 0"
    with pytest.raises(ModelFormatError, match=message):
        read(changed)


def test_more_automata_promised_than_there_are() -> None:
    with pytest.raises((TableFormatError, ModelFormatError), match="expected a line break before an automaton"):
        read(LOOPED.replace(b"<NumSequences> 1", b"<NumSequences> 2000000000"), binary=False)


def test_every_cut_is_refused() -> None:
    for data, binary in ((written(), True), (LOOPED, False)):
        for length in range(0, len(data) - 1, 1 if len(data) < 500 else 7):
            with pytest.raises((TableFormatError, ModelFormatError)) as caught:
                read(data[:length], binary=binary)
            assert "\n" not in str(caught.value)
