"""Measures of classes, posteriors and error distribution against their definitions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.comparison import EDGE_FRAMES, ScoreMeasures, compare_scores, measure_scores, measures, summarize
from ov_asr_score.comparison.error_histogram import RELATIVE_WIDTH
from ov_asr_score.errors import ShapeMismatchError

Matrix = NDArray[Any]


def log_softmax(frame: Matrix) -> list[float]:
    top = max(frame.tolist())
    total = math.log(math.fsum(math.exp(value - top) for value in frame.tolist())) + top
    return [value - total for value in frame.tolist()]


def naive_kl(scores: Matrix, reference: Matrix) -> list[float]:
    found = []
    for frame, reference_frame in zip(scores, reference, strict=True):
        log_q, log_p = log_softmax(frame), log_softmax(reference_frame)
        found.append(math.fsum(math.exp(p) * (p - q) for p, q in zip(log_p, log_q, strict=True) if p > -math.inf))
    return found


def naive_best(frame: Matrix, number: int = 5) -> list[int]:
    return sorted(range(len(frame)), key=lambda column: (-frame[column], column))[:number]


def naive_percentile(errors: list[float], percent: float) -> float:
    ordered = sorted(errors)
    return ordered[max(1, math.ceil(len(ordered) * percent / 100 - 1e-9)) - 1]


def rms(errors: list[float]) -> float:
    return math.sqrt(math.fsum(error * error for error in errors) / len(errors)) if errors else 0.0


def pair(seed: int, frames: int, columns: int, error: float, dtype: Any = np.float32) -> tuple[Matrix, Matrix]:
    random = np.random.default_rng(seed)
    reference = (3 * random.normal(size=(frames, columns)) - 10).astype(dtype)
    return (reference + error * random.normal(size=reference.shape)).astype(dtype), reference


CASES = [
    (1, 1, 2, 1.0),
    (2, 25, 3, 0.3),
    (3, 7, 5, 2.0),
    (4, 40, 64, 1.0),
    (5, 33, 200, 0.5),
    (6, 60, 301, 0.001),
    (7, 23, 1000, 1e-4),
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(("seed", "frames", "columns", "error"), CASES)
def test_frame_measures_match_frame_by_frame_definitions(
    seed: int, frames: int, columns: int, error: float, dtype: Any
) -> None:
    scores, reference = pair(seed, frames, columns, error, dtype)
    found = measure_scores(scores, reference)
    number = min(5, columns)
    best = [
        (naive_best(frame, number), naive_best(other, number)) for frame, other in zip(scores, reference, strict=True)
    ]
    assert found.class_frames == frames
    assert found.class_agreement == sum(mine[0] == theirs[0] for mine, theirs in best) / frames
    assert found.top5_agreement == sum(theirs[0] in mine for mine, theirs in best) / frames
    shared = sum(len({*mine} & {*theirs}) for mine, theirs in best)
    assert found.top5_overlap == pytest.approx(shared / frames / number, rel=1e-12)
    divergence = naive_kl(scores.astype(np.float64), reference.astype(np.float64))
    assert found.mean_kl == pytest.approx(math.fsum(divergence) / frames, rel=2e-4, abs=1e-14)
    assert found.max_kl == pytest.approx(max(divergence), rel=2e-4, abs=1e-14)


@pytest.mark.parametrize(("seed", "frames", "columns", "error"), CASES)
def test_pair_measures_match_pair_by_pair_definitions(seed: int, frames: int, columns: int, error: float) -> None:
    scores, reference = pair(seed, frames, columns, error)
    found = measure_scores(scores, reference)
    errors = np.abs(scores.astype(np.float64) - reference.astype(np.float64))
    assert found.class_rms == pytest.approx([rms(column.tolist()) for column in errors.T], rel=1e-12)
    assert found.class_largest.tolist() == errors.max(axis=0).tolist()
    rows = errors.tolist()
    parts = (rows[:EDGE_FRAMES], rows[EDGE_FRAMES : max(frames - EDGE_FRAMES, 0)], rows[max(frames - EDGE_FRAMES, 0) :])
    assert found.position_rms == pytest.approx([rms([value for row in part for value in row]) for part in parts])
    assert found.moments.correlation == pytest.approx(
        np.corrcoef(scores.astype(np.float64).ravel(), reference.astype(np.float64).ravel())[0, 1], abs=1e-12
    )
    for percent in (0.0, 10.0, 50.0, 90.0, 99.0, 99.9, 100.0):
        expected = naive_percentile(errors.ravel().tolist(), percent)
        assert found.percentile(percent) == pytest.approx(expected, rel=RELATIVE_WIDTH * 1.001)


def test_measures_match_hand_computed_values() -> None:
    # posteriors 1/2, 1/4, 1/4 and 1/4, 1/2, 1/4: KL = log(2)/2 - log(2)/4
    reference = np.log(np.array([[0.5, 0.25, 0.25]]))
    scores = np.log(np.array([[0.25, 0.5, 0.25]])) + 7.0  # a constant makes no difference
    found = measure_scores(scores, reference)
    assert found.mean_kl == pytest.approx(math.log(2) / 4, rel=1e-12)
    assert (found.class_agreement, found.top5_agreement, found.top5_overlap) == (0.0, 1.0, 1.0)
    ramp = np.arange(8.0).reshape(1, 8)
    turned = measure_scores(-ramp, ramp)
    assert (turned.moments.correlation, turned.top5_agreement, turned.top5_overlap) == (-1.0, 0.0, 0.4)
    steps = measure_scores(np.array([[1.0], [2.0], [4.0], [8.0]]), np.zeros((4, 1)))
    assert [steps.percentile(percent) for percent in (25.0, 50.0, 75.0)] == pytest.approx([1, 2, 4], rel=RELATIVE_WIDTH)
    assert steps.percentile(100.0) == 8.0  # never beyond the largest


def test_ties_are_won_by_the_first_column() -> None:
    columns = 300
    constant = np.zeros((3, columns), np.float32)
    first = constant.copy()
    first[:, :5] = 1
    last = constant.copy()
    last[:, -5:] = 1
    assert measure_scores(constant, first).top5_overlap == 1.0
    constants = measure_scores(constant, last)
    assert (constants.top5_overlap, constants.top5_agreement, constants.class_agreement) == (0.0, 0.0, 0.0)
    random = np.random.default_rng(8)
    coarse = random.integers(0, 4, (50, columns)).astype(np.float32)
    others = random.integers(0, 9, (50, columns)).astype(np.float32)
    shared = sum(len({*naive_best(a)} & {*naive_best(b)}) for a, b in zip(coarse, others, strict=True))
    assert measure_scores(coarse, others).top_shared == shared


def test_equal_scores_agree_and_diverge_by_zero() -> None:
    _, reference = pair(9, 30, 50, 0)
    found = summarize(measure_scores(reference, reference))
    assert (found.class_agreement, found.top5_agreement, found.top5_overlap) == (1.0, 1.0, 1.0)
    assert (found.mean_kl, found.max_kl, found.correlation) == (0.0, 0.0, 1.0)
    assert found.percentiles == {"50": 0.0, "90": 0.0, "99": 0.0, "99.9": 0.0}
    assert (found.exact_pairs, found.histogram_counts, found.worst_classes) == (1500, [], [])


def test_block_of_equal_scores_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, reference = pair(34, 40, 9, 0.5)
    scores[:20] = reference[:20]
    reference[3, 2] = scores[3, 2] = -math.inf
    whole = measure_scores(scores, reference)
    monkeypatch.setattr(measures, "_BLOCK_SCORES", 9 * 10)
    blocks = measure_scores(scores, reference)
    for part in EVERYTHING:
        assert part(blocks) == pytest.approx(part(whole), rel=1e-9)
    assert whole.class_agreement is not None
    assert whole.class_agreement < 1


def test_single_column_has_no_class_measures() -> None:
    found = measure_scores(np.array([[1.0], [2.0]]), np.array([[1.0], [3.0]]))
    assert (found.class_agreement, found.top5_agreement, found.top5_overlap, found.mean_kl) == (None, None, None, None)
    assert summarize(found).max_kl is None
    assert (found.frames, found.class_frames) == (2, 0)
    assert found.moments.correlation == pytest.approx(1.0)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
def test_empty_utterances_count_nothing(shape: tuple[int, int]) -> None:
    found = measure_scores(np.zeros(shape), np.zeros(shape))
    assert (found.frames, found.moments.count, found.class_agreement) == (0, 0, None)
    assert found.percentile(99.0) == 0.0
    assert summarize(found).correlation is None


@pytest.mark.parametrize("shapes", [((2, 3), (2, 4)), ((3,), (3,))])
def test_different_shapes_are_refused(shapes: tuple[tuple[int, ...], tuple[int, ...]]) -> None:
    with pytest.raises(ShapeMismatchError, match="the same shape"):
        measure_scores(np.zeros(shapes[0]), np.zeros(shapes[1]))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nonfinite_frames_are_skipped_and_counted(dtype: Any) -> None:
    scores, reference = pair(11, 30, 20, 0.5, dtype)
    clean = measure_scores(scores[5:], reference[5:])
    scores[0, 3] = math.nan
    reference[1, 4] = math.inf
    scores[2, :] = -math.inf  # not in the reference
    scores[3, 0] = reference[3, 0] = math.inf  # they agree, but their posteriors are not known
    scores[4, :] = reference[4, :] = -math.inf  # no class is possible
    found = measure_scores(scores, reference)
    assert (found.skipped_frames, found.class_frames) == (5, 25)
    assert (found.class_agreements, found.top_shared) == (clean.class_agreements, clean.top_shared)
    assert found.sum_kl == pytest.approx(clean.sum_kl, rel=1e-12)
    finite = np.isfinite(scores) & np.isfinite(reference)
    difference = compare_scores(scores, reference)
    assert found.moments.count == found.class_pairs.sum() == found.histogram.sum() == difference.count == finite.sum()
    errors = scores[finite].astype(np.float64) - reference[finite].astype(np.float64)
    assert found.class_squared.sum() == pytest.approx(np.square(errors).sum(), rel=1e-12)
    expected = np.corrcoef(scores[finite].astype(np.float64), reference[finite].astype(np.float64))[0, 1]
    assert found.moments.correlation == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("error", [0.5, 1e-4])
def test_minus_infinity_on_both_sides_is_allowed(error: float) -> None:
    scores, reference = pair(12, 20, 30, error)
    reference[:, 7] = scores[:, 7] = -math.inf
    found = measure_scores(scores, reference)
    assert (found.skipped_frames, found.class_frames) == (0, 20)
    divergence = naive_kl(np.delete(scores, 7, axis=1), np.delete(reference, 7, axis=1))
    assert found.mean_kl == pytest.approx(math.fsum(divergence) / 20, rel=2e-4)


EVERYTHING: list[Callable[[ScoreMeasures], object]] = [
    lambda found: (found.frames, found.skipped_frames, found.class_frames, found.class_agreements),
    lambda found: (found.top_agreements, found.top_shared, found.top_possible),
    lambda found: (found.sum_kl, found.max_kl),
    lambda found: found.moments.correlation,
    lambda found: (found.moments.mean_reference, found.moments.mean_error),
    lambda found: found.class_rms.tolist(),
    lambda found: found.class_largest.tolist(),
    lambda found: found.class_pairs.tolist(),
    lambda found: found.position_rms,
    lambda found: found.histogram.tolist(),
]


@pytest.mark.parametrize("seed", range(5))
def test_merge_is_independent_of_order_and_grouping(seed: int) -> None:
    random = np.random.default_rng(seed)
    pairs = [
        pair(20 + number, int(random.integers(0, 40)), 17, 10.0 ** -int(random.integers(0, 5))) for number in range(8)
    ]
    pairs.append((np.full((3, 17), np.nan), np.ones((3, 17))))
    straight = ScoreMeasures()
    for scores, reference in pairs:
        straight.add(scores, reference)
    parts = [measure_scores(*each) for each in pairs]
    while len(parts) > 1:
        random.shuffle(parts)
        parts[0].merge(parts.pop())
    for part in EVERYTHING:
        assert part(parts[0]) == pytest.approx(part(straight), rel=1e-9)


@pytest.mark.parametrize("scores_at_a_time", [1, 40, 1 << 10])
def test_block_size_does_not_change_measures(monkeypatch: pytest.MonkeyPatch, scores_at_a_time: int) -> None:
    scores, reference = pair(30, 50, 13, 0.2)
    scores[7, 1] = math.nan
    whole = measure_scores(scores, reference)
    monkeypatch.setattr(measures, "_BLOCK_SCORES", scores_at_a_time)
    blocks = measure_scores(scores, reference)
    for part in EVERYTHING:
        assert part(blocks) == pytest.approx(part(whole), rel=1e-4)


def test_merge_of_different_column_counts() -> None:
    narrow, wide = pair(31, 12, 3, 0.5), pair(32, 12, 9, 0.5)
    total = measure_scores(*narrow)
    total.merge(measure_scores(*wide))
    other = measure_scores(*wide)
    other.add(*narrow)
    assert total.class_pairs.tolist() == other.class_pairs.tolist() == [24.0] * 3 + [12.0] * 6
    assert total.class_rms == pytest.approx(other.class_rms)
    assert total.top_possible == 12 * 3 + 12 * 5


def test_measures_leave_inputs_unchanged() -> None:
    scores, reference = pair(33, 20, 30, 0.5, np.float64)
    scores[3, 3] = math.nan
    before = scores.copy(), reference.copy()
    measure_scores(scores, reference)
    np.testing.assert_array_equal(scores, before[0])
    np.testing.assert_array_equal(reference, before[1])


def test_infinite_errors_stay_infinite() -> None:
    found = measure_scores(np.array([[1e308, 0.0]]), np.array([[-1e308, 0.0]]))
    assert found.class_rms[0] == math.inf
    assert found.percentile(99.0) == math.inf
    assert not (found.mean_kl is not None and found.mean_kl <= 1e300)
