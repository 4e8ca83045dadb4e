from __future__ import annotations

import pytest

from ov_asr_score.word_errors import totals
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.text_formats import UtteranceText
from ov_asr_score.word_errors.totals import ErrorCollector, UtteranceErrors, utterance_errors
from tests.word_errors.kaldi_texts import kaldi_text

TEXTS = [("u1", "a b c", "a x"), ("u2", "", "a"), ("u3", "b b", "b b"), ("u4", "c d e f", "a b x d e")]


def errors_of(key: str, reference: str, hypothesis: str) -> UtteranceErrors:
    text = UtteranceText(key, tuple(reference.split()))
    return utterance_errors(text, hypothesis.split(), speaker=f"s{key in ('u1', 'u2')}", characters="with-spaces")


def collected(most_worst: int = 2) -> ErrorCollector:
    collector = ErrorCollector(most_worst, lambda key: "odd" if key in ("u1", "u3") else "even")
    for text in TEXTS:
        collector.add(errors_of(*text))
    return collector


def test_an_utterance() -> None:
    found = errors_of("u1", "a b c", "a x")
    assert found.alignment == (("a", "a"), ("b", "x"), ("c", None))
    assert found.words == EditCounts(3, 0, 1, 1)
    assert found.characters == EditCounts(5, 0, 2, 1)
    assert utterance_errors(UtteranceText("u", ("a",)), ["b"]).characters is None
    joined = utterance_errors(UtteranceText("u", ("a", "b")), ["ab"], characters="without-spaces")
    assert joined.characters == EditCounts(2)


def test_sums() -> None:
    found = collected()
    assert found.total.words == EditCounts(9, 2 + 1, 1 + 1, 1 + 1)
    assert (found.total.sentences, found.total.wrong_sentences, found.total.ser_percent) == (4, 3, 75.0)
    assert found.speakers["sTrue"].words.length == 3
    assert found.speakers["sFalse"].words.length == 6
    assert found.groups["odd"].words == EditCounts(5, 0, 1, 1)
    assert found.groups["even"].sentences == 2
    assert found.total.characters == found.groups["odd"].characters + found.groups["even"].characters  # type: ignore[operator]
    substituted = sum(found.substitutions.values())
    assert (sum(found.insertions.values()), sum(found.deletions.values()), substituted) == (3, 2, 2)
    assert found.insertions == {"a": 1, "b": 1, "x": 1}


def test_the_worst_come_first() -> None:
    assert [each.key for each in collected(9).worst] == ["u4", "u1", "u2"]
    assert [each.key for each in collected(1).worst] == ["u4"]
    assert collected(0).worst == []


def test_of_equally_bad_ones_the_first_stay() -> None:
    collector = ErrorCollector(2)
    for key in "abcd":
        collector.add(errors_of(key, "x", "y"))
    assert [each.key for each in collector.worst] == ["a", "b"]


def test_errors_by_utterance() -> None:
    found = collected()
    assert [array.tolist() for array in found.errors_and_lengths()] == [[2, 1, 0, 4], [3, 0, 2, 4]]
    assert [array.tolist() for array in found.errors_and_lengths(["u4", "u2"])] == [[4, 1], [4, 0]]
    assert [array.tolist() for array in ErrorCollector(1).errors_and_lengths()] == [[], []]
    assert list(found.keys) == ["u1", "u2", "u3", "u4"]


def test_confusions_add_up_to_the_counts() -> None:
    reference, hypothesis = kaldi_text("random_ref.txt"), kaldi_text("random_hyp.txt")
    collector = ErrorCollector(0)
    for key, words in reference.items():
        collector.add(utterance_errors(UtteranceText(key, words), hypothesis[key]))
    counts = collector.total.words
    assert counts == EditCounts(1395, 151, 159, 243)
    assert sum(collector.insertions.values()) == counts.insertions
    assert sum(collector.deletions.values()) == counts.deletions
    assert sum(collector.substitutions.values()) == counts.substitutions


def test_texts_without_an_alignment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(totals, "align_words", lambda reference, hypothesis: None)
    collector = collected()
    assert collector.unaligned == ["u1", "u2", "u3", "u4"]
    assert collector.total.words.errors == 7
    assert not collector.substitutions
