"""Lattices in text form: as Kaldi wrote them, as they are written, and damaged."""

from __future__ import annotations

import io
import random

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.files.building import EMPTY, EMPTY_COMPACT
from ov_asr_score.lattice.files.text_lattices import encode_text_lattice, read_text_lattice
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from tests.damage.changes import exchange_words, flip_bits, insert_bytes, other_word
from tests.lattice.lattices import KALDI, compact, kaldi_lattices, paths_of, plain, rounded

PLAIN = plain([(0, 1, 7, 3, 0.5, -1), (0, 2, 8, 0, 0.25, -2), (1, 2, 9, 4, 0, 0)], [(1, 1, 2), (2, 0, 0)])
COMPACT = compact([(0, 1, 3, 0.5, -1, [7, 8, 9]), (0, 2, 4, 0, 0, [])], [(1, 1, 2, [5]), (2, 3, 4, [])])


def read(text: str | bytes) -> AnyLattice:
    data = text.encode() if isinstance(text, str) else text
    return read_text_lattice(KaldiStream(io.BytesIO(data), "x.txt"))


def test_lines_of_a_lattice() -> None:
    assert encode_text_lattice(PLAIN).decode() == "\n0\t1\t7\t3\t0.5,-1\n0\t2\t8\t0\t0.25,-2\n1\t2\t9\t4\n1\t1,2\n2\n\n"
    assert encode_text_lattice(COMPACT).decode() == "\n0\t1\t3\t0.5,-1,7_8_9\n0\t2\t4\n1\t1,2,5\n2\t3,4,\n\n"
    assert encode_text_lattice(plain([], [], states=1)).decode() == "\n0\tInfinity,Infinity\n\n"
    assert encode_text_lattice(EMPTY) == encode_text_lattice(EMPTY_COMPACT) == b"\n\n"


def test_text_of_kaldi() -> None:
    """States that Kaldi wrote in topological order come out as the lines that they were."""
    text = (KALDI / "chain" / "lat_raw_two_beam11_lat4.txt").read_text()
    lattices = kaldi_lattices("chain/lat_raw_two_beam11_lat4.txt")
    assert "".join(f"{key} {encode_text_lattice(lattice).decode()}" for key, lattice in lattices.items()) == text


def test_text_and_binary_hold_the_same() -> None:
    binary = kaldi_lattices("chain/lat.ark.gz")
    for key, lattice in kaldi_lattices("chain/lat.txt").items():
        theirs = binary[key]
        assert isinstance(lattice, CompactLattice) and isinstance(theirs, CompactLattice)
        assert np.array_equal(lattice.transition_ids, theirs.transition_ids)
        assert np.allclose(lattice.acoustic_costs, theirs.acoustic_costs, rtol=1e-5)
        assert encode_text_lattice(lattice) == encode_text_lattice(theirs)


def test_forms_of_lines() -> None:
    lattice = read("  \r\n3 1 5 6 1e0,.5\r\n1 2   7 0\n2 inf,Infinity\n2 0.5,-1\n2 2.5,1\n\nrest")
    assert isinstance(lattice, Lattice)
    assert rounded(paths_of(lattice)) == [((6,), (5, 7), 3.5, 1.5)]
    compacted = read("\n0 1 5\n0 1 6 1,2,\n0 1 7 3,4,1_2\n1\n\n")
    assert isinstance(compacted, CompactLattice)
    assert rounded(paths_of(compacted)) == [((5,), (), 0, 0), ((6,), (), 1, 2), ((7,), (1, 2), 3, 4)]
    # Only the later lines tell what the first ones are.
    assert isinstance(read("\n0\n0 1 5\n1\n\n"), CompactLattice)
    assert isinstance(read("\n0\n0 1 5 6\n1\n\n"), Lattice)


def test_no_lines_are_no_states() -> None:
    stream = KaldiStream(io.BytesIO(b"\n\nkey"), "x.txt")
    assert read_text_lattice(stream).num_states == 0
    assert stream.read_all() == b"key"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("0 1 2 3\n\n", "expected a line break before a lattice in text form, found '0 1 2 3"),
        ("\n0 1 x 3 1,2\n\n", "expected a line of a lattice"),
        ("\n0 1 2 3 1,2\n1 0,0,5\n\n", "found '1 0,0,5'"),
        ("\n0 1 2 3 1,2 7\n\n", "expected a line of a lattice"),
        ("\n0 1 2 3 1\n\n", "expected a line of a lattice"),
        ("\n-1 1 2 3 1,2\n\n", "expected a line of a lattice"),
        ("\n0 99999999999 2 3 1,2\n\n", "expected a line of a lattice"),
        ("\n0 2000000000 2 3 1,2\n\n", "found state 2000000000; the lattice is damaged"),
        ("\n0 1 2 3 BadNumber,2\n1\n\n", "costs that are numbers, found nan"),
        ("\n0 1 2 3 1,2\n1 0 2 3 1,2\n1\n\n", "found a cycle"),
    ],
)
def test_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(TableFormatError, match=message) as caught:
        read(text)
    assert str(caught.value).startswith("x.txt: at byte ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("lattice", [PLAIN, COMPACT], ids=["plain", "compact"])
def test_damage_is_one_line(lattice: AnyLattice) -> None:
    data = encode_text_lattice(lattice)
    chance = random.Random(7)
    refused = 0
    for change in (flip_bits, insert_bytes, exchange_words, other_word):
        for _ in range(200):
            try:
                found = read(b"\n" + change(data, chance)[1:])
            except TableFormatError as error:
                assert "\n" not in str(error)
                refused += 1
            else:
                assert bool((found.targets > found.sources).all())
    assert refused > 100
