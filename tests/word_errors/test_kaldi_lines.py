from __future__ import annotations

from functools import reduce
from operator import add

import pytest

from ov_asr_score.word_errors.alignment import EditCounts, count_edits
from ov_asr_score.word_errors.kaldi_lines import kaldi_lines
from tests.word_errors.kaldi_texts import FOLDER, MODELS, kaldi_text


@pytest.mark.parametrize("model", MODELS)
def test_lines_are_those_of_compute_wer(model: str) -> None:
    reference, hypothesis = kaldi_text("text"), kaldi_text(f"{model}.hyp")
    counts = [count_edits(words, hypothesis[key]) for key, words in reference.items()]
    wrong = sum(each.errors > 0 for each in counts)
    lines = kaldi_lines(reduce(add, counts), len(counts), wrong, 0)
    assert "\n".join(lines) + "\n" == (FOLDER / f"{model}.wer").read_text(encoding="utf-8")


def test_all_models_are_there() -> None:
    assert len(MODELS) == 8


@pytest.mark.parametrize(
    ("counts", "sentences", "wrong", "absent", "first", "second"),
    [
        (EditCounts(0, 1), 2, 1, 0, "%WER inf [ 1 / 0, 1 ins, 0 del, 0 sub ]", "%SER 50.00 [ 1 / 2 ]"),
        (EditCounts(), 0, 0, 1, "%WER -nan [ 0 / 0, 0 ins, 0 del, 0 sub ] [PARTIAL]", "%SER -nan [ 0 / 0 ]"),
        (EditCounts(2, 0, 2), 1, 1, 1, "%WER 100.00 [ 2 / 2, 0 ins, 2 del, 0 sub ] [PARTIAL]", "%SER 100.00 [ 1 / 1 ]"),
    ],
)
def test_odd_lines(counts: EditCounts, sentences: int, wrong: int, absent: int, first: str, second: str) -> None:
    lines = kaldi_lines(counts, sentences, wrong, absent)
    assert lines == (first, second, f"Scored {sentences} sentences, {absent} not present in hyp.")


@pytest.mark.parametrize(("errors", "words", "shown"), [(1303, 1691, "77.06"), (1352, 1733, "78.01")])
def test_rates_are_rounded_in_single_precision(errors: int, words: int, shown: str) -> None:
    # what compute-wer prints; in double precision both are rounded the other way
    assert f"{100 * errors / words:.2f}" != shown
    assert kaldi_lines(EditCounts(words, 0, errors), 1, 1, 0)[0].startswith(f"%WER {shown} ")
