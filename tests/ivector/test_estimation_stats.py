"""Statistics after each frame against Kaldi's, and the prior that grows and stays."""

from __future__ import annotations

import re

import numpy as np
import pytest

from ov_asr_score.ivector.conjugate_gradients import conjugate_gradients
from ov_asr_score.ivector.estimation_stats import EstimationStats, prior_stats, sums_by_group, sums_of_group
from ov_asr_score.ivector.pruned_posteriors import NO_POSTERIORS, Posteriors
from ov_asr_score.kaldi_model.double_arrays import diagonal_of_packed, unpacking_index
from tests.ivector.references import KALDI, TWO, extractor, posteriors_of, table


def read_post(key: str) -> Posteriors:
    frames = posteriors_of("post.txt", key)
    triples = [(t, g, p * 0.1) for t, frame in enumerate(frames) for g, p in sorted(frame.items())]
    times, gaussians, values = zip(*triples, strict=True)
    return Posteriors(np.array(times, np.intp), np.array(gaussians, np.intp), np.array(values, np.float32))


@pytest.mark.parametrize("key", TWO)
def test_statistics_are_those_of_kaldi(key: str) -> None:
    """After each frame that the file has; every 20 frames it has the i-vector, too."""
    text = (KALDI / "steps" / f"{key}.stats.txt").read_text()
    blocks = re.split(r"^frame ", text, flags=re.MULTILINE)[1:]
    features = table("steps/splice_lda.ark")[key]
    model, stats = extractor().model, prior_stats(extractor().model, 0.0)
    groups = list(sums_by_group(read_post(key), features, np.arange(len(features)), len(features), 64))
    ivector, done = extractor().default_ivector, 0
    assert len(blocks) >= 4
    for block in blocks:
        frame = int(block.split()[0])
        for group in groups[done : frame + 1]:
            stats.add(model, group)
        done = frame + 1
        numbers = {
            name: np.array(re.search(rf"{name}>?\s+\[([^\]]*)\]", block)[1].split(), np.float64)  # type: ignore[index]
            for name in ("<QuadraticTerm", "<LinearTerm")
        }
        assert stats.count == pytest.approx(float(block.split()[2]), abs=1e-6)
        scale = np.abs(numbers["<QuadraticTerm"]).max()
        np.testing.assert_allclose(stats.quadratic, numbers["<QuadraticTerm"], atol=2e-5 * scale)
        scale = np.abs(numbers["<LinearTerm"]).max()
        np.testing.assert_allclose(stats.linear, numbers["<LinearTerm"], atol=2e-5 * scale)
        solved = re.search(r"ivector_with_prior_offset\s+\[([^\]]*)\]", block)
        if solved:
            quadratic, linear = numbers["<QuadraticTerm"], numbers["<LinearTerm"]
            matrix = quadratic[unpacking_index(24)].reshape(1, 24, 24)
            expected = np.array(solved[1].split(), np.float64)
            ivector = conjugate_gradients(matrix, linear[None], ivector[None], 15)[0]
            # the steps raise rounding errors of double precision by as much as 1e-5 / 1e-16
            assert np.abs(ivector - expected).max() <= (1e-6 if frame <= 40 else 1e-4)


def test_prior_grows_beyond_max_count() -> None:
    model = extractor().model
    features = table("steps/splice_lda.ark")[TWO[0]]
    groups = list(sums_by_group(read_post(TWO[0]), features, np.arange(len(features)), len(features), 64))
    plain, grown = prior_stats(model, 0.0), prior_stats(model, 2.0)
    for group in groups:
        plain.add(model, group)
        grown.add(model, group)
    factor = plain.count / 2 - 1
    assert grown.count == plain.count and factor > 1
    difference = grown.quadratic - plain.quadratic
    np.testing.assert_allclose(difference[diagonal_of_packed(24)], factor)
    assert np.count_nonzero(np.abs(difference) > 1e-9) == 24
    np.testing.assert_allclose(grown.linear - plain.linear, np.eye(24)[0] * factor * plain.prior_offset, atol=1e-9)


@pytest.mark.parametrize("max_count", [0.0, 2.0, 100.0])
def test_scaled_statistics_keep_the_prior(max_count: float) -> None:
    """They are those of frames that counted less from the beginning."""
    model, features = extractor().model, table("steps/splice_lda.ark")[TWO[0]]
    posteriors = read_post(TWO[0])
    stats, less = prior_stats(model, max_count), prior_stats(model, max_count)
    everything = np.zeros(len(features), np.intp)
    for target, values in ((stats, posteriors.values), (less, posteriors.values * np.float32(0.25))):
        scaled = Posteriors(posteriors.frames, posteriors.gaussians, values)
        (group,) = sums_by_group(scaled, features, everything, 1, 64)
        target.add(model, group)
    before = stats.copy()
    stats.scale(0.25)
    np.testing.assert_allclose(stats.quadratic, less.quadratic, rtol=1e-9)
    np.testing.assert_allclose(stats.linear, less.linear, rtol=1e-9)
    assert stats.count == pytest.approx(less.count) and before.count == pytest.approx(4 * less.count)


def test_groups_do_not_depend_on_each_other() -> None:
    features, posteriors = table("steps/splice_lda.ark")[TWO[1]], read_post(TWO[1])
    count = len(features)
    together = list(sums_by_group(posteriors, features, np.arange(count) // 7, -(-count // 7), 64))
    for index, group in enumerate(together):
        inside = (posteriors.frames // 7) == index
        part = Posteriors(
            posteriors.frames[inside] - 7 * index, posteriors.gaussians[inside], posteriors.values[inside]
        )
        rows = features[7 * index : 7 * index + 7]
        alone = sums_of_group(part, rows)
        assert np.array_equal(alone.gaussians, group.gaussians) and np.array_equal(alone.counts, group.counts)
        assert np.array_equal(alone.sums, group.sums)


def test_groups_without_posteriors() -> None:
    features = np.ones((6, 40), np.float32)
    assert [len(each.gaussians) for each in sums_by_group(NO_POSTERIORS, features, np.arange(6) // 3, 2, 64)] == [0, 0]
    assert len(sums_of_group(NO_POSTERIORS, features).gaussians) == 0
    one = Posteriors(np.array([4]), np.array([7]), np.array([0.5], np.float32))
    groups = list(sums_by_group(one, features, np.arange(6) // 2, 3, 64))
    assert [each.gaussians.tolist() for each in groups] == [[], [], [7]]
    stats = prior_stats(extractor().model, 0.0)
    before = stats.copy()
    stats.add(extractor().model, groups[0])
    assert np.array_equal(stats.quadratic, before.quadratic)


def test_start_is_the_prior() -> None:
    stats: EstimationStats = prior_stats(extractor().model, 0.1)
    whole = stats.quadratic[unpacking_index(24)].reshape(24, 24)
    assert np.array_equal(whole, np.eye(24))
    assert stats.linear.tolist() == [stats.prior_offset, *[0.0] * 23]
    assert stats.prior_offset == np.float32(extractor().model.prior_offset), "single precision, as in Kaldi"
    assert stats.max_count == np.float32(0.1)
