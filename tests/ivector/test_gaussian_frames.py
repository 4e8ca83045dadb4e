"""Splicing, the transform and log-likelihoods against Kaldi's, and that no bit depends on the pieces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ov_asr_score.features.steps.online_cmvn import online_cmvn
from ov_asr_score.ivector.gaussian_frames import BLOCK_ROWS, GaussianFrames
from tests.ivector.references import KALDI, TWO, extractor, table


def whole(
    frames: GaussianFrames, features: np.ndarray[tuple[int, int], np.dtype[np.float32]]
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    return frames.transformed(frames.with_context(features, slice(0, len(features))))


@pytest.mark.parametrize("key", TWO)
def test_each_step_is_that_of_kaldi(key: str) -> None:
    frames, features = GaussianFrames(extractor()), table("feats.ark")[key]
    normalized, _ = online_cmvn(features, extractor().first_cmvn_state, extractor().cmvn)
    np.testing.assert_allclose(normalized, table("steps/cmvn.ark")[key], atol=2e-5)
    np.testing.assert_allclose(whole(frames, features), table("steps/splice_lda.ark")[key], atol=5e-5)
    found = whole(frames, normalized)
    np.testing.assert_allclose(found, table("steps/cmvn_splice_lda.ark")[key], atol=5e-5)
    likelihoods = frames.log_likelihoods(found)
    totals = np.logaddexp.reduce(likelihoods.astype(np.float64), axis=1)
    np.testing.assert_allclose(totals, table("steps/frame_likes.txt")[key], atol=2e-4)
    line = next(text for text in (KALDI / "steps/gselect5.txt").read_text().splitlines() if text.startswith(key))
    selected = [set(map(int, words.split())) for words in line.removeprefix(key).rstrip("; ").split(";")]
    best = np.argsort(-likelihoods, axis=1)[:, :5]
    assert [set(row) for row in best.tolist()] == selected


def test_edges_are_repeated() -> None:
    frames = GaussianFrames(extractor())
    features = np.arange(5 * 40, dtype=np.float32).reshape(5, 40)
    context = frames.with_context(features, slice(0, 5))
    assert context[:, 0].tolist() == [0, 0, 0, 0, 40, 80, 120, 160, 160, 160, 160]
    assert frames.with_context(features, slice(3, 5))[:, 0].tolist() == [0, 40, 80, 120, 160, 160, 160, 160]
    assert frames.with_context(features[:1], slice(0, 1))[:, 0].tolist() == [0] * 7


def test_pieces_do_not_change_a_bit() -> None:
    frames, features = GaussianFrames(extractor()), table("feats.ark")[TWO[1]]
    expected = whole(frames, features)
    likelihoods = frames.log_likelihoods(expected)
    random = np.random.default_rng(1)
    for _ in range(20):
        first, last = sorted(random.choice(len(features) + 1, 2, replace=False).tolist())
        place = first % BLOCK_ROWS
        piece = frames.transformed(frames.with_context(features, slice(first, last)), place)
        assert np.array_equal(piece, expected[first:last])
        assert np.array_equal(frames.log_likelihoods(piece, place), likelihoods[first:last])


def test_a_transform_without_offset() -> None:
    usual, features = extractor(), table("feats.ark")[TWO[0]]
    linear = GaussianFrames(replace(usual, lda=usual.lda[:, :-1]))
    np.testing.assert_allclose(
        whole(linear, features) + usual.lda[:, -1], whole(GaussianFrames(usual), features), atol=1e-5
    )
