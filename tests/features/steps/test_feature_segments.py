from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.features.steps.feature_segments import FeatureSegmentOptions, feature_segment
from tests.features.steps.kaldi_post import BASE, table


def test_segments_of_kaldi() -> None:
    made = feature_segment(BASE["es_john-t0021"], 0.1, 0.5)
    np.testing.assert_array_equal(made, table("segments/feature_segments.ark")["r1"])


ROWS = np.arange(50, dtype=np.float32)[:, None]
WHOLE = FeatureSegmentOptions(snip_edges=False, max_overshoot=0.1, min_segment_length=0.05)


@pytest.mark.parametrize(
    ("start", "end", "first", "count"), [(0, 0.5, 0, 50), (0.104, 0.206, 10, 11), (0.4, 0.59, 40, 10), (0, 0.06, 0, 6)]
)
def test_times_are_rounded_to_frames(start: float, end: float, first: int, count: int) -> None:
    made = feature_segment(ROWS, start, end, WHOLE)
    assert made[0, 0] == first and len(made) == count


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        (-0.1, 0.5, "expected a start of 0 or more before its end"),
        (0.2, 0.2, "expected a start of 0 or more before its end"),
        (0.5, 0.6, "frames 50 to 60: expected a start before the end of the features, found 50 frames"),
        (0.1, 0.6, "expected an end less than 0.1 s behind the features, found 50 frames"),
        (0.1, 0.15, "frames 10 to 15: expected more than 0.05 s"),
    ],
)
def test_segments_that_kaldi_skips(start: float, end: float, message: str) -> None:
    with pytest.raises(ShapeMismatchError, match=message):
        feature_segment(ROWS, start, end, WHOLE)
