"""Which alternative comes first in a segment."""

from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.hypotheses import Hypotheses, Hypothesis
from ov_asr_score.decoding.words.utterance_segments import segment_of
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.transcript.transcript import Word

SYMBOLS = SymbolTable("words.txt", {0: "<eps>", 1: "one", 2: "two", 3: "three"})


def hypothesis(word: int, cost: float | None) -> Hypothesis:
    return Hypothesis(np.array([word], np.int32), cost, cost)


@pytest.mark.parametrize(
    ("word", "texts", "costs"),
    [
        (1, ["one", "two"], [None, 2.0]),
        (2, ["two", "one"], [2.0, 1.0]),  # not twice, and with its own cost
        (3, ["three", "two"], [None, 2.0]),
    ],
)
def test_spoken_words_come_first(word: int, texts: list[str], costs: list[float | None]) -> None:
    spoken = Hypothesis(np.array([word], np.int32), None, None, np.array([3.0]), np.array([1.5]), np.array([0.5]))
    found = Hypotheses("u", 10, None, (hypothesis(1, 1.0), hypothesis(2, 2.0)), spoken)
    segment = segment_of(found, SYMBOLS, 0.25)
    assert [each.text for each in segment.alternatives] == texts
    assert [each.graph_cost for each in segment.alternatives] == costs
    assert [each.acoustic_cost for each in segment.alternatives] == costs
    assert segment.alternatives[0].words == (Word(texts[0], 0.75, 1.125, 0.5),)
    assert segment.end == 2.5
    assert [each.text for each in segment_of(found, SYMBOLS, 0.25, with_spoken=False).alternatives] == ["one", "two"]


def test_times_count_from_the_beginning_of_the_recording() -> None:
    spoken = Hypothesis(np.array([1], np.int32), None, None, np.array([3.0]), np.array([1.5]))
    found = Hypotheses("u", 10, None, (hypothesis(1, 1.0),), spoken)
    segment = segment_of(found, SYMBOLS, 0.25, first_row=100)
    assert (segment.start, segment.end) == (25.0, 27.5)
    assert segment.alternatives[0].words == (Word("one", 25.75, 26.125),)
