"""Lattices in binary form: as Kaldi wrote them, as they are written, and damaged."""

from __future__ import annotations

import gzip
import io
import random
import struct

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.files.binary_lattices import encode_binary_lattice, read_binary_lattice
from ov_asr_score.lattice.files.building import EMPTY, EMPTY_COMPACT
from ov_asr_score.lattice.lattice import CompactLattice, Lattice
from tests.damage.changes import flip_bits, insert_bytes, leave_out, other_integer
from tests.lattice.lattices import KALDI, compact, kaldi_lattices, paths_of, plain, rounded

PLAIN = plain([(0, 1, 7, 3, 0.5, -1), (0, 2, 8, 0, 0.25, -2), (1, 2, 9, 4, 0, 0)], [(1, 1, 2), (2, 3, 4)])
COMPACT = compact([(0, 1, 3, 0.5, -1, [7, 8, 9]), (0, 2, 4, 0.25, -2, [])], [(1, 1, 2, [5]), (2, 3, 4, [])])


def read(data: bytes) -> AnyLattice:
    return read_binary_lattice(KaldiStream(io.BytesIO(data), "x.ark"))


def assert_same(one: AnyLattice, other: AnyLattice) -> None:
    assert type(one) is type(other)
    for name in type(one).__dataclass_fields__:
        assert np.array_equal(getattr(one, name), getattr(other, name)), name


@pytest.mark.parametrize("name", ["chain/lat.ark.gz", "chain/lat_raw.ark.gz"])
def test_bytes_of_kaldi(name: str) -> None:
    """States that Kaldi wrote in topological order come out as the bytes that they were, but for the properties."""
    data = gzip.decompress((KALDI / name).read_bytes())
    same = 0
    for key, lattice in kaldi_lattices(name).items():
        begin = data.index(key.encode() + b" ") + len(key) + 1
        encoded = encode_binary_lattice(lattice)
        theirs = data[begin : begin + len(encoded)]
        assert_same(read(theirs), lattice)
        assert_same(read(encoded), lattice)
        after = encoded.index(struct.pack("<ii", 2, 0)) + 8
        same += encoded[:after] == theirs[:after] and encoded[after + 8 :] == theirs[after + 8 :]
    assert same >= 5


@pytest.mark.parametrize("lattice", [PLAIN, COMPACT, EMPTY, EMPTY_COMPACT])
def test_written_and_read(lattice: AnyLattice) -> None:
    assert_same(read(encode_binary_lattice(lattice)), lattice)


def test_layout() -> None:
    """Byte for byte, for a lattice of one arc."""
    name = b"compactlattice44"
    data = encode_binary_lattice(compact([(0, 1, 3, 0.5, -1, [7, 8])], [(1, 1, 2, [5])]))
    assert data == b"".join(
        [
            struct.pack("<i", 2125659606),
            struct.pack("<i", 6) + b"vector" + struct.pack("<i", 16) + name,
            struct.pack("<iiQqqq", 2, 0, 0x6800010003, 0, 2, 0),
            struct.pack("<ffiq", np.inf, np.inf, 0, 1),
            struct.pack("<iiffiiii", 3, 3, 0.5, -1, 2, 7, 8, 1),
            struct.pack("<ffiiq", 1, 2, 1, 5, 0),
        ]
    )


def test_double_precision() -> None:
    """The types with doubles hold the same."""
    header = b"".join(
        [
            struct.pack("<i", 2125659606) + struct.pack("<i", 6) + b"vector",
            struct.pack("<i", 8) + b"lattice8" + struct.pack("<iiQqqq", 2, 0, 3, 0, 2, 0),
        ]
    )
    states = (
        struct.pack("<ddq", np.inf, np.inf, 1) + struct.pack("<iiddi", 7, 3, 0.5, -1, 1) + struct.pack("<ddq", 1, 2, 0)
    )
    assert rounded(paths_of(read(header + states))) == [((3,), (7,), 1.5, 1)]
    compact_header = header.replace(struct.pack("<i", 8) + b"lattice8", struct.pack("<i", 16) + b"compactlattice84")
    arc = struct.pack("<iiddiii", 3, 3, 0.5, -1, 1, 7, 1)
    states = struct.pack("<ddiq", np.inf, np.inf, 0, 1) + arc + struct.pack("<ddiq", 1, 2, 0, 0)
    assert rounded(paths_of(read(compact_header + states))) == [((3,), (7,), 1.5, 1)]


