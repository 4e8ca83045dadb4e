"""Boosts lower the cost of every sequence by what occurs in it, no more and no less."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.boosting import KnownBoosts
from ov_asr_score.decoding.phrases.models.boosted_model import boosted_model
from ov_asr_score.errors import UsageError
from tests.decoding.phrases.models.random_models import check_form, least_cost, random_model, sequences

# word 10 + k has the label k
LABELS = np.array([0] * 11 + [1, 2, 3, 4])


def lowered(labels: tuple[int, ...], boosts: KnownBoosts) -> float:
    words = tuple(label + 10 for label in labels)
    total = sum(boosts.words.get(word, 0.0) for word in words)
    for phrase, cost in boosts.phrases.items():
        places = range(len(words) - len(phrase) + 1)
        total += cost * sum(words[place : place + len(phrase)] == phrase for place in places)
    return total


@pytest.mark.parametrize("seed", range(40))
def test_costs_of_all_sequences(seed: int) -> None:
    rng = np.random.default_rng(seed)
    model = random_model(rng)
    phrases = {
        tuple(rng.choice((11, 12, 13), int(rng.integers(2, 4))).tolist()): float(rng.uniform(0.5, 6)) for _ in range(3)
    }
    words = {11: 1.5, 14: -2.0} if seed % 2 else {}
    boosts = KnownBoosts(words, phrases, ())
    before = model.weights.copy()
    made = boosted_model(model, boosts, LABELS)
    np.testing.assert_array_equal(model.weights, before)
    check_form(made)
    for labels in sequences(4):
        wanted = least_cost(model, labels) - lowered(labels, boosts)
        assert least_cost(made, labels) == pytest.approx(wanted, abs=1e-4)
        assert math.isfinite(wanted) or math.isinf(least_cost(made, labels))


def test_single_words_leave_all_but_weights() -> None:
    model = random_model(np.random.default_rng(1))
    made = boosted_model(model, KnownBoosts({12: 3.0}, {}, ()), LABELS)
    assert made.nexts is model.nexts
    assert made.labels is model.labels
    np.testing.assert_allclose(made.weights, model.weights - 3 * (model.labels == 2), rtol=1e-6)


def test_phrases_that_are_to_cost_more_are_refused() -> None:
    model = random_model(np.random.default_rng(1))
    with pytest.raises(UsageError, match="expected numbers above 0 for phrases of several words in a lookahead graph"):
        boosted_model(model, KnownBoosts({}, {(11, 12): -1.0}, ()), LABELS)
