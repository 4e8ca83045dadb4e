"""The transition model in front of an acoustic model: passed over, but for its number of pdfs.

Sources: hmm/transition-model.cc, hmm/hmm-topology.cc.
"""

from __future__ import annotations

import numpy as np

from ov_asr_score.kaldi_model.network import IntArray
from ov_asr_score.kaldi_model.token_reader import ModelReader
from ov_asr_score.text import clipped

_INTEGER = np.dtype([("size", "u1"), ("value", "<i4")])


def read_transition_model(reader: ModelReader) -> int:
    """The number of pdfs; the reader then stands behind ``</TransitionModel>``. Raises ModelFormatError.

    Kaldi: ``ExpectToken`` in ``TransitionModel::Read`` and ``HmmTopology::Read``.
    """
    reader.expect_token("<TransitionModel>")
    reader.expect_token("<Topology>")
    if reader.binary:
        _skip_topology(reader)
    else:
        while reader.read_token() != "</Topology>":
            pass
    kind = reader.expect_token("<Tuples>", "<Triples>")
    count = _count(reader, "a number of transition states")
    pdfs = _read_states(reader, count, 4 if kind == "<Tuples>" else 3)[:, 2:]
    num_pdfs = int(pdfs.max()) + 1 if pdfs.size else 0
    reader.expect_token("</Tuples>", "</Triples>")
    reader.expect_token("<LogProbs>")
    reader.read_vector()
    reader.expect_token("</LogProbs>")
    reader.expect_token("</TransitionModel>")
    return num_pdfs


def _read_states(reader: ModelReader, count: int, width: int) -> IntArray:
    """Phone, state of the HMM, and one or two pdfs of each transition state [count, width].

    Kaldi: ``ReadBasicType`` of an integer.
    """
    if not reader.binary:
        values = [reader.read_int() for _ in range(count * width)]
        return np.array(values, np.int32).reshape(count, width)
    offset = reader.offset
    items = reader.stream.read_bytes(_INTEGER.itemsize * count * width).view(_INTEGER)
    if not (items["size"] == 4).all():
        raise reader.error("integers of four bytes", "other sizes", "the file is damaged", offset=offset)
    return items["value"].astype(np.int32).reshape(count, width)


def _skip_topology(reader: ModelReader) -> None:
    reader.read_ints()
    reader.read_ints()
    has_self_loop_pdfs = False
    num_entries = reader.read_int()
    if num_entries == -1:
        has_self_loop_pdfs = True
        num_entries = reader.read_int()
    for _ in range(_checked(reader, num_entries, "a number of topology entries")):
        for _ in range(_count(reader, "a number of states")):
            reader.read_int()
            if has_self_loop_pdfs:
                reader.read_int()
            for _ in range(_count(reader, "a number of transitions")):
                reader.read_int()
                reader.read_float()
    reader.expect_token("</Topology>")


def _count(reader: ModelReader, what: str) -> int:
    return _checked(reader, reader.read_int(), what)


def _checked(reader: ModelReader, count: int, what: str) -> int:
    """Reason: so many do not fit into memory, where Kaldi too asks for them at once (``resize``)."""
    if not 0 <= count <= 1 << 28:
        raise reader.error(what, clipped(str(count)), "the file is damaged")
    return count
