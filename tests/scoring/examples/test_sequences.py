"""Examples are split into sequences, and sequences of the same frames are put together."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.egs.example import IndexArray
from ov_asr_score.errors import TableFormatError, UnsupportedModelError
from ov_asr_score.scoring.examples.sequences import ScoresWanted, group_sequences, split_example

NO_ROWS = np.empty((0, 3), np.int32)


def indexes(*rows: tuple[int, int]) -> IndexArray:
    return np.array([(n, t, 0) for n, t in rows], np.int32)


def wanted(inputs: IndexArray, outputs: IndexArray) -> ScoresWanted:
    return ScoresWanted(
        "egs: example 'a'", {"input": (inputs, np.zeros((len(inputs), 2), np.float32))}, {"output": outputs}
    )


def test_rows_of_each_sequence_in_the_order_of_time() -> None:
    mixed = indexes((1, 4), (0, 3), (0, -1), (1, 0), (1, 2))
    one, other = split_example(wanted(mixed, indexes((0, 0), (1, 0))))
    for sequence, frames, rows in ((one, [-1, 3], [2, 1]), (other, [0, 2, 4], [3, 4, 0])):
        assert [part.tolist() for part in sequence.inputs["input"]] == [frames, rows]


def test_sequences_without_scores_are_left_out() -> None:
    (found,) = split_example(wanted(indexes((0, 0), (7, 0)), indexes((7, 5))))
    assert found.outputs["output"][0].tolist() == [5]
    (lonely,) = split_example(wanted(indexes((0, 0)), indexes((3, 0))))
    assert lonely.inputs == {}


def test_groups_have_the_same_frames() -> None:
    merged = wanted(indexes((0, 0), (0, 1), (1, 0), (1, 1), (2, 0)), indexes((0, 0), (1, 0), (2, 0)))
    single = wanted(indexes((5, 0), (5, 1)), indexes((5, 0)))
    groups = group_sequences([merged, single])
    assert [[number for number, _ in members] for members in groups.values()] == [[0, 0, 1], [0]]


def test_what_cannot_be_split() -> None:
    with pytest.raises(TableFormatError, match="egs: example 'a': 'input' has two rows for frame 3 of sequence 1"):
        list(split_example(wanted(indexes((1, 3), (0, 3), (1, 3)), indexes((1, 0)))))
    for given, name in ((wanted(indexes((0, 0)), NO_ROWS), "output"), (wanted(NO_ROWS, indexes((0, 0))), "input")):
        with pytest.raises(TableFormatError, match=f"egs: example 'a': expected rows in '{name}', found none"):
            list(split_example(given))
    third = np.array([(0, 0, 1)], np.int32)
    with pytest.raises(UnsupportedModelError, match="'output' has rows with an index x that is not 0"):
        list(split_example(wanted(indexes((0, 0)), third)))
