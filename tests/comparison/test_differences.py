"""Error statistics against their definitions, and limits."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.comparison import (
    ErrorLocation,
    Limits,
    ScoreDifference,
    compare_scores,
    describe_location,
    differences,
    exceeded_limits,
)
from ov_asr_score.errors import ShapeMismatchError, UsageError

Matrix = NDArray[np.floating[Any]]

STATISTICS = (
    "frames",
    "count",
    "max_abs",
    "sum_abs",
    "sum_squared",
    "mean_abs",
    "rms",
    "std",
    "num_over_threshold",
    "count_rel",
    "max_rel",
    "sum_rel",
    "sum_squared_rel",
    "mean_rel",
    "rms_rel",
    "max_abs_reference",
    "sum_abs_reference",
    "mean_abs_reference",
    "class_changes",
    "nan_scores",
    "inf_scores",
    "nan_reference",
    "inf_reference",
    "num_nonfinite_mismatch",
)


def random_pair(
    frames: int, columns: int, dtype: type[np.floating[Any]] = np.float32, seed: int = 1
) -> tuple[Matrix, Matrix]:
    generator = np.random.default_rng(seed)
    reference = generator.normal(scale=3.0, size=(frames, columns))
    scores = reference + generator.normal(scale=1e-3, size=reference.shape)
    return scores.astype(dtype), reference.astype(dtype)


def expected_statistics(scores: Matrix, reference: Matrix, threshold: float) -> dict[str, float]:
    """The definitions, one after the other, over whole float64 copies; masks are spelt out."""
    s, r = scores.astype(np.float64), reference.astype(np.float64)
    finite = np.isfinite(s) & np.isfinite(r)
    same_infinity = np.isinf(s) & (s == r)
    mismatches = int((~finite & ~same_infinity).sum())
    error, magnitude = np.abs(s[finite] - r[finite]), np.abs(r[finite])
    relative = error[magnitude > threshold] / magnitude[magnitude > threshold]
    classes = [(a.argmax(), b.argmax()) for a, b in zip(s, r, strict=True)] if s.shape[1] else []
    return {
        "frames": len(s),
        "count": error.size,
        "max_abs": math.inf if mismatches else error.max(initial=0),
        "sum_abs": error.sum(),
        "sum_squared": (error**2).sum(),
        "mean_abs": error.mean() if error.size else 0,
        "rms": np.sqrt((error**2).mean()) if error.size else 0,
        "std": error.std() if error.size else 0,
        "num_over_threshold": (error > threshold).sum(),
        "count_rel": relative.size,
        "max_rel": relative.max(initial=0),
        "sum_rel": relative.sum(),
        "sum_squared_rel": (relative**2).sum(),
        "mean_rel": relative.mean() if relative.size else 0,
        "rms_rel": np.sqrt((relative**2).mean()) if relative.size else 0,
        "max_abs_reference": magnitude.max(initial=0),
        "sum_abs_reference": magnitude.sum(),
        "mean_abs_reference": magnitude.mean() if magnitude.size else 0,
        "class_changes": sum(a != b for a, b in classes),
        "nan_scores": np.isnan(s).sum(),
        "inf_scores": np.isinf(s).sum(),
        "nan_reference": np.isnan(r).sum(),
        "inf_reference": np.isinf(r).sum(),
        "num_nonfinite_mismatch": mismatches,
    }


def statistics_of(difference: ScoreDifference) -> dict[str, float]:
    return {name: getattr(difference, name) for name in STATISTICS}


def assert_follows_definitions(scores: Matrix, reference: Matrix, threshold: float = 1e-4) -> None:
    found = statistics_of(compare_scores(scores, reference, threshold=threshold))
    expected = expected_statistics(scores, reference, threshold)
    # The std subtracts two nearly equal numbers: of all errors alike, half the digits of the largest remain.
    spread = 2e-7 * expected["rms"]
    assert found.pop("std") == pytest.approx(expected.pop("std"), rel=1e-6, abs=spread)
    assert found == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("shape", [(1, 1), (7, 1), (1, 9), (40, 13)])
def test_statistics_follow_their_definitions(shape: tuple[int, int], dtype: type[np.floating[Any]]) -> None:
    assert_follows_definitions(*random_pair(*shape, dtype))


def test_sides_may_differ_in_type_order_and_strides() -> None:
    scores, reference = random_pair(12, 8)
    wide = np.asfortranarray(reference.astype(">f8"))
    assert_follows_definitions(scores[::2, 1::3], wide[::2, 1::3])


def test_statistics_match_hand_computed_values() -> None:
    difference = compare_scores(
        np.array([[1.5, 2.0], [4.0, 0.25]]), np.array([[1.0, 2.0], [2.0, 0.0]]), threshold=0.5, key="a"
    )
    assert difference == ScoreDifference(
        threshold=0.5,
        frames=2,
        count=4,
        max_abs=2.0,
        sum_abs=2.75,
        sum_squared=4.3125,
        num_over_threshold=1,
        count_rel=3,
        max_rel=1.0,
        sum_rel=1.5,
        sum_squared_rel=1.25,
        max_abs_reference=2.0,
        sum_abs_reference=5.0,
        class_changes=0,
        worst=ErrorLocation(frame=1, column=0, score=4.0, reference=2.0, key="a"),
    )


def test_float32_scores_are_subtracted_in_float64() -> None:
    scores, reference = np.array([[1e8]], np.float32), np.array([[1.0]], np.float32)
    assert compare_scores(scores, reference).max_abs == 99999999.0


def test_equal_scores_have_no_error_and_no_worst_location() -> None:
    scores, _ = random_pair(5, 4)
    difference = compare_scores(scores, scores.copy())
    assert (difference.max_abs, difference.rms, difference.std, difference.worst) == (0.0, 0.0, 0.0, None)


def test_std_of_equal_errors_is_zero() -> None:
    for error in (0.1, 1e-7, 123.456):
        difference = compare_scores(np.full((3, 7), error), np.zeros((3, 7)))
        assert difference.std <= 2e-7 * error
    assert ScoreDifference(count=3, sum_abs=0.3, sum_squared=math.nextafter(0.03, 0)).std == 0.0


@pytest.mark.parametrize("columns", [1, 5, 16])
@pytest.mark.parametrize("frames", [1, 2, 3, 4, 7, 8, 9])
def test_block_size_does_not_change_statistics(monkeypatch: pytest.MonkeyPatch, frames: int, columns: int) -> None:
    scores, reference = random_pair(frames, columns)
    whole = compare_scores(scores, reference)
    monkeypatch.setattr(differences, "_BLOCK_SCORES", 8)
    blocks = compare_scores(scores, reference)
    assert statistics_of(blocks) == pytest.approx(statistics_of(whole), rel=1e-12)
    assert blocks.worst == whole.worst


def test_worst_location_counts_frames_across_blocks() -> None:
    columns = differences._BLOCK_SCORES // 2
    reference = np.zeros((7, columns), np.float32)
    scores = reference.copy()
    scores[5, 17] = -0.5
    assert compare_scores(scores, reference, key="u").worst == ErrorLocation(5, 17, -0.5, 0.0, "u")


def test_first_of_equal_errors_is_worst() -> None:
    difference = compare_scores(np.array([[0.0, 1.0], [1.0, 0.0]]), np.zeros((2, 2)))
    assert difference.worst == ErrorLocation(0, 1, 1.0, 0.0)


@pytest.mark.parametrize("shape", [(0, 5), (4, 0), (0, 0)])
def test_empty_matrices_compare_nothing(shape: tuple[int, int]) -> None:
    assert compare_scores(np.zeros(shape), np.zeros(shape)) == ScoreDifference(frames=shape[0])


def test_relative_error_ignores_references_up_to_threshold() -> None:
    reference = np.array([[0.0, 1e-4, -1e-4, 2e-4]])
    difference = compare_scores(reference + 1e-4, reference, threshold=1e-4)
    assert difference.count_rel == 1
    assert difference.max_rel == pytest.approx(0.5)
    assert compare_scores(reference + 1, reference, threshold=0.0).count_rel == 3


def test_error_equal_to_threshold_is_not_over_it() -> None:
    assert compare_scores(np.array([[0.5, 0.75]]), np.zeros((1, 2)), threshold=0.5).num_over_threshold == 1


@pytest.mark.parametrize(
    ("scores", "reference", "changes"),
    [
        ([[1, 2, 3], [3, 2, 1]], [[1, 2, 3], [1, 2, 3]], 1),
        ([[1, 1, 0]], [[2, 1, 0]], 0),
        ([[1, 1, 0]], [[1, 2, 0]], 1),
        ([[1], [2]], [[3], [-4]], 0),
        ([[-math.inf, 0]], [[-math.inf, 5]], 0),
    ],
)
def test_class_changes(scores: list[list[float]], reference: list[list[float]], changes: int) -> None:
    assert compare_scores(np.array(scores, np.float64), np.array(reference, np.float64)).class_changes == changes


@pytest.mark.parametrize(
    ("score", "reference", "mismatches"),
    [
        (math.inf, math.inf, 0),
        (-math.inf, -math.inf, 0),
        (math.inf, -math.inf, 1),
        (math.inf, 1.0, 1),
        (1.0, -math.inf, 1),
        (math.nan, 1.0, 1),
        (1.0, math.nan, 1),
        (math.nan, math.nan, 1),
        (math.nan, math.inf, 1),
    ],
)
def test_only_the_same_infinity_agrees(score: float, reference: float, mismatches: int) -> None:
    scores, references = random_pair(3, 4)
    scores[1, 2], references[1, 2] = score, reference
    assert_follows_definitions(scores, references)
    difference = compare_scores(scores, references)
    assert difference.num_nonfinite_mismatch == mismatches
    assert difference.count == 11
    assert math.isinf(difference.max_abs) == bool(mismatches)
    assert difference.worst is not None
    assert ((difference.worst.frame, difference.worst.column) == (1, 2)) == bool(mismatches)
    assert bool(exceeded_limits(difference, Limits(max_error=1e9))) == bool(mismatches)


def test_error_that_overflows_float64_is_infinite() -> None:
    difference = compare_scores(np.array([[1e308, 0.0]]), np.array([[-1e308, 0.0]]))
    assert (difference.count, difference.num_nonfinite_mismatch) == (2, 0)
    assert difference.max_abs == difference.rms == math.inf
    assert math.isnan(difference.std)
    assert len(exceeded_limits(difference, Limits(max_error=1e300, max_rms_error=1e300))) == 2


def test_nonfinite_values_cause_no_numpy_warning(recwarn: pytest.WarningsRecorder) -> None:
    values = np.array([[math.nan, math.inf, -math.inf, 0.0, 1e308]])
    compare_scores(values, -values)
    compare_scores(values, values, threshold=0.0)
    assert [str(warning.message) for warning in recwarn] == []


ANY_VALUE = st.one_of(
    st.floats(-100, 100, width=32), st.sampled_from([0.0, math.nan, math.inf, -math.inf]), st.floats(width=32)
)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Matrix, Matrix]:
    shape = draw(st.tuples(st.integers(0, 9), st.integers(0, 5)))
    matrices = hnp.arrays(np.float32, shape, elements=ANY_VALUE)
    reference = draw(matrices)
    scores = draw(matrices)
    same = draw(hnp.arrays(np.bool_, shape))
    return np.where(same, reference, scores), reference


@settings(max_examples=200)
@given(pairs())
def test_statistics_of_random_values_follow_their_definitions(pair: tuple[Matrix, Matrix]) -> None:
    assert_follows_definitions(*pair)


@settings(max_examples=200)
@given(pairs(), st.integers(0, 9), st.integers(0, 9))
def test_differences_of_parts_add_up(pair: tuple[Matrix, Matrix], first: int, second: int) -> None:
    scores, reference = pair
    low, high = sorted((first, second))
    parts = [
        compare_scores(scores[part], reference[part])
        for part in (slice(0, low), slice(low, high), slice(high, None))
        if len(scores[part])
    ]
    whole = compare_scores(scores, reference)
    total = sum(parts, start=ScoreDifference())
    regrouped = sum(reversed(parts[1:]), start=ScoreDifference()) + (parts[0] if parts else ScoreDifference())
    for summed in (total, regrouped):
        found, expected = statistics_of(summed), statistics_of(whole)
        # The std subtracts two nearly equal numbers: of all errors alike, half the digits of the largest remain.
        std, spread = expected.pop("std"), 2e-7 * expected["rms"]
        assert found.pop("std") == pytest.approx(std, rel=1e-6, abs=spread, nan_ok=True)
        assert found == pytest.approx(expected, rel=1e-9, abs=1e-300, nan_ok=True)
    if whole.worst is not None:
        assert total.worst is not None
        assert total.worst.column == whole.worst.column
        assert str(total.worst.score) == str(whole.worst.score)


def test_sum_keeps_location_of_larger_error() -> None:
    reference = np.zeros((2, 2))
    small = compare_scores(reference + 1, reference, key="small")
    large = compare_scores(reference - 2, reference, key="large")
    tie = compare_scores(reference + 2, reference, key="tie")
    assert (small + large + tie).worst == ErrorLocation(0, 0, -2.0, 0.0, "large")
    assert (tie + large + small).worst == ErrorLocation(0, 0, 2.0, 0.0, "tie")


def test_sums_with_different_thresholds_are_refused() -> None:
    with pytest.raises(UsageError, match=r"0\.0001 and 0\.1"):
        ScoreDifference() + ScoreDifference(threshold=0.1)


@pytest.mark.parametrize(
    ("scores", "reference"),
    [((3, 4), (3, 5)), ((3, 4), (2, 4)), ((12,), (12,)), ((1, 3, 4), (1, 3, 4)), ((3, 4), (4,))],
)
def test_shape_mismatch_names_both_shapes(scores: tuple[int, ...], reference: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatchError) as caught:
        compare_scores(np.zeros(scores), np.zeros(reference))
    assert str(list(scores)) in str(caught.value)
    assert str(list(reference)) in str(caught.value)


@pytest.mark.parametrize("threshold", [-1e-9, math.nan, math.inf])
def test_invalid_thresholds_are_refused(threshold: float) -> None:
    with pytest.raises(UsageError, match="threshold"):
        compare_scores(np.zeros((1, 1)), np.zeros((1, 1)), threshold=threshold)


def test_comparison_leaves_inputs_unchanged() -> None:
    scores, reference = random_pair(4, 3, np.float64)
    scores[0, 0] = math.nan
    before = scores.copy(), reference.copy()
    scores.flags.writeable = reference.flags.writeable = False
    compare_scores(scores, reference)
    np.testing.assert_array_equal(scores, before[0])
    np.testing.assert_array_equal(reference, before[1])


def test_temporary_memory_is_bounded() -> None:
    import tracemalloc

    scores = np.zeros((2000, 2000), np.float32)
    scores[-1, -1] = math.nan
    tracemalloc.start()
    compare_scores(scores, scores)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < scores.nbytes / 4


TOTAL = compare_scores(np.array([[1.0, 2.0]]), np.array([[1.0, 2.5]]))


@pytest.mark.parametrize(
    ("limits", "messages"),
    [
        (Limits(), []),
        (Limits(max_error=0.5, max_rms_error=0.4, max_relative_error=0.2), []),
        (Limits(max_error=0.4), ["max error 0.5 exceeds --max-error 0.4"]),
        (Limits(max_rms_error=0.3), ["rms error 0.353553 exceeds --max-rms-error 0.3"]),
        (Limits(max_relative_error=0.1), ["max relative error 0.2 exceeds --max-relative-error 0.1"]),
        (Limits(max_error=math.nan), ["max error 0.5 exceeds --max-error nan"]),
    ],
)
def test_exceeded_limits(limits: Limits, messages: list[str]) -> None:
    assert exceeded_limits(TOTAL, limits) == messages


def test_all_exceeded_limits_are_named() -> None:
    assert len(exceeded_limits(TOTAL, Limits(0.1, 0.1, 0.1))) == 3


def test_nan_statistic_exceeds_limit() -> None:
    assert exceeded_limits(replace(TOTAL, max_rel=math.nan), Limits(max_relative_error=1e9)) == [
        "max relative error nan exceeds --max-relative-error 1e+09"
    ]


def test_nonfinite_mismatch_is_reported_without_limits() -> None:
    difference = compare_scores(np.array([[1.0, math.nan]]), np.array([[1.0, 2.5]]), key="a[0:9]")
    assert exceeded_limits(difference, Limits()) == [
        "scores and reference disagree in NaN or infinity: 1"
        " (first at utterance 'a[0:9]', frame 0, column 1: nan, reference 2.5)"
    ]


def test_limit_without_compared_frames_is_exceeded() -> None:
    assert exceeded_limits(ScoreDifference(), Limits(max_error=1.0)) == [
        "--max-error 1 cannot be checked: no frames were compared"
    ]
    assert exceeded_limits(ScoreDifference(), Limits()) == []


def test_location_without_key_names_no_utterance() -> None:
    assert describe_location(ErrorLocation(3, 7, 1.5, 1.25)) == "frame 3, column 7: 1.5, reference 1.25"
