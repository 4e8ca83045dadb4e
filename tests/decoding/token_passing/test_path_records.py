from __future__ import annotations

import numpy as np

from ov_asr_score.decoding.token_passing import path_records
from ov_asr_score.decoding.token_passing.search_arrays import RECORD


def records() -> np.ndarray:
    # 0 <- 1, 0 <- 2 <- 4, 0 <- 3; 5 comes of 6, which is behind it in its frame
    rows = [(-1, 0, 0, 9), (0, 1, 0, 8), (0, 2, 7, 7), (0, 3, 0, 6), (2, 4, 0, 5), (6, 0, 8, 4), (4, 6, 0, 3)]
    return np.array(rows, RECORD)


def test_paths_are_traced_back_to_the_start() -> None:
    assert path_records.path_to(records(), 5).tolist() == [[2, 4, 6, 0], [7, 0, 0, 8], [7, 5, 3, 4]]
    assert path_records.path_to(records(), 0).tolist() == [[], [], []]


def test_records_without_a_way_to_the_last_ones_are_swept() -> None:
    swept = records()
    kept = path_records.sweep_records(swept, 7, 5)
    assert kept == 5
    assert path_records.path_to(swept, 3).tolist() == [[2, 4, 6, 0], [7, 0, 0, 8], [7, 5, 3, 4]]
