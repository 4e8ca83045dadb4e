"""Hypotheses as segments of a transcript."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ov_asr_score.decoding.hypotheses import Hypotheses, Hypothesis
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.transcript.transcript import Alternative, Segment, Word


def segment_of(
    hypotheses: Hypotheses, symbols: SymbolTable, row_seconds: float, *, with_spoken: bool = True, first_row: int = 0
) -> Segment:
    """The utterance with its alternatives; ``row_seconds`` is the duration of a row of scores.

    It begins at row ``first_row`` of its recording, from whose beginning all times are counted.

    With ``with_spoken`` the first alternative is that with times and confidences, in the place of the best one unless
    its words are those of another. Raises TableFormatError for words that have no symbol.
    """
    alternatives = list(hypotheses.alternatives)
    if with_spoken and hypotheses.spoken is not None:
        alternatives = _spoken_first(hypotheses.spoken, alternatives)
    return Segment(
        utterance=hypotheses.key,
        start=first_row * row_seconds,
        end=(first_row + hypotheses.num_frames) * row_seconds,
        alternatives=tuple(_alternative(each, symbols, row_seconds, first_row) for each in alternatives),
        warnings=hypotheses.warnings,
    )


def _spoken_first(spoken: Hypothesis, alternatives: list[Hypothesis]) -> list[Hypothesis]:
    for place, known in enumerate(alternatives):
        if place and np.array_equal(known.words, spoken.words):
            known_costs = replace(spoken, graph_cost=known.graph_cost, acoustic_cost=known.acoustic_cost)
            return [known_costs, *alternatives[:place], *alternatives[place + 1 :]]
    return [spoken, *alternatives[1:]]


def _alternative(hypothesis: Hypothesis, symbols: SymbolTable, row_seconds: float, first_row: int) -> Alternative:
    return Alternative(
        tuple(_words(hypothesis, symbols, row_seconds, first_row)),
        acoustic_cost=hypothesis.acoustic_cost,
        graph_cost=hypothesis.graph_cost,
    )


def _words(hypothesis: Hypothesis, symbols: SymbolTable, row_seconds: float, first_row: int) -> Iterator[Word]:
    texts = [symbols.text(word) for word in hypothesis.words.tolist()]
    first, lengths, confidences = hypothesis.first_frames, hypothesis.num_frames, hypothesis.confidences
    for index, text in enumerate(texts):
        start = end = None
        if first is not None and lengths is not None:
            start = (first_row + float(first[index])) * row_seconds
            end = (first_row + float(first[index] + lengths[index])) * row_seconds
        yield Word(text, start, end, None if confidences is None else float(confidences[index]))
