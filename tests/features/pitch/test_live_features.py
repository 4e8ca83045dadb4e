"""Processed pitch of sound in pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.features.pitch.live_features import LivePitchFeatures
from ov_asr_score.features.pitch.options import PitchExtractionOptions, ProcessPitchOptions
from ov_asr_score.features.pitch.tracker import PitchTracker
from tests.features.pitch.kaldi_pitch import in_pieces, sound, table

CHUNKS = PitchExtractionOptions(frames_per_chunk=10)
DEFAULT = ProcessPitchOptions()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["es_Annie-t0024", "flite_slt-t0017"])
def test_kaldis_first_pass_for_pieces_of_any_size(key: str, seed: int) -> None:
    made = in_pieces(LivePitchFeatures(CHUNKS, DEFAULT), sound(key), seed)
    expected = table("compute_and_process_chunk10_first_pass")[key]
    np.testing.assert_allclose(made, expected, rtol=0, atol=2e-5)


@pytest.mark.parametrize("seed", range(3))
def test_pieces_of_any_size_give_the_same_bits(seed: int) -> None:
    extraction = replace(CHUNKS, recompute_frame=60, max_frames_latency=25)
    processing = replace(DEFAULT, normalization_right_context=10, delay=4, delta_pitch_noise_stddev=0.01)
    samples = sound("es_f4-t0000")
    expected = in_pieces(LivePitchFeatures(extraction, processing), samples, 0, most=1)
    made = in_pieces(LivePitchFeatures(extraction, processing), samples, seed + 1)
    assert expected.shape == (172, 3)
    np.testing.assert_array_equal(made, expected)


def test_rows_wait_for_rows_after_them() -> None:
    live = LivePitchFeatures(PitchExtractionOptions(), replace(DEFAULT, normalization_right_context=10))
    assert (live.delay, live.max_frames_latency) == (10, 0) and live.lookahead == pytest.approx(0.046)
    given = [len(live.accept(piece)) for piece in np.split(sound("clip")[:9600], 6)]
    assert given[0] == 0 and given[2:] == [10] * 4
    assert sum(given) + len(live.finish()) == 1 + (9600 - 400) // 160


def test_no_sound() -> None:
    live = LivePitchFeatures(CHUNKS, replace(DEFAULT, add_raw_log_pitch=True))
    assert live.accept(np.zeros(0, np.float32)).shape == live.finish().shape == (0, 4)


@pytest.mark.parametrize("chunk", [0, 10])
def test_memory_does_not_grow(chunk: int, monkeypatch: pytest.MonkeyPatch) -> None:
    extraction = PitchExtractionOptions(frames_per_chunk=chunk, recompute_frame=50)
    processing = replace(DEFAULT, delta_pitch_noise_stddev=0.005, delay=3)
    samples = np.concatenate([sound("es_f4-t0000"), sound("clip"), np.zeros(40_000, np.float32)] * 8)
    live = LivePitchFeatures(extraction, processing)
    made = in_pieces(live, samples, 1)
    assert len(made) > 4000
    assert max(len(live._tracker._rows), len(live._tracker._measured), len(live._tracker._search._before)) < 2600
    assert len(live._process._noise._values) == 1 and len(live._process._raw) < 400
    monkeypatch.setattr(PitchTracker, "forget", lambda tracker, before: None)
    np.testing.assert_array_equal(in_pieces(LivePitchFeatures(extraction, processing), samples, 1), made)
