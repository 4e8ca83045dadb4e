"""The language model that vosk makes of a grammar: pairs of words as they follow each other in the phrases.

Source: vosk-api, src/language_model.cc (``LanguageModelEstimator``) and src/recognizer.cc (``UpdateGrammarFst``).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.phrases.models.model_building import ModelBuilder
from ov_asr_score.fst.language_model import LanguageModel

_DISCOUNT = 0.5  # the share of what was counted; the rest is for words of their own
_END = 0


def phrase_bigrams(phrases: Iterable[Sequence[int]], words_of_label: NDArray[np.int32]) -> LanguageModel:
    """The model of ``phrases``, labels of words; a phrase without any counts as an end.

    State 0 is where it starts and what all others back off to; each other one is behind a word. As in vosk, nothing
    tells a phrase's first word, and where all words may be said half of the probability goes nowhere.
    """
    alone: Counter[int] = Counter()
    pairs: dict[int, Counter[int]] = {}
    for phrase in phrases:
        before = None
        for label in (*phrase, _END):
            alone[label] += 1
            if before is not None:
                pairs.setdefault(before, Counter())[label] += 1
            before = label
    builder = ModelBuilder()
    builder.add_state()
    states = {label: builder.add_state() for label in sorted(pairs)}
    for state, counts in ((0, alone), *((states[label], counts) for label, counts in pairs.items())):
        total = sum(counts.values())
        costs = {label: -math.log(_DISCOUNT * count / total) for label, count in sorted(counts.items())}
        builder.finals[state] = costs.pop(_END, math.inf)
        builder.set_arcs(state, list(costs), list(costs.values()), [states[label] for label in costs])
        if state:
            builder.back_off(state, 0, -math.log(1 - _DISCOUNT))
    return builder.model(words_of_label)
