from __future__ import annotations

import logging

import numpy as np
import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.features.steps.cmvn import apply_cmvn, cmvn_stats, means_and_variances, skipping
from ov_asr_score.features.steps.running_sums import Sums
from ov_asr_score.kaldi_io import load_array
from tests.features.steps.kaldi_post import BASE, FEATURES, UTT2SPK, assert_same, table

ROWS = BASE["es_Annie-t0024"]
BY_UTTERANCE = table("post/cmvn_utt.ark")
BY_SPEAKER = {key: table("post/cmvn_spk.ark")[speaker] for key, speaker in UTT2SPK.items() if key in BASE}


def test_statistics_of_utterances_of_kaldi() -> None:
    assert list(BY_UTTERANCE) == list(BASE)
    for key, rows in BASE.items():
        np.testing.assert_array_equal(cmvn_stats(rows), BY_UTTERANCE[key])


def test_statistics_of_speakers_of_kaldi() -> None:
    for line in (FEATURES / "spk2utt").read_text().splitlines():
        speaker, *keys = line.split()
        stats: Sums | None = None
        for key in keys:
            stats = cmvn_stats(BASE[key], before=stats) if key in BASE else stats
        np.testing.assert_array_equal(stats, table("post/cmvn_spk.ark")[speaker])


def test_global_statistics_of_kaldi() -> None:
    stats: Sums | None = None
    for rows in BASE.values():
        stats = cmvn_stats(rows, before=stats)
    assert stats is not None
    np.testing.assert_array_equal(stats.astype(np.float32), load_array(str(FEATURES / "post/cmvn_global.mat")))
    np.testing.assert_allclose(stats, load_array(str(FEATURES / "post/cmvn_global.txt")), 1e-5)


def test_long_utterances_are_summed_in_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cmvn_stats(ROWS)
    monkeypatch.setattr("ov_asr_score.features.steps.cmvn.BLOCK_ROWS", 7)
    np.testing.assert_array_equal(cmvn_stats(ROWS), whole)


def test_weights_count_frames_more_or_less_than_once() -> None:
    weights = np.zeros(len(ROWS), np.float32)
    weights[5], weights[9] = 2, 0.5
    rows = ROWS.astype(np.float64)
    sums = 2 * rows[5] + 0.5 * rows[9]
    squares = 2 * rows[5] ** 2 + 0.5 * rows[9] ** 2
    np.testing.assert_allclose(cmvn_stats(ROWS, weights), [[*sums, 2.5], [*squares, 0]], 1e-6)
    assert not cmvn_stats(ROWS, 0 * weights).any()
    poisoned = ROWS.copy()
    poisoned[0] = np.nan  # of weight 0: is not looked at
    np.testing.assert_array_equal(cmvn_stats(poisoned, weights), cmvn_stats(ROWS, weights))


@pytest.mark.parametrize("norm_vars", [False, True])
def test_application_by_utterance_of_kaldi(norm_vars: bool) -> None:
    made = {key: apply_cmvn(rows, BY_UTTERANCE[key], norm_vars) for key, rows in BASE.items()}
    assert_same(made, "cmvn_utt_norm_vars" if norm_vars else "cmvn_utt_applied", 0)


@pytest.mark.parametrize("norm_vars", [False, True])
def test_application_by_speaker_of_kaldi(norm_vars: bool) -> None:
    made = {key: apply_cmvn(rows, BY_SPEAKER[key], norm_vars) for key, rows in BASE.items()}
    assert_same(made, "cmvn_spk_norm_vars" if norm_vars else "cmvn_spk_applied", 0)


def test_application_of_global_statistics_of_kaldi() -> None:
    stats = load_array(str(FEATURES / "post/cmvn_global.mat"))
    assert_same({key: apply_cmvn(rows, stats) for key, rows in BASE.items()}, "cmvn_global_applied", 0)


def test_the_reverse_of_kaldi() -> None:
    source = table("post/cmvn_spk_norm_vars.ark")
    made = {key: apply_cmvn(rows, BY_SPEAKER[key], True, reverse=True) for key, rows in source.items()}
    assert_same(made, "cmvn_spk_reverse", 0)
    np.testing.assert_allclose(made["clip"], BASE["clip"], 1e-4, 1e-4)
    back = apply_cmvn(apply_cmvn(ROWS, BY_UTTERANCE["clip"]), BY_UTTERANCE["clip"], reverse=True)
    np.testing.assert_allclose(back, ROWS, 1e-5, 1e-4)


