"""Lengths of chunks and strides, which are only checked."""

from __future__ import annotations

import pytest

from ov_asr_score.pipelines.window_bounds import check_windows


def test_what_other_pipelines_take() -> None:
    check_windows(None, None)
    check_windows(0, None)
    check_windows(10, (4, 2))
    check_windows(30.0, 5)
    check_windows(None, [5, 5])


@pytest.mark.parametrize(
    ("chunk", "stride", "problem"),
    [
        (-1, None, "chunk_length_s: expected seconds, 0 or more, found -1"),
        ("ten", None, "chunk_length_s: expected seconds, 0 or more, found 'ten'"),
        (float("nan"), None, "chunk_length_s"),
        (True, None, "chunk_length_s"),
        (10, (4, 6), r"stride_length_s: expected less than chunk_length_s \(10 s\) on both sides together, found 10 s"),
        (10, 5, "stride_length_s: expected less"),
        (10, (1, 2, 3), r"stride_length_s: expected seconds, or a pair \(left, right\)"),
        (10, (1, "a"), "stride_length_s: expected seconds, 0 or more, found 'a'"),
        (10, "ab", "stride_length_s: expected seconds, or a pair"),
    ],
)
def test_what_contradicts_itself(chunk: float, stride: float, problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        check_windows(chunk, stride)
