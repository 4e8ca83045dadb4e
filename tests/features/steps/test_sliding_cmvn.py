from __future__ import annotations

import logging

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.features.steps.sliding_cmvn import LiveSlidingCmvn, SlidingCmvnOptions, sliding_cmvn
from tests.features.steps.kaldi_post import BASE, assert_same, in_pieces

ROWS = BASE["es_Annie-t0024"]
FLAGS = (False, True)


def lower(value: bool) -> str:
    return str(value).lower()


@pytest.mark.parametrize("center", FLAGS)
@pytest.mark.parametrize("norm_vars", FLAGS)
def test_windows_of_kaldi(center: bool, norm_vars: bool) -> None:
    options = SlidingCmvnOptions(50, 20, norm_vars, center)
    made = {key: sliding_cmvn(rows, options) for key, rows in BASE.items()}
    assert_same(made, f"sliding_center_{lower(center)}_norm_vars_{lower(norm_vars)}")


def test_defaults_of_kaldi() -> None:
    assert_same({key: sliding_cmvn(rows) for key, rows in BASE.items()}, "sliding_default")


def test_windows_longer_than_utterances_of_kaldi() -> None:
    options = SlidingCmvnOptions(300, norm_vars=True, center=True)
    assert_same({key: sliding_cmvn(rows, options) for key, rows in BASE.items()}, "sliding_center_300")


@pytest.mark.parametrize("center", FLAGS)
@pytest.mark.parametrize("frames", [1, 2, 7, 8, 9, 30])
def test_frames_by_the_definition(center: bool, frames: int) -> None:
    window, least = 8, 4
    rows = ROWS[:frames]
    made = sliding_cmvn(rows, SlidingCmvnOptions(window, least, center=center))
    for frame in range(frames):
        if center:
            start = min(max(frame - window // 2, 0), max(frames - window, 0))
            end = min(start + window, frames)
        else:
            start, end = max(frame - window, 0), min(max(frame + 1, least), frames)
        np.testing.assert_allclose(made[frame], rows[frame] - rows[start:end].mean(0), 1e-4, 1e-4)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("frames", [0, 1, 5, 12, 13, len(ROWS)])
@pytest.mark.parametrize("center", FLAGS)
def test_pieces_give_the_same_bits(monkeypatch: pytest.MonkeyPatch, seed: int, frames: int, center: bool) -> None:
    options = SlidingCmvnOptions(12, 5, True, center)
    whole = sliding_cmvn(ROWS[:frames], options)
    np.testing.assert_array_equal(in_pieces(LiveSlidingCmvn(options), ROWS[:frames], seed), whole)
    monkeypatch.setattr("ov_asr_score.features.steps.sliding_cmvn.BLOCK_ROWS", 7)
    np.testing.assert_array_equal(in_pieces(LiveSlidingCmvn(options), ROWS[:frames], seed), whole)


@pytest.mark.parametrize(
    ("options", "delay", "behind"),
    [(SlidingCmvnOptions(20, 7), 6, 0), (SlidingCmvnOptions(20, 7, center=True), 19, 9)],
)
def test_rows_wait_for_their_windows(options: SlidingCmvnOptions, delay: int, behind: int) -> None:
    live = LiveSlidingCmvn(options)
    assert live.delay == delay
    assert len(live.accept(ROWS[:delay])) == 0
    assert len(live.accept(ROWS[delay : delay + 1])) > 0
    count = sum(len(live.accept(ROWS[row : row + 1])) for row in range(delay + 1, 50))
    assert len(live.finish()) == behind
    assert count > 0 and len(live.finish()) == 0


def test_memory_is_that_of_a_window() -> None:
    live = LiveSlidingCmvn(SlidingCmvnOptions(20, 7, center=True))
    for _ in range(30):
        live.accept(ROWS)
    assert live._held is not None and live._held.base is None and len(live._held) < 40


def test_warnings_about_constant_columns(caplog: pytest.LogCaptureFixture) -> None:
    rows = ROWS[:40].copy()
    rows[:, 2] = 1
    made = sliding_cmvn(rows, SlidingCmvnOptions(10, 5, True, max_warnings=2))
    assert not made[:, 2].any() and np.isfinite(made).all()
    assert [record.levelno for record in caplog.records] == [logging.WARNING] * 3
    assert "1 variances in a window of 5 frames were set to 1e-10" in caplog.text
    assert "no more warnings" in caplog.records[-1].message
    caplog.clear()
    sliding_cmvn(rows, SlidingCmvnOptions(10, 5, True, max_warnings=0))
    assert not caplog.records
    sliding_cmvn(rows, SlidingCmvnOptions(10, 5, True, max_warnings=-1))
    assert len(caplog.records) == 40


def test_one_frame_has_no_variance() -> None:
    assert not sliding_cmvn(ROWS[:1], SlidingCmvnOptions(norm_vars=True)).any()


def test_windows_that_kaldi_refuses() -> None:
    with pytest.raises(UsageError, match="cmn_window 0: expected a number of frames"):
        SlidingCmvnOptions(0)
    with pytest.raises(UsageError, match="min_cmn_window 100: expected a number from 1 to cmn_window, 50"):
        SlidingCmvnOptions(50, center=True)
    assert SlidingCmvnOptions(50, center=False).min_cmn_window == 100


def test_other_widths() -> None:
    live = LiveSlidingCmvn()
    live.accept(ROWS)
    with pytest.raises(ShapeMismatchError, match="13 columns as before, found 12"):
        live.accept(ROWS[:, :12])