def test_columns_that_are_skipped_of_kaldi() -> None:
    made = {key: apply_cmvn(rows, BY_UTTERANCE[key], True, skip_dims=(0, 3)) for key, rows in BASE.items()}
    assert_same(made, "cmvn_utt_skip_dims", 0)
    np.testing.assert_array_equal(made["clip"][:, [0, 3]], BASE["clip"][:, [0, 3]])


def test_statistics_with_columns_that_stay() -> None:
    stats = skipping(BY_SPEAKER["clip"], (0, 12))
    count = stats[0, -1]
    assert stats[:, [0, 12]].tolist() == [[0, 0], [count, count]]
    np.testing.assert_array_equal(stats[:, 1:12], BY_SPEAKER["clip"][:, 1:12])
    assert skipping(stats[:1], (3,))[0, 3] == 0


def test_means_that_stay() -> None:
    made = {key: apply_cmvn(rows, BY_SPEAKER[key], norm_means=False) for key, rows in BASE.items()}
    assert_same(made, "cmvn_norm_means_false", 0)
    with pytest.raises(UsageError, match="variances cannot be normalized without means"):
        apply_cmvn(ROWS, BY_SPEAKER["clip"], True, norm_means=False)


def test_means_and_variances() -> None:
    made = means_and_variances(cmvn_stats(ROWS))
    np.testing.assert_allclose(made, [ROWS.mean(0, np.float64), ROWS.var(0, np.float64)], 1e-4)
    with pytest.raises(OvAsrScoreError, match="a count of 0"):
        means_and_variances(np.zeros((2, 14)))


def test_constant_columns(caplog: pytest.LogCaptureFixture) -> None:
    rows = np.full((4, 2), 3, np.float32)
    with caplog.at_level(logging.WARNING):
        assert not apply_cmvn(rows, cmvn_stats(rows), True).any()
    assert "2 variances below 1e-20 were set to it" in caplog.text


def test_statistics_of_other_widths() -> None:
    with pytest.raises(ShapeMismatchError, match=r"2 x 13 for features of 12 columns, found 2 x 14"):
        apply_cmvn(ROWS[:, :12], BY_SPEAKER["clip"])
    with pytest.raises(ShapeMismatchError, match=r"found 14$"):
        apply_cmvn(ROWS, BY_SPEAKER["clip"][0])
    with pytest.raises(ShapeMismatchError, match="features of 13 columns as before, found features of 12"):
        cmvn_stats(ROWS[:, :12], before=BY_SPEAKER["clip"])
    with pytest.raises(ShapeMismatchError, match="expected 105 weights, one for each frame, found 3"):
        cmvn_stats(np.zeros((105, 13), np.float32), np.ones(3))
    with pytest.raises(ShapeMismatchError, match="skip_dims 0:13: expected numbers below the width 13"):
        apply_cmvn(ROWS, BY_SPEAKER["clip"], skip_dims=(0, 13))


def test_statistics_without_squares() -> None:
    means = BY_SPEAKER["clip"][:1]
    np.testing.assert_array_equal(apply_cmvn(ROWS, means), apply_cmvn(ROWS, BY_SPEAKER["clip"]))
    with pytest.raises(ShapeMismatchError, match="of two rows to normalize variances, found one row"):
        apply_cmvn(ROWS, means, True)


def test_statistics_of_nothing() -> None:
    with pytest.raises(OvAsrScoreError, match="at least one frame, found a count of 0"):
        apply_cmvn(ROWS, np.zeros((2, 14)))
    stats = BY_SPEAKER["clip"].copy()
    stats[0, 0] = np.nan
    with pytest.raises(OvAsrScoreError, match="found NaN or infinity"):
        apply_cmvn(ROWS, stats, True)
    stats[0, -1] = np.nan
    with pytest.raises(OvAsrScoreError, match="a count of nan"):
        apply_cmvn(ROWS, stats)
