"""Lookahead graphs of a few words, and what OpenFst's fstprint tells of them."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.fst.header import ARC, CONST_STATE
from ov_asr_score.fst.reading import Fst, read_fst, read_text_fst
from ov_asr_score.fst.symbols import SYMBOLS_MAGIC
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream

_ALIGNED = struct.pack("<ii", 1, 4)  # version and flags of a const graph

FOLDER = Path(__file__).parents[1] / "kaldi_speech" / "lookahead"


def printed(name: str) -> Fst:
    """The automaton in the text that fstprint wrote."""
    content = b"\n" + (FOLDER / f"{name}.txt").read_bytes() + b"\n"
    return read_text_fst(KaldiStream(io.BytesIO(content), name))


def plain(name: str) -> Fst:
    """The automaton in a file of the kind const or vector."""
    with open_stream(str(FOLDER / f"{name}.fst")) as stream:
        return read_fst(stream)


def data_of(name: str) -> bytes:
    """The content of a file."""
    return (FOLDER / f"{name}.fst").read_bytes()


def with_symbols(data: bytes, symbols: dict[int, str], sides: int = 3) -> bytes:
    """A file without tables of symbols, with tables on its sides: 1 input, 2 output, 3 both."""
    header = data.index(b"standard") + 8
    table = SYMBOLS_MAGIC + struct.pack("<i4sqq", 4, b"name", len(symbols), len(symbols))
    for key, text in symbols.items():
        table += struct.pack("<i", len(text.encode())) + text.encode() + struct.pack("<q", key)
    flags = bytes([data[header + 4] | sides])
    end = header + 40
    return data[: header + 4] + flags + data[header + 5 : end] + table * sides.bit_count() + data[end:]


def aligned(data: bytes) -> bytes:
    """A const file without symbols, with its tables at multiples of 16 bytes, as fstconvert --fst_align=true has it."""
    fields = data.index(b"standard") + 8
    tables = fields + 40
    (states,) = struct.unpack_from("<q", data, fields + 24)
    arcs = tables + states * CONST_STATE.itemsize
    found = bytearray(data[:fields] + _ALIGNED + data[fields + 8 : tables])
    for table in (data[tables:arcs], data[arcs:]):
        found += bytes(-len(found) % 16) + table
    return bytes(found)


def aligned_otherwise(data: bytes) -> Iterator[bytes]:
    """Files that are aligned, of which the version of the const graph alone says so, or the flag alone."""
    fields = data.rindex(_ALIGNED)
    for version, flags in ((1, 0), (2, 4)):
        yield data[:fields] + struct.pack("<ii", version, flags) + data[fields + 8 :]


def arcs_of(fst: Fst) -> NDArray[np.void]:
    """All arcs, as binary files hold them."""
    arcs = np.empty(len(fst.ilabels), ARC)
    for field, values in zip(ARC.names or (), (fst.ilabels, fst.olabels, fst.weights, fst.next_states), strict=True):
        arcs[field] = values
    return arcs
