"""Raw pitch of sound in pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.pitch.computing import compute_pitch
from ov_asr_score.features.pitch.live import LivePitch
from ov_asr_score.features.pitch.options import PitchExtractionOptions
from tests.features.pitch.kaldi_pitch import extraction, in_pieces, sound, table

CHUNKS = PitchExtractionOptions(frames_per_chunk=7, recompute_frame=60, max_frames_latency=9)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("key", ["es_Annie-t0024", "flite_slt-t0017"])
def test_kaldis_first_pass_for_pieces_of_any_size(key: str, seed: int) -> None:
    name = "first_pass_online_chunk10"
    made = in_pieces(LivePitch(extraction(name)), sound(key), seed)
    np.testing.assert_allclose(made, table(name)[key], rtol=0, atol=1e-6)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("changes", [{}, {"snip_edges": False}, {"preemphasis_coefficient": 0.3}])
def test_pieces_of_any_size_give_the_same_bits(changes: dict[str, float], seed: int) -> None:
    options = replace(CHUNKS, **changes)  # type: ignore[arg-type]
    samples = sound("es_f4-t0000")
    live = LivePitch(options)
    given = in_pieces(live, samples, seed)
    first_pass = replace(options, simulate_first_pass_online=True)
    np.testing.assert_array_equal(given, compute_pitch(samples, first_pass))
    np.testing.assert_array_equal(live.track(), compute_pitch(samples, options))
    assert (given != live.track()).any()


@pytest.mark.parametrize("seed", range(3))
def test_energy_up_to_each_frame_makes_pieces_of_any_size_equal_without_chunks(seed: int) -> None:
    options = PitchExtractionOptions(nccf_ballast_online=True)
    live = LivePitch(options)
    in_pieces(live, sound("clip"), seed)
    np.testing.assert_array_equal(live.track(), compute_pitch(sound("clip"), options))


def test_one_piece_is_the_whole() -> None:
    live = LivePitch(PitchExtractionOptions())
    rows = np.concatenate((live.accept(sound("clip")), live.finish()))
    assert len(rows) == 89
    np.testing.assert_array_equal(live.track(), compute_pitch(sound("clip"), PitchExtractionOptions()))


def test_rows_come_as_soon_as_their_sound_is_there() -> None:
    live = LivePitch(PitchExtractionOptions())
    assert live.lookahead == pytest.approx(0.046)
    samples = sound("es_f4-t0000")
    # 181 samples more than the first at 4000 Hz, half of the filter (8 samples), and the next sample
    needed = 181 * 4 + 8
    assert [len(live.accept(samples[:n])) for n in (needed, 1, 159, 1)] == [0, 1, 0, 1]


def test_what_are_no_samples() -> None:
    live = LivePitch(PitchExtractionOptions())
    live.accept(np.zeros(1000, np.float32))
    with pytest.raises(SoundFormatError, match=r"^sample 1002: expected .* found nan$"):
        live.accept(np.array([0, 1, np.nan], np.float32))


def test_no_sound() -> None:
    for options in (CHUNKS, PitchExtractionOptions()):
        live = LivePitch(options)
        assert live.accept(np.zeros(0, np.float32)).shape == live.finish().shape == live.track().shape == (0, 2)


@pytest.mark.parametrize("options", [CHUNKS, PitchExtractionOptions(recompute_frame=50)])
def test_rows_are_the_same_without_the_track(options: PitchExtractionOptions) -> None:
    samples = np.concatenate([sound("es_f4-t0000"), sound("clip")] * 8)
    with_track, without = LivePitch(options), LivePitch(options, keeps_track=False)
    np.testing.assert_array_equal(in_pieces(without, samples, 3), in_pieces(with_track, samples, 3))
    assert len(with_track.track()) > 2000
    assert len(without._tracker._rows) < 1500


@pytest.mark.parametrize("options", [CHUNKS, PitchExtractionOptions()])
def test_the_end_with_the_last_samples(options: PitchExtractionOptions) -> None:
    samples = sound("es_f4-t0000")
    at_once, before = LivePitch(options), LivePitch(options)
    rows = np.concatenate((at_once.accept(samples[:20_000]), at_once.finish(samples[20_000:])))
    same = [before.accept(samples[:20_000]), before.accept(samples[20_000:]), before.finish()]
    np.testing.assert_array_equal(at_once.track(), before.track())
    assert np.array_equal(rows, np.concatenate(same)) == bool(options.frames_per_chunk)