def test_states_to_the_end_of_the_file() -> None:
    data = encode_binary_lattice(PLAIN).replace(struct.pack("<qq", 0, 3), struct.pack("<qq", 0, -1), 1)
    assert_same(read(data), PLAIN)


def test_other_start_and_order() -> None:
    """States are numbered anew where the start is not the first, or arcs lead back."""
    header = encode_binary_lattice(PLAIN)
    begin = header.index(struct.pack("<ii", 2, 0)) + 16
    states = b"".join(
        [
            struct.pack("<ffq", 1, 2, 0),
            struct.pack("<ffq", np.inf, np.inf, 1) + struct.pack("<iiffi", 7, 3, 0.5, -1, 2),
            struct.pack("<ffq", np.inf, np.inf, 1) + struct.pack("<iiffi", 8, 0, 0.5, -1, 0),
        ]
    )
    lattice = read(header[:begin] + struct.pack("<qqq", 1, 3, 0) + states)
    assert rounded(paths_of(lattice)) == [((3,), (7, 8), 2, 0)]
    assert lattice.sources.tolist() == [0, 1]


def changed(lattice: AnyLattice, old: bytes, new: bytes) -> bytes:
    data = encode_binary_lattice(lattice)
    assert old in data
    return data.replace(old, new, 1)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "found the end"),
        (b"BFM \4", "expected a lattice in binary or text form, found 'BFM"),
        (changed(PLAIN, b"vector", b"vectar"), "expected an automaton of type vector, found 'vectar'"),
        (changed(PLAIN, b"lattice4", b"standard"), "found 'standard'; this is a graph, not a lattice"),
        (changed(PLAIN, struct.pack("<qq", 0, 3), struct.pack("<qq", 5, 3)), "expected states below 3, found state 5"),
        (changed(PLAIN, struct.pack("<qq", 0, 3), struct.pack("<qq", 0, -7)), "a number of states, found -7"),
        (changed(PLAIN, struct.pack("<ffi", 0.5, -1, 1), struct.pack("<ffi", 0.5, -1, 9)), "found state 9"),
        (changed(PLAIN, struct.pack("<ffi", 0.5, -1, 1), struct.pack("<ffi", 0.5, -1, 0)), "found a cycle"),
        (
            changed(PLAIN, struct.pack("<ff", 0.5, -1), struct.pack("<ff", np.nan, -1)),
            "costs that are numbers, found nan",
        ),
        (changed(PLAIN, struct.pack("<ff", 0.5, -1), struct.pack("<ff", 1, -np.inf)), "that are numbers, found -inf"),
        (changed(PLAIN, struct.pack("<ffq", 1, 2, 1), struct.pack("<ffq", 1, 2, -1)), "a number of arcs, found -1"),
        (changed(COMPACT, struct.pack("<ii", 3, 7), struct.pack("<ii", -3, 7)), "of transition-ids, found -3"),
        (encode_binary_lattice(COMPACT)[:-1], "the file is truncated"),
    ],
)
def test_what_is_wrong(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError, match=message) as caught:
        read(data)
    assert str(caught.value).startswith("x.ark: at byte ") and "\n" not in str(caught.value)


def test_arcs_of_infinite_cost_are_none() -> None:
    lattice = read(changed(PLAIN, struct.pack("<ff", 0.5, -1), struct.pack("<ff", np.inf, np.inf)))
    assert lattice.words.tolist() == [0, 4]


@pytest.mark.parametrize("lattice", [PLAIN, COMPACT], ids=["plain", "compact"])
def test_damage_is_one_line(lattice: AnyLattice) -> None:
    data = encode_binary_lattice(lattice)
    for length in range(len(data)):
        with pytest.raises(TableFormatError):
            read(data[:length])
    chance = random.Random(7)
    for change in (flip_bits, insert_bytes, leave_out, other_integer):
        for _ in range(300):
            try:
                found = read(change(data, chance))
            except TableFormatError as error:
                assert "\n" not in str(error)
            else:
                assert isinstance(found, (Lattice, CompactLattice))
                assert bool((found.targets > found.sources).all())
