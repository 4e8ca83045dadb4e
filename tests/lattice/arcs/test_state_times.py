"""Frames of states, and depths as lattice-depth tells them."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import TableFormatError
from ov_asr_score.lattice.arcs.state_times import depth, num_frames, state_times
from ov_asr_score.lattice.files.building import EMPTY
from tests.lattice.lattices import compact, kaldi_lattices, kaldi_lines, plain


def test_depths_of_kaldi() -> None:
    theirs = kaldi_lines("wide/depth.txt")
    for key, lattice in kaldi_lattices("wide/lat.ark.gz").items():
        assert np.isclose(depth(lattice), float(theirs[key][0]), rtol=1e-5)


def test_times() -> None:
    lattice = compact(
        [(0, 1, 3, 0, 0, [7, 8]), (0, 2, 4, 0, 0, [7]), (2, 1, 5, 0, 0, [9]), (1, 3, 0, 0, 0, [])], [(3, 0, 0, [6])]
    )
    assert state_times(lattice).tolist() == [0, 2, 1, 2] or state_times(lattice).tolist() == [0, 1, 2, 2]
    assert num_frames(lattice) == 3
    assert state_times(plain([(0, 1, 7, 3, 0, 0), (1, 2, 0, 4, 0, 0)], [(2, 0, 0)], states=4)).tolist() == [0, 1, 1, -1]
    assert (num_frames(EMPTY), depth(EMPTY)) == (0, 1.0)


def test_different_times() -> None:
    with pytest.raises(TableFormatError, match="state 1 of the lattice: expected one time, found 1 and 2 frames"):
        state_times(compact([(0, 1, 3, 0, 0, [7, 8]), (0, 1, 4, 0, 0, [7])], [(1, 0, 0, [])]))
