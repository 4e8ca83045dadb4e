from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.frame_options import WINDOW_TYPES, FrameOptions
from ov_asr_score.features.framing import (
    EPSILON,
    FrameWindowing,
    cut_frames,
    first_sample,
    log_energies,
    num_frames,
    window_function,
)

SNIPPED, MIRRORED = FrameOptions(), FrameOptions(snip_edges=False)


@pytest.mark.parametrize(
    ("samples", "snipped", "mirrored"),
    [(0, 0, 0), (79, 0, 0), (80, 0, 1), (239, 0, 1), (240, 0, 2), (399, 0, 2), (400, 1, 3), (560, 2, 4), (559, 1, 3)],
)
def test_numbers_of_frames(samples: int, snipped: int, mirrored: int) -> None:
    assert (num_frames(samples, SNIPPED), num_frames(samples, MIRRORED)) == (snipped, mirrored)


@pytest.mark.parametrize("options", [SNIPPED, MIRRORED, FrameOptions(frame_shift=40.0, snip_edges=False)])
def test_frames_are_final_when_their_last_sample_is_there(options: FrameOptions) -> None:
    for samples in range(3000):
        count = num_frames(samples, options, is_whole=False)
        assert count <= num_frames(samples, options)
        assert count == 0 or first_sample(count - 1, options) + options.window_size <= samples
        if count < num_frames(samples, options):
            assert first_sample(count, options) + options.window_size > samples


def test_frames_within_the_sound() -> None:
    samples = np.arange(1000, dtype=np.float32)
    frames = cut_frames(samples, SNIPPED, 1, 3)
    assert frames.shape == (3, 400) and frames[:, 0].tolist() == [160, 320, 480] and frames[2, -1] == 879
    np.testing.assert_array_equal(cut_frames(samples[100:], SNIPPED, 1, 3, offset=100), frames)
    assert not frames.flags.writeable


@pytest.mark.parametrize("length", [1, 2, 7, 100, 500])
def test_sound_is_mirrored_at_its_ends(length: int) -> None:
    samples = np.arange(length, dtype=np.float32)
    count = num_frames(length, MIRRORED) or 1
    index = np.arange(400) + np.array([[first_sample(frame, MIRRORED)] for frame in range(count)])
    while ((index < 0) | (index >= length)).any():
        index = np.where(index < 0, -index - 1, np.where(index >= length, 2 * length - 1 - index, index))
    np.testing.assert_array_equal(cut_frames(samples, MIRRORED, 0, count), samples[index])


def test_windows() -> None:
    middle = {"hamming": 1, "hanning": 1, "povey": 1, "rectangular": 1, "sine": 1, "blackman": 1}
    ends = {"hamming": 0.08, "hanning": 0, "povey": 0, "rectangular": 1, "sine": 0, "blackman": 0}
    for kind in WINDOW_TYPES:
        window = window_function(FrameOptions(frame_length=401 / 16, window_type=kind))
        assert window.dtype == np.float32 and len(window) == 401
        np.testing.assert_allclose(window, window[::-1], atol=1e-6)
        assert window[200] == pytest.approx(middle[kind], abs=1e-6)
        assert window[0] == pytest.approx(ends[kind], abs=1e-6)
    quarter = FrameOptions(frame_length=401 / 16)
    assert window_function(quarter)[100] == pytest.approx(0.5**0.85, abs=1e-6)


def processed(frame: list[float], options: FrameOptions) -> NDArray[np.float32]:
    windowed: NDArray[np.float32] = np.empty((1, len(frame)), np.float32)
    FrameWindowing(options, 4).apply(np.array([frame], np.float32), windowed, None, with_energy=False)
    return np.asarray(windowed[0])


def test_steps_of_a_frame() -> None:
    plain = FrameOptions(frame_length=0.25, window_type="rectangular")
    np.testing.assert_allclose(
        processed([4, 2, 8, 6], plain), np.array([-1, -3, 3, 1]) - 0.97 * np.array([-1, -1, -3, 3]), 1e-5
    )
    kept = FrameOptions(frame_length=0.25, window_type="rectangular", remove_dc_offset=False)
    np.testing.assert_allclose(
        processed([4, 2, 8, 6], kept), np.array([4, 2, 8, 6]) - 0.97 * np.array([4, 4, 2, 8]), 1e-6
    )
    as_is = FrameOptions(frame_length=0.25, window_type="sine", remove_dc_offset=False, preemphasis_coefficient=0.0)
    np.testing.assert_allclose(processed([4, 2, 8, 6], as_is), [0, 2 * 3**0.5 / 2, 8 * 3**0.5 / 2, 0], atol=1e-6)


def test_rows_do_not_touch_each_other() -> None:
    options = FrameOptions(frame_length=0.25)
    frames = np.array([[4, 2, 8, 6], [1, 100, 1, 7], [5, 5, 5, 5]], np.float32)
    windowed, noise = np.empty((3, 4), np.float32), np.zeros((3, 4), np.float32)
    energies = FrameWindowing(options, 3).apply(frames, windowed, noise, with_energy=True)
    for row in range(3):
        np.testing.assert_array_equal(windowed[row], processed(frames[row].tolist(), options))
    assert energies is not None
    np.testing.assert_allclose(energies, np.log([20, 2 * 26.25**2 + 72.75**2 + 20.25**2, EPSILON]), 1e-5)


def test_energies_have_a_floor() -> None:
    assert log_energies(np.zeros((2, 4), np.float32)).tolist() == [np.log(np.float32(EPSILON))] * 2
    assert log_energies(np.full((1, 4), 2, np.float32)) == pytest.approx([np.log(16)])
