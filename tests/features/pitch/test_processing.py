"""What is made of raw pitch against Kaldi's program, as a whole and in pieces."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, TableFormatError
from ov_asr_score.features.pitch.options import ProcessPitchOptions
from ov_asr_score.features.pitch.processing import LiveProcessPitch, process_pitch
from tests.features.pitch.kaldi_pitch import FEATURES, Rows, table

PROCESSED: dict[str, dict[str, Any]] = {
    "processed": {},
    "processed_raw_delta3_norm20_10": {
        "add_raw_log_pitch": True,
        "delta_window": 3,
        "normalization_left_context": 20,
        "normalization_right_context": 10,
    },
    "processed_pitch_only_scale1": {"add_pov_feature": False, "add_delta_pitch": False, "pitch_scale": 1.0},
    "processed_pov1_0.5_delta5_delay3": {"pov_scale": 1.0, "pov_offset": 0.5, "delta_pitch_scale": 5.0, "delay": 3},
}
NOISY = "processed_default_noise_run1"
RAW = table("base")


def test_every_archive_is_here() -> None:
    names = {path.stem for path in (FEATURES / "pitch").glob("processed*.ark")}
    assert names == {*PROCESSED, NOISY}


@pytest.mark.parametrize("name", PROCESSED)
def test_kaldi(name: str) -> None:
    for key, expected in table(name).items():
        made = process_pitch(RAW[key], ProcessPitchOptions(**PROCESSED[name]))
        assert made.dtype == np.float32 and made.shape == expected.shape, key
        np.testing.assert_allclose(made, expected, rtol=0, atol=1e-5, err_msg=key)


def test_noise_is_of_kaldis_strength_and_on_the_slope_only() -> None:
    clean, noisy = [], []
    for key, expected in table(NOISY).items():
        made = process_pitch(RAW[key], ProcessPitchOptions(delta_pitch_noise_stddev=0.005))
        np.testing.assert_allclose(made[:, :2], expected[:, :2], rtol=0, atol=1e-5, err_msg=key)
        exact = process_pitch(RAW[key], ProcessPitchOptions())[:, 2]
        clean.append(expected[:, 2] - exact)
        noisy.append(made[:, 2] - exact)
    for noise in (np.concatenate(clean), np.concatenate(noisy)):
        assert noise.std() == pytest.approx(0.05, rel=0.1) and abs(noise.mean()) < 0.01


def live(options: ProcessPitchOptions, raw: Rows, seed: int) -> Rows:
    random = np.random.default_rng(seed)
    process = LiveProcessPitch(options)
    cuts = np.sort(random.integers(0, len(raw) + 1, random.integers(0, 30)))
    return np.concatenate([*(process.accept(piece) for piece in np.split(raw, cuts)), process.finish()])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(
    "changes",
    [{}, *PROCESSED.values(), {"normalization_right_context": 4, "delta_pitch_noise_stddev": 0.1, "delta_window": 4}],
)
def test_pieces_give_the_same_bits(changes: dict[str, Any], seed: int) -> None:
    options = dataclasses.replace(ProcessPitchOptions(**changes), delay=0)
    raw = np.concatenate([RAW["es_f4-t0000"], RAW["clip"], RAW["silent"]])
    np.testing.assert_array_equal(live(options, raw, seed), process_pitch(raw, options))


def test_rows_wait_for_the_window_to_the_right() -> None:
    raw = RAW["es_f4-t0000"]
    process = LiveProcessPitch(ProcessPitchOptions(normalization_right_context=10))
    assert process.delay == 10
    assert [len(process.accept(rows)) for rows in np.split(raw[:25], [1, 10, 11, 11, 20])] == [0, 0, 1, 0, 9, 5]
    assert len(process.finish()) == 10


def test_a_delay_repeats_the_first_frame() -> None:
    raw = RAW["es_f4-t0000"]
    whole = process_pitch(raw, ProcessPitchOptions())
    delayed = process_pitch(raw, ProcessPitchOptions(delay=5))
    np.testing.assert_array_equal(delayed, np.concatenate((np.repeat(whole[:1], 5, 0), whole)))
    process = LiveProcessPitch(ProcessPitchOptions(delay=5, normalization_right_context=8))
    assert process.delay == 3
    # The first row knows four frames, the second one six.
    first, second = process.accept(raw[:4]), process.accept(raw[4:6])
    expected = [process_pitch(raw[:known], ProcessPitchOptions())[0] for known in (4, 6)]
    np.testing.assert_array_equal(first, expected[:1])
    np.testing.assert_array_equal(second, [expected[1]] * 2)


def test_rows_that_are_replaced() -> None:
    raw = RAW["es_f4-t0000"]
    process = LiveProcessPitch(ProcessPitchOptions(normalization_right_context=20))
    before = process.accept(raw[:100])
    after = process.replace(60, raw[30:100], is_last=True)
    revised = np.concatenate((raw[:60], raw[30:100]))
    expected = process_pitch(revised, ProcessPitchOptions(normalization_right_context=20))
    assert len(before) == 80 and len(after) == 50
    np.testing.assert_array_equal(after, expected[80:])
    assert (before[60:] != expected[60:80]).any()


def test_memory_does_not_grow() -> None:
    process = LiveProcessPitch(ProcessPitchOptions())
    for _ in range(20):
        process.accept(RAW["es_f4-t0000"])
    assert process.num_raw == 20 * 168 and len(process._raw) == 150


@pytest.mark.parametrize("delay", [0, 3])
def test_no_rows(delay: int) -> None:
    assert process_pitch(np.zeros((0, 2), np.float32), ProcessPitchOptions(delay=delay)).shape == (0, 3)


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (np.ones((3, 3)), ShapeMismatchError, "expected raw pitch of 2 columns, .* found 3 x 3"),
        (np.ones(2), ShapeMismatchError, "expected raw pitch of 2 columns, .* found 2"),
        (np.array([[1, 100], [np.nan, 100]]), TableFormatError, r"raw pitch: expected finite .* \[1, 0\] is NaN"),
        (np.array([[1, 100], [1, 0]]), TableFormatError, "raw pitch: row 1: expected a pitch above 0 Hz .* found 0"),
    ],
)
def test_what_is_no_raw_pitch(rows: Rows, error: type[OvAsrScoreError], message: str) -> None:
    with pytest.raises(error, match=f"^{message}"):
        process_pitch(rows.astype(np.float32), ProcessPitchOptions())
