"""Windows of one length: together they give each row once, with all its context."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ov_asr_score.scoring.plan import EqualWindows
from ov_asr_score.scoring.requests.windows.equal_windows import equal_windows


@pytest.mark.parametrize("alignment", [1, 3, 4])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (12, 7), (24, 0), (0, 5)])
@pytest.mark.parametrize("pad", [False, True])
@pytest.mark.parametrize("more", [0, 1, 30])
def test_each_row_comes_once_with_its_context(alignment: int, left: int, right: int, pad: bool, more: int) -> None:
    windows = EqualWindows(left + right + alignment + more, left, right, alignment, (alignment,), pad)
    for frames in range(1, 4 * windows.frames):
        cut = equal_windows(frames, windows)
        assert cut[0].first == cut[0].used == 0
        assert cut[-1].stop is None
        lengths = {window.frames for window in cut}
        assert len(lengths) == 1
        if pad:
            assert lengths == {windows.frames}
        elif frames >= windows.frames:
            assert windows.frames <= cut[0].frames < windows.frames + alignment
            assert cut[-1].first + cut[-1].frames == frames
        else:
            assert lengths == {frames}
        for window in cut:
            assert window.first % alignment == window.used % alignment == 0
            assert window is cut[0] or window.used - window.first >= left
            assert window.stop is None or window.stop + right <= window.first + window.frames
        for earlier, later in pairwise(cut):
            assert earlier.stop == later.used
            assert earlier.first < later.first
            assert earlier.first + earlier.frames < frames or not pad


def test_windows_without_room() -> None:
    with pytest.raises(ValueError, match="no room"):
        equal_windows(100, EqualWindows(20, 12, 8, 1, (1,)))
