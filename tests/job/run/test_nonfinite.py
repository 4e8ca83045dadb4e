from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.job.run.nonfinite import is_finite, note_nonfinite
from ov_asr_score.report.data.run import RunReport


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_one_value_that_is_not_finite_is_found(value: float) -> None:
    matrix = np.zeros((50, 40), dtype=np.float32)
    assert is_finite(matrix)
    matrix[49, 39] = value
    assert not is_finite(matrix)


def test_a_sum_that_overflows_is_no_infinity_in_the_matrix() -> None:
    assert is_finite(np.full((10, 10), 3e38, dtype=np.float32))


def test_opposite_infinities_do_not_cancel() -> None:
    assert not is_finite(np.array([np.inf, -np.inf], dtype=np.float32))


def test_places_are_named_five_times_at_most() -> None:
    report = RunReport("1.0", notes=["graph mended"])
    bad, good = np.array([np.nan]), np.zeros(3)
    for number in range(9):
        note_nonfinite(f"input {{}} of utterance '{number}{{}}'", {"a": bad, "b": good, "c": bad}, report)
    note_nonfinite("input {}", {"b": good}, report)
    assert len(report.notes) == 6
    assert report.notes[1].startswith("not finite: input a, c of utterance '0")
