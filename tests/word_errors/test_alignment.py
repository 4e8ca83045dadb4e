from __future__ import annotations

import sys
from math import inf, isnan

import pytest

from ov_asr_score.errors import MissingExtraError
from ov_asr_score.word_errors import alignment
from ov_asr_score.word_errors.alignment import EditCounts, align_words, count_edits, counts_of, percent_of
from tests.word_errors.kaldi_texts import FOLDER, kaldi_text


def test_counts_of_every_utterance_are_those_of_compute_wer() -> None:
    reference, hypothesis = kaldi_text("random_ref.txt"), kaldi_text("random_hyp.txt")
    lines = (FOLDER / "random_counts.txt").read_text(encoding="utf-8").splitlines()
    expected = {key: tuple(map(int, numbers)) for key, *numbers in map(str.split, lines)}
    assert len(expected) == 300
    for key, (length, *numbers) in expected.items():
        counts = EditCounts(length, *numbers)
        pairs = align_words(reference[key], hypothesis[key])
        assert pairs is not None
        assert counts_of(pairs) == count_edits(reference[key], hypothesis[key]) == counts, key
        assert tuple(word for word, _ in pairs if word is not None) == reference[key]
        assert tuple(word for _, word in pairs if word is not None) == hypothesis[key]


def test_an_alignment() -> None:
    pairs = align_words(["a", "b", "c"], ["b", "x", "d"])
    assert pairs == (("a", None), ("b", "b"), ("c", "x"), (None, "d"))
    assert counts_of(pairs) == EditCounts(3, 1, 1, 1)


def test_no_word_is_taken_for_a_gap() -> None:
    assert align_words(["*"], ["-1", "*"]) == ((None, "-1"), ("*", "*"))


@pytest.mark.parametrize("words", [[], ["a"], ["a", "b", "a"]])
def test_equal_texts_have_no_errors(words: list[str]) -> None:
    assert align_words(words, words) == tuple((word, word) for word in words)
    assert count_edits(words, words) == EditCounts(len(words))


def test_texts_that_are_too_long_are_counted_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "MAX_ALIGNED_CELLS", 5)
    assert align_words(["a", "b", "c"], ["b", "c"]) is None
    assert align_words(["a", "b"], ["b", "c"]) is not None
    assert count_edits(["a", "b", "c"], ["b", "c"]) == EditCounts(3, 0, 1, 0)


def test_rates() -> None:
    assert EditCounts(8, 1, 1, 2).percent == 50
    assert isnan(EditCounts().percent)
    assert EditCounts(0, 2).percent == inf
    assert percent_of(1, 3) == 100 / 3
    assert EditCounts(1, 2, 3, 4) + EditCounts(10, 20, 30, 40) == EditCounts(11, 22, 33, 44)


def test_missing_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kaldialign", None)
    with pytest.raises(MissingExtraError, match=r'kaldialign .*pip install "ov-asr-score\[decode\]"'):
        count_edits(["a"], ["b"])
