"""Pitch of whole utterances against Kaldi's programs."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import SoundFormatError
from ov_asr_score.features.pitch.computing import compute_pitch, compute_processed_pitch
from ov_asr_score.features.pitch.options import PitchExtractionOptions, ProcessPitchOptions
from tests.features.pitch.kaldi_pitch import FEATURES, RAW, extraction, sound, table

DEFAULT = PitchExtractionOptions()


def test_every_archive_of_raw_pitch_is_here() -> None:
    names = {path.stem for path in (FEATURES / "pitch").glob("*.ark")}
    assert {name for name in names if not name.startswith(("processed", "compute_and"))} == set(RAW)


@pytest.mark.parametrize("name", RAW)
def test_raw_pitch(name: str) -> None:
    for key, expected in table(name).items():
        made = compute_pitch(sound(key), extraction(name))
        assert made.dtype == np.float32 and made.shape == (len(expected), 2), key
        if len(expected):
            np.testing.assert_allclose(made[:, 0], expected[:, 0], rtol=0, atol=1e-6, err_msg=key)
            np.testing.assert_array_equal(made[:, 1], expected[:, 1], err_msg=key)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("compute_and_process", {}),
        ("compute_and_process_chunk10_first_pass", {"frames_per_chunk": 10, "simulate_first_pass_online": True}),
    ],
)
def test_processed_pitch(name: str, options: dict[str, Any]) -> None:
    for key, expected in table(name).items():
        made = compute_processed_pitch(sound(key), PitchExtractionOptions(**options), ProcessPitchOptions())
        assert made.dtype == np.float32 and made.shape == expected.shape, key
        np.testing.assert_allclose(made, expected, rtol=0, atol=2e-5, err_msg=key)


@pytest.mark.parametrize("snip_edges", [True, False])
@pytest.mark.parametrize("length", [0, 1, 100, 399, 400, 401, 560, 1200])
def test_short_sound(length: int, snip_edges: bool) -> None:
    made = compute_pitch(
        sound("es_f4-t0000")[5000 : 5000 + length], dataclasses.replace(DEFAULT, snip_edges=snip_edges)
    )
    # 400 samples are the 100 of a frame at 4000 Hz, 160 the 40 of a shift.
    resampled = -(-length // 4)
    rows = 0 if resampled < 100 else 1 + (resampled - 100) // 40 if snip_edges else int(resampled / 40 + 0.5)
    assert made.shape == (rows, 2)
    assert ((made[:, 1] > 49.9) & (made[:, 1] < 400.1)).all()


def test_silence_has_the_highest_pitch_and_no_voice() -> None:
    made = compute_pitch(np.zeros(8000, np.float32), DEFAULT)
    assert made.shape == (48, 2) and (made == (0, 400)).all()


def test_a_hum_in_silence() -> None:
    samples = np.zeros(48000, np.float32)
    samples[16000:32000] = 3000 * np.sign(np.sin(2 * np.pi * 125 * np.arange(16000) / 16000))
    made = compute_pitch(samples, DEFAULT)
    np.testing.assert_allclose(made[110:185, 1], 125, rtol=0.005)
    assert (made[110:185, 0] > 0.99).all() and np.abs(made[:90, 0]).max() < 0.1


def test_loudness_does_not_matter() -> None:
    quiet, loud = (compute_pitch(sound("flite_slt-t0017") * factor, DEFAULT) for factor in (2**-10, 2**6))
    np.testing.assert_array_equal(quiet, loud)


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf, 2e8])
@pytest.mark.parametrize("chunk", [0, 10])
def test_what_are_no_samples(number: float, chunk: int) -> None:
    samples = sound("es_f4-t0000").copy()
    samples[4321:4324] = number
    with pytest.raises(
        SoundFormatError, match=rf"^sample 4321: expected .* 16-bit samples, found {re.escape(f'{number:g}')}$"
    ):
        compute_pitch(samples, dataclasses.replace(DEFAULT, frames_per_chunk=chunk))


def test_long_sound_is_what_it_is_in_one_block() -> None:
    # More frames than are kept: those that are decided are forgotten.
    samples = np.concatenate([sound("es_f4-t0000"), sound("clip"), np.zeros(9999, np.float32)] * 5)
    made = compute_pitch(samples, DEFAULT)
    assert len(made) > 1500
    online = dataclasses.replace(DEFAULT, nccf_ballast_online=True, frames_per_chunk=7)
    whole = compute_pitch(samples, dataclasses.replace(online, frames_per_chunk=0))
    np.testing.assert_array_equal(compute_pitch(samples, online), whole)
