"""Which labels can be reached, against the arcs themselves."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.fst.label_reach import LabelReach, read_flag, read_label_reach
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream


def packed(sets: list[list[tuple[int, int]]], final_label: int = 9, relabel: bytes = b"\0") -> bytes:
    data = b"\0" + relabel + struct.pack("<iq", final_label, len(sets))
    for intervals in sets:
        data += struct.pack("<q", len(intervals))
        data += b"".join(struct.pack("<ii", *interval) for interval in intervals)
        data += struct.pack("<i", sum(end - begin for begin, end in intervals))
    return data


def stream_of(data: bytes) -> KaldiStream:
    return KaldiStream(io.BytesIO(data), "x.fst")


def sets_of(reach: LabelReach) -> list[list[tuple[int, int]]]:
    found = []
    for number in reach.set_of_state:
        own = slice(*reach.set_first[number : number + 2])
        found.append(list(zip(reach.begins[own].tolist(), reach.ends[own].tolist(), strict=True)))
    return found


SETS = [[(1, 2)], [], [(1, 3), (5, 9)], [(1, 2)], [(1, 3), (5, 9)], [(1, 3), (6, 9)], [], [(2, 3)]]


def test_sets_are_numbered_once() -> None:
    reach = read_label_reach(stream_of(packed(SETS)), len(SETS))
    assert sets_of(reach) == SETS
    assert (reach.num_sets, reach.num_intervals, reach.final_label, len(reach.begins)) == (5, 9, 9, 6)
    assert len(set(reach.set_of_state.tolist())) == 5
    assert reach.set_of_state.dtype == reach.begins.dtype == np.int32


def test_many_random_sets() -> None:
    """Of all sizes, up to large ones."""
    chance = np.random.default_rng(3)
    sets = []
    for size in chance.choice([0, 1, 1, 1, 2, 3, 40], 500):
        bounds = np.sort(chance.choice(200 if size == 40 else 8, 2 * size, replace=False))
        sets.append([(int(begin), int(end)) for begin, end in bounds.reshape(-1, 2)])
    reach = read_label_reach(stream_of(packed(sets)), len(sets))
    assert sets_of(reach) == sets
    assert reach.num_sets == len({tuple(intervals) for intervals in sets})


def test_no_states_and_no_final_label() -> None:
    reach = read_label_reach(stream_of(packed([], -1)), 0)
    assert (reach.num_sets, reach.final_label, len(reach.begins)) == (0, -1, 0)


def test_labels_before_they_were_numbered_anew_are_passed_over() -> None:
    relabel = b"\1" + struct.pack("<qiiii", 2, 5, 1, 6, 2)
    assert sets_of(read_label_reach(stream_of(packed(SETS, relabel=relabel)), len(SETS))) == SETS


def test_what_follows_does_not_count() -> None:
    assert sets_of(read_label_reach(stream_of(packed(SETS) + b"more"), len(SETS))) == SETS


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (packed(SETS[:-1]), "at byte 6: expected sets of labels of 8 states, found 7 sets and the final label 9"),
        (packed(SETS, -2), "at byte 6: expected sets of labels of 8 states, found 8 sets and the final label -2"),
        (b"\2" + packed(SETS)[1:], "at byte 0: expected a byte 0 or 1, found 2"),
        (packed(SETS, relabel=b"\1" + struct.pack("<q", -1)), "at byte 2: expected a number of labels, found -1"),
        (packed(SETS, relabel=b"\1" + struct.pack("<q", 1 << 40)), "expected 8796093022208 bytes, found"),
        (packed(SETS)[:-1], "at byte 162: expected the intervals of set 7, found 1 intervals; the file is truncated"),
        (packed(SETS)[:-16], "at byte 162: expected set 7, found the end of the file; the graph is damaged"),
        (packed([[(3, 2)], *SETS[1:]]), "expected intervals of labels in ascending order, found 3 to 2"),
        (packed([[(1, 4), (3, 5)], *SETS[1:]]), "expected intervals of labels in ascending order, found 3 to 5"),
        (packed([[(-1, 4)], *SETS[1:]]), "expected intervals of labels in ascending order, found -1 to 4"),
        (
            packed(SETS)[:14] + struct.pack("<q", 1 << 40) + packed(SETS)[22:],
            "at byte 14: expected the intervals of set 0, found 1099511627776 intervals",
        ),
        (
            packed(SETS)[:14] + struct.pack("<q", -5) + packed(SETS)[22:],
            "at byte 14: expected the intervals of set 0, found -5 intervals",
        ),
    ],
)
def test_damaged(data: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as failure:
        read_label_reach(stream_of(data), len(SETS))
    assert message in str(failure.value)


def test_flags() -> None:
    stream = stream_of(b"\0\1\2")
    assert (read_flag(stream), read_flag(stream)) == (False, True)
    with pytest.raises(TableFormatError, match="at byte 2: expected a byte 0 or 1, found 2; the graph is damaged"):
        read_flag(stream)
