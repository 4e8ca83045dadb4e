"""The numbers of vosk's estimator, by its formulas."""

from __future__ import annotations

from math import inf, log

import numpy as np
import pytest

from ov_asr_score.decoding.phrases.models.phrase_bigrams import phrase_bigrams
from ov_asr_score.fst.language_model import LanguageModel

WORDS = np.array([0, 11, 12, 13, 14], np.int32)


def arcs(model: LanguageModel, state: int) -> dict[int, tuple[object, int]]:
    first, end = model.first_arcs[state : state + 2]
    columns = (model.labels, model.weights, model.nexts)
    return {a: (b, c) for a, b, c in zip(*(x[first:end].tolist() for x in columns), strict=True)}


def test_counts_of_pairs_and_of_words() -> None:
    model = phrase_bigrams([[3, 1], [3, 1], [3, 2], [2]], WORDS)
    assert model.start == 0
    assert model.num_states == 4  # behind nothing, 1, 2 and 3
    # 3 three times, 1 and 2 twice, the end four times: 11 in all
    half = log(2)
    assert arcs(model, 0) == {
        1: (pytest.approx(half - log(2 / 11)), 1),
        2: (pytest.approx(half - log(2 / 11)), 2),
        3: (pytest.approx(half - log(3 / 11)), 3),
    }
    assert model.finals[0] == pytest.approx(half - log(4 / 11))
    assert arcs(model, 3) == {1: (pytest.approx(half - log(2 / 3)), 1), 2: (pytest.approx(half - log(1 / 3)), 2)}
    assert model.finals.tolist()[1:] == [pytest.approx(half), pytest.approx(half), inf]
    assert model.backoff_state.tolist() == [-1, 0, 0, 0]
    assert model.backoff_cost.tolist() == [inf, *[pytest.approx(half)] * 3]
    assert model.words_of_label is WORDS


def test_phrases_without_words_count_as_ends() -> None:
    model = phrase_bigrams([[], [1]], WORDS)
    assert model.finals[0] == pytest.approx(-log(0.5 * 2 / 3))
    assert arcs(model, 0) == {1: (pytest.approx(-log(0.5 / 3)), 1)}
