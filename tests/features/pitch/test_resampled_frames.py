"""Frames of resampled sound: their number, their samples and the energy, against their definitions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.features.linear_resample import LinearResample
from ov_asr_score.features.pitch.options import PitchExtractionOptions
from ov_asr_score.features.pitch.resampled_frames import ResampledFrames
from tests.features.pitch.kaldi_pitch import sound

DEFAULT = PitchExtractionOptions()
WIDTH = 182  # 100 samples, and 82 for the longest lag
SOUND = sound("es_f4-t0000")[:8000]
RESAMPLE = LinearResample(16000, 4000, 1000.0, 1)
RESAMPLED = np.concatenate((RESAMPLE.accept(SOUND), RESAMPLE.finish()))


def frames_of(options: PitchExtractionOptions) -> ResampledFrames:
    frames = ResampledFrames(options)
    frames.take(SOUND, is_last=False)
    return frames


def test_number_of_frames_with_the_whole_frame_and_without_what_is_beyond() -> None:
    frames = frames_of(DEFAULT)
    known = (8000 - 8 - 1) // 4 + 1  # half of the filter is 8 samples
    assert frames.num_frames == (known - WIDTH) // 40 + 1
    frames.take(SOUND[:0], is_last=True)
    assert frames.num_frames == (2000 - 100) // 40 + 1


def test_number_of_frames_by_shifts() -> None:
    frames = frames_of(replace(DEFAULT, snip_edges=False))
    assert frames.num_frames == round((1998 - WIDTH // 2) / 40)
    frames.take(SOUND[:0], is_last=True)
    assert frames.num_frames == 50


@pytest.mark.parametrize("coefficient", [0.0, 0.5])
@pytest.mark.parametrize("snip_edges", [True, False])
def test_samples(snip_edges: bool, coefficient: float) -> None:
    frames = frames_of(replace(DEFAULT, snip_edges=snip_edges, preemphasis_coefficient=coefficient))
    frames.take(SOUND[:0], is_last=True)
    windows = frames.windows(0, frames.num_frames)
    for frame, window in enumerate(windows):
        start = 40 * frame if snip_edges else 40 * frame + 20 - 91
        expected = np.zeros(WIDTH)
        for place in range(max(0, -start), min(WIDTH, 2000 - start)):
            before = RESAMPLED[start + place - 1] if place and start + place else RESAMPLED[start + place]
            expected[place] = RESAMPLED[start + place] - coefficient * before
        np.testing.assert_allclose(window, expected, atol=1e-3)
    # from where on samples are kept
    frames.forget(30)
    np.testing.assert_array_equal(frames.windows(30, frames.num_frames), windows[30:])
    assert len(frames._held) < 2000 - 30 * 40 + WIDTH


def test_energy_of_all_samples_so_far() -> None:
    frames = frames_of(DEFAULT)
    assert frames.mean_square == pytest.approx(RESAMPLED[:1998].var(dtype=np.float64), rel=1e-6)
    assert (frames.mean_squares(3, 5) == frames.mean_square).all()
    assert ResampledFrames(DEFAULT).mean_square == 0


def test_energy_until_the_end_of_each_frame() -> None:
    frames = ResampledFrames(replace(DEFAULT, nccf_ballast_online=True))
    found, first = [], 0
    for piece in (*np.split(SOUND, [1000, 1001, 4000]), None):
        frames.take(SOUND[:0] if piece is None else piece, is_last=piece is None)
        if (end := frames.num_frames) > first:
            found.append(frames.mean_squares(first, end))
            frames.forget(end)
            first = end
    expected = [RESAMPLED[: 40 * frame + WIDTH].var(dtype=np.float64) for frame in range(first)]
    np.testing.assert_allclose(np.concatenate(found), expected, rtol=1e-9)


def test_quiet_sound_is_lost_behind_loud_sound_as_in_kaldis_sums() -> None:
    # After the loud sound, each of the sums is so large that a quiet square is less than half a step of it.
    samples = np.repeat(np.array([8192, 63], np.float32), 64_000) * np.tile(np.array([1, -1], np.float32), 64_000)
    frames = ResampledFrames(replace(DEFAULT, sample_frequency=4000.0, lowpass_cutoff=2000.0, lowpass_filter_width=9))
    frames.take(samples, is_last=True)
    loud = frames._held[:64_000].astype(np.float64)
    assert frames.mean_square * len(samples) == pytest.approx((loud**2).sum(), rel=1e-6)
    assert (frames._held[64_100:].astype(np.float64) ** 2).sum() > 1e-5 * (loud**2).sum()
