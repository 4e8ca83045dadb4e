from __future__ import annotations

from math import comb

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.word_errors import bootstrap
from ov_asr_score.word_errors.alignment import count_edits
from ov_asr_score.word_errors.bootstrap import (
    ErrorInterval,
    SignTest,
    bootstrap_interval,
    improvement_probability,
    sign_test,
)
from tests.word_errors.kaldi_texts import FOLDER, kaldi_text

SECOND = "nnet3_chain_cnn_tdnnf"


def errors_and_lengths(model: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    reference, hypothesis = kaldi_text("text"), kaldi_text(f"{model}.hyp")
    counts = [count_edits(words, hypothesis[key]) for key, words in reference.items()]
    return np.array([each.errors for each in counts]), np.array([each.length for each in counts])


@pytest.mark.parametrize("model", ["nnet3_chain_tdnnf", "nnet1_dnn"])
def test_figures_are_those_of_compute_wer_bootci(model: str) -> None:
    """Its figures are of a million resamples; 20,000 leave an error of a few hundredths."""
    words = (FOLDER / f"{model}.bootci").read_text(encoding="utf-8").split()
    wer, low, high = float(words[2]), float(words[7].rstrip(",")), float(words[8])
    probability = float(words[-1])
    errors, lengths = errors_and_lengths(model)
    interval = bootstrap_interval(errors, lengths, 20000, 0)
    assert interval is not None
    found = interval.mean_percent, interval.low_percent, interval.high_percent
    assert found == pytest.approx((wer, low, high), abs=0.2)
    second, _ = errors_and_lengths(SECOND)
    share = improvement_probability(errors, second, 20000, 0)
    assert share is not None
    assert 100 * share == pytest.approx(probability, abs=1.5)


def test_mean_and_spread_of_all_resamples() -> None:
    # of two utterances of one word, one wrong: 0, 50, 50 or 100 %, each as probable
    interval = bootstrap_interval(np.array([0, 1]), np.array([1, 1]), 100_000, 1)
    assert interval is not None
    assert interval.mean_percent == pytest.approx(50, abs=0.5)
    half = 1.96 * np.std([0, 50, 50, 100])
    assert interval.high_percent - interval.mean_percent == pytest.approx(half, abs=0.5)
    assert interval.mean_percent - interval.low_percent == pytest.approx(half, abs=0.5)


def test_a_seed_always_gives_the_same_interval() -> None:
    errors, lengths = np.array([0, 1, 2, 0, 5]), np.array([4, 3, 2, 1, 6])
    first = bootstrap_interval(errors, lengths, 100, 7)
    assert first == bootstrap_interval(errors, lengths, 100, 7) != bootstrap_interval(errors, lengths, 100, 8)


def test_blocks_do_not_change_what_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    errors, lengths = np.arange(10), np.arange(10) + 5
    whole = bootstrap_interval(errors, lengths, 50, 3), improvement_probability(errors, errors[::-1], 50, 3)
    monkeypatch.setattr(bootstrap, "_BLOCK", 30)
    pieces = bootstrap_interval(errors, lengths, 50, 3), improvement_probability(errors, errors[::-1], 50, 3)
    assert pieces == whole


def test_resamples_without_words_are_left_out() -> None:
    interval = bootstrap_interval(np.array([1, 1]), np.array([0, 1]), 1000, 0)
    assert interval is not None
    assert 100 < interval.mean_percent < 200  # 200 % with one of each, 100 % with the second twice
    assert bootstrap_interval(np.array([1]), np.array([0]), 10, 0) is None


def test_nothing_to_draw() -> None:
    none = np.zeros(0, np.int64)
    assert bootstrap_interval(none, none, 10, 0) is None
    assert bootstrap_interval(np.ones(3, np.int64), np.ones(3, np.int64), 0, 0) is None
    assert improvement_probability(none, none, 10, 0) is None
    assert improvement_probability(np.ones(3, np.int64), np.zeros(3, np.int64), 0, 0) is None


def test_improvement() -> None:
    errors = np.array([2, 1, 3])
    assert improvement_probability(errors, errors - 1, 100, 0) == 1
    assert improvement_probability(errors, errors, 100, 0) == 0  # no fewer errors


def test_signs() -> None:
    assert sign_test(np.array([3, 1, 1, 5, 0]), np.array([1, 2, 0, 4, 0])) == SignTest(3, 1, 1, 10 / 16)
    assert sign_test(np.array([1, 2]), np.array([1, 2])) == SignTest(0, 0, 2, 1.0)
    many = sign_test(np.ones(400, np.int64), np.repeat([0, 2], [230, 170]))
    assert many.p_value == pytest.approx(2 * sum(comb(400, k) for k in range(171)) / 2**400)


def test_an_interval_is_plain_data() -> None:
    interval = bootstrap_interval(np.array([1]), np.array([2]), 10, 0)
    assert interval == ErrorInterval(50.0, 50.0, 50.0)
    assert {type(value) for value in (interval.mean_percent, interval.low_percent)} == {float}
