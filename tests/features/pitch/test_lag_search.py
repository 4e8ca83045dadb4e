"""The search for the best track against trying all tracks, and what is forgotten of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise, product

import numpy as np
import pytest

from ov_asr_score.features.pitch.lag_search import LagSearch
from ov_asr_score.features.pitch.lags import lags_of
from ov_asr_score.features.pitch.options import PitchExtractionOptions

FEW = PitchExtractionOptions(min_f0=90.0, max_f0=95.0, delta_pitch=0.01, penalty_factor=100.0)
MANY = PitchExtractionOptions()


def searched(options: PitchExtractionOptions, frames: int, seed: int) -> tuple[LagSearch, np.ndarray]:
    seconds = lags_of(options).seconds
    nccf = np.random.default_rng(seed).uniform(-0.1, 0.1, (frames, len(seconds))).astype(np.float32)
    search = LagSearch(seconds, options)
    search.extend(nccf)
    return search, nccf


def track(search: LagSearch) -> list[int]:
    states = [search.best]
    for frame in range(search.num_frames - 1, search.first_kept, -1):
        states.append(search.state_before(frame, states[-1]))
    return states[::-1]


@pytest.mark.parametrize("seed", range(5))
def test_the_best_of_all_tracks(seed: int) -> None:
    search, nccf = searched(FEW, 5, seed)
    seconds = lags_of(FEW).seconds
    # eq. 5 and 6 of "A pitch extraction algorithm tuned for automatic speech recognition" (2014)
    local = 1 - nccf * (1 - 10 * seconds)
    jump = 100 * np.log(1.01) ** 2

    def cost(states: Iterable[int]) -> float:
        states = tuple(states)
        jumps = sum((a - b) ** 2 for a, b in pairwise(states))
        return float(local[np.arange(5), states].sum() + jump * jumps)

    assert track(search) == list(min(product(range(len(seconds)), repeat=5), key=cost))


def test_pieces_make_no_difference() -> None:
    search, nccf = searched(MANY, 60, 1)
    pieces = LagSearch(lags_of(MANY).seconds, MANY)
    for piece in np.split(nccf, [1, 7, 7, 40]):
        pieces.extend(piece)
    assert track(pieces) == track(search)


def test_frames_are_forgotten_when_all_tracks_go_through_one_state() -> None:
    search, nccf = searched(MANY, 3000, 2)
    before = track(search)
    decided = search.forget_decided(10_000)
    assert 2000 < decided == search.first_kept < 3000 == search.num_frames
    assert track(search) == before[decided:]
    search.extend(nccf[:5])
    again, _ = searched(MANY, 0, 2)
    again.extend(np.concatenate((nccf, nccf[:5])))
    assert track(again)[:decided] == before[:decided]


def test_latency() -> None:
    search, _ = searched(MANY, 3000, 3)
    undecided = 3000 - search.forget_decided(10_000)
    assert undecided > 2
    assert [search.latency(most) for most in (0, 1, undecided - 1, undecided, 5000)] == [
        *(0, 1, undecided - 1),
        *(undecided - 1, undecided - 1),
    ]


def test_silence_decides_nothing_and_takes_no_memory() -> None:
    search, nccf = searched(MANY, 0, 4)
    search.extend(np.zeros((2000, nccf.shape[1]), np.float32))
    assert search.forget_decided(10_000) == 0
    assert search.latency(1500) == 1500 and search.latency(5000) == 2000
    assert len({id(costs) for costs in search._before}) == 1


def test_of_too_many_undecided_frames_the_first_half_is_forgotten() -> None:
    search, nccf = searched(MANY, 0, 4)
    search.extend(np.zeros((100, nccf.shape[1]), np.float32))
    assert [search.forget_decided(most) for most in (100, 99, 50, 49)] == [0, 50, 50, 75]
    assert (search.latency(20), search.latency(1000)) == (20, 25)


def test_silence_after_sound_is_decided_in_the_end() -> None:
    search, nccf = searched(MANY, 50, 4)
    search.extend(np.zeros((2000, nccf.shape[1]), np.float32))
    assert search.forget_decided(10_000) > 1500


def test_frames_before_one_are_forgotten() -> None:
    (whole, nccf), (short, _) = (searched(MANY, 40, 5) for _ in range(2))
    short.forget(30)
    short.forget(20)  # they are gone
    assert (short.first_kept, short.num_frames) == (30, 40)
    for search in (whole, short):
        search.extend(nccf[:20])
    assert short.best == whole.best
    assert [short.state_before(frame, 3) for frame in range(30, 60)] == [
        whole.state_before(frame, 3) for frame in range(30, 60)
    ]
