from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.comparison import Limits, ScoreMeasures, compare_scores, exceeded_limits, measure_scores

REFERENCE = np.log(np.array([[0.5, 0.25, 0.25], [0.5, 0.25, 0.25]]))
SCORES = np.log(np.array([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]]))  # one of two best classes, KL log(2)/8 in the mean


@pytest.mark.parametrize(
    ("limits", "messages"),
    [
        (Limits(min_agreement=0.5, max_kl=0.0867), []),
        (Limits(min_agreement=0.51), ["best class agreement 0.5 is below --min-agreement 0.51"]),
        (Limits(min_agreement=math.nan), ["best class agreement 0.5 is below --min-agreement nan"]),
        (Limits(max_kl=0.0866), ["mean KL divergence 0.0866434 exceeds --max-kl 0.0866"]),
        (Limits(max_kl=math.nan), ["mean KL divergence 0.0866434 exceeds --max-kl nan"]),
        (Limits(min_agreement=1, max_kl=0), 2),
    ],
)
def test_limits_on_classes_and_posteriors(limits: Limits, messages: list[str] | int) -> None:
    found = exceeded_limits(compare_scores(SCORES, REFERENCE), limits, measure_scores(SCORES, REFERENCE))
    assert found == messages or len(found) == messages


@pytest.mark.parametrize("measures", [None, ScoreMeasures(), measure_scores(np.ones((3, 1)), np.ones((3, 1)))])
def test_nothing_measured_keeps_no_limit(measures: ScoreMeasures | None) -> None:
    total = compare_scores(np.ones((3, 1)), np.ones((3, 1)))
    assert exceeded_limits(total, Limits(min_agreement=0.0, max_kl=1e9), measures) == [
        "--min-agreement 0 cannot be checked: no frames with classes were compared",
        "--max-kl 1e+09 cannot be checked: no frames with classes were compared",
    ]
    assert exceeded_limits(total, Limits(), measures) == []


def test_scores_that_are_all_nan_keep_no_limit() -> None:
    scores = np.full_like(REFERENCE, math.nan)
    found = exceeded_limits(
        compare_scores(scores, REFERENCE), Limits(min_agreement=0), measure_scores(scores, REFERENCE)
    )
    assert len(found) == 2


def test_a_divergence_that_is_not_a_number_keeps_no_limit() -> None:
    scores, reference = np.array([[1e308, 0.0]]), np.array([[-1e308, 0.0]])
    assert exceeded_limits(compare_scores(scores, reference), Limits(max_kl=1e300), measure_scores(scores, reference))
