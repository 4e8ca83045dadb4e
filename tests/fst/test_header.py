"""Headers of automata of all kinds."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.header import FstHeader, read_header, read_start
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream

FOLDER = Path(__file__).parent / "data" / "fst"


def header_of(data: bytes) -> FstHeader:
    return read_header(KaldiStream(io.BytesIO(data), "x.fst"))


@pytest.mark.parametrize(
    ("name", "kind", "arc_type", "is_aligned", "states"),
    [
        ("vector", "vector", "standard", False, 4),
        ("const", "const", "standard", False, 4),
        ("const_aligned", "const", "standard", True, 4),
        ("compact", "compact_acceptor", "standard", False, 4),
        ("compact_aligned", "compact_acceptor", "standard", True, 4),
        ("log", "vector", "log", False, 4),
        ("symbols", "vector", "standard", False, 4),
    ],
)
def test_kinds(name: str, kind: str, arc_type: str, is_aligned: bool, states: int) -> None:
    header = header_of((FOLDER / f"{name}.fst").read_bytes())
    assert (header.kind, header.arc_type, header.is_aligned, header.states) == (kind, arc_type, is_aligned, states)
    assert header.start == 0
    assert (header.output_symbols is not None) == (name == "symbols")


@pytest.mark.parametrize(("name", "sides"), [("const", (False, False)), ("symbols", (True, True))])
def test_starts(name: str, sides: tuple[bool, bool]) -> None:
    """All but the tables of symbols."""
    data = (FOLDER / f"{name}.fst").read_bytes()
    stream = KaldiStream(io.BytesIO(data), "x.fst")
    begun = read_start(stream)
    assert stream.offset == data.index(b"standard") + 8 + 40
    assert (begun.kind, begun.arc_type, begun.start, begun.states) == (header_of(data).kind, "standard", 0, 4)
    assert (begun.has_input_symbols, begun.has_output_symbols) == sides


def test_aligned_by_the_version() -> None:
    """Version 1 of const is aligned, without a flag that says so."""
    data = bytearray((FOLDER / "const.fst").read_bytes())
    version = data.index(b"standard") + 8
    assert struct.unpack_from("<i", data, version) == (2,)
    struct.pack_into("<i", data, version, 1)
    assert header_of(bytes(data)).is_aligned


def test_aligning() -> None:
    data = (FOLDER / "const_aligned.fst").read_bytes()
    stream = KaldiStream(io.BytesIO(data), "x.fst")
    header = read_header(stream)
    assert stream.offset % 16
    header.align(stream)
    assert stream.offset % 16 == 0


def test_cuts_are_refused() -> None:
    data = (FOLDER / "symbols.fst").read_bytes()
    end = KaldiStream(io.BytesIO(data), "x.fst")
    read_header(end)
    for length in range(end.offset):
        with pytest.raises(TableFormatError, match=r"^x\.fst: at byte \d+: "):
            header_of(data[:length])
