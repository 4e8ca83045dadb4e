"""What stands in front of every automaton of OpenFst: its kind, that of its arcs, counts, and tables of symbols.

Sources: OpenFst 1.7 (fst.h, ``FstHeader::Read``, ``FstImpl::ReadHeader``; const-fst.h, vector-fst.h).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ov_asr_score.fst.symbols import SymbolTable, read_binary_symbols, read_name
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.text import clipped

MAGIC = struct.pack("<i", 2125659606)
"""The first bytes of every binary file of OpenFst that holds an automaton."""

ARC = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("weight", "<f4"), ("next", "<i4")])
"""An arc as files of the kinds ``const`` and ``vector`` hold it."""

CONST_STATE = np.dtype([("final", "<f4"), ("first", "<u4"), ("arcs", "<u4"), ("epsilons", "<u4", 2)])
"""A state of the kind ``const``: its arcs lie one after the other; so many of them have no input, or no output."""

_FIELDS = struct.Struct("<iiQqqq")  # version, flags, properties, start, states, arcs
_HAS_ISYMBOLS, _HAS_OSYMBOLS, _IS_ALIGNED = 1, 2, 4
_ALIGNED_VERSION = 1
_ALIGNMENT = 16


@dataclass(frozen=True, slots=True)
class FstStart:
    """A header as far as it has a fixed size."""

    kind: str
    arc_type: str
    version: int
    flags: int
    start: int
    states: int
    arcs: int

    @property
    def has_input_symbols(self) -> bool:
        """Whether a table of the symbols of input labels follows."""
        return bool(self.flags & _HAS_ISYMBOLS)

    @property
    def has_output_symbols(self) -> bool:
        """Whether a table of the symbols of output labels follows, behind that of the input."""
        return bool(self.flags & _HAS_OSYMBOLS)


@dataclass(frozen=True, slots=True, eq=False)
class FstHeader:
    """``states`` is -1 where it was not known when the file was written; ``arcs`` counts in some kinds only."""

    kind: str  # vector, const, compact_acceptor, olabel_lookahead, ngram, …
    arc_type: str  # standard, log, lattice4, compactlattice44, …
    is_aligned: bool
    start: int  # -1: there is none
    states: int
    arcs: int
    input_symbols: SymbolTable | None
    output_symbols: SymbolTable | None

    def align(self, stream: KaldiStream) -> None:
        """Pass over the bytes that stand before a table of an aligned file."""
        if self.is_aligned:
            stream.read(-stream.offset % _ALIGNMENT)


def read_header(stream: KaldiStream) -> FstHeader:
    """The header; the stream then stands behind the tables of symbols. Raises TableFormatError."""
    begun = read_start(stream)
    input_symbols = read_binary_symbols(stream) if begun.has_input_symbols else None
    output_symbols = read_binary_symbols(stream, input_symbols) if begun.has_output_symbols else None
    # Only the tables of const and compact automata are aligned.
    is_aligned = begun.kind != "vector" and (begun.version == _ALIGNED_VERSION or bool(begun.flags & _IS_ALIGNED))
    return FstHeader(
        begun.kind, begun.arc_type, is_aligned, begun.start, begun.states, begun.arcs, input_symbols, output_symbols
    )


def read_start(stream: KaldiStream) -> FstStart:
    """The header without the tables of symbols that follow it. Raises TableFormatError."""
    offset = stream.offset
    if (found := stream.peek(4)) != MAGIC:
        shown = clipped(found) if found else "the end of the file"
        raise stream.error("an automaton of OpenFst in binary form", shown, offset=offset)
    stream.read(4)
    kind, arc_type = (read_name(stream).decode("utf-8", "replace") for _ in range(2))
    version, flags, _, start, states, arcs = _FIELDS.unpack(stream.read(_FIELDS.size))
    return FstStart(kind, arc_type, version, flags, start, states, arcs)
