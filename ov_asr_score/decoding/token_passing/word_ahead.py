"""The word that a path of a lookahead pair must come to, before the graph says it: partial results are earlier by it.

In OpenFst's composition such a word is taken at once (label pushing: ``PushLabelsComposeFilter`` and
``LabelLookAheadMatcher::LookAheadFst``). Here words are taken where the graph has them, which changes no cost, as the
look of a state with one word left is what that word costs.
"""

from __future__ import annotations

import math

import numpy as np

from ov_asr_score.decoding.token_passing.search_arrays import SearchArrays


def label_ahead(arrays: SearchArrays, state: int, history: int) -> int:
    """The label of the only word that ``history`` has an arc for and the state can reach; 0 where there is none.

    There is none where the utterance may end without another word, either.
    """
    if not arrays.composes:
        return 0
    reach = arrays.sets[state]
    if arrays.label_sets["is_final"][reach] and math.isfinite(arrays.ends[history]):
        return 0
    labels = arrays.labels[arrays.word_first[history] : arrays.word_first[history + 1]]
    intervals = slice(arrays.set_first[reach], arrays.set_first[reach + 1])
    firsts = np.searchsorted(labels, arrays.set_begins[intervals])
    counts = np.searchsorted(labels, arrays.set_ends[intervals]) - firsts
    if counts.sum() != 1:
        return 0
    said = int(arrays.said[history]) if len(arrays.said) else 0
    return said or int(labels[firsts[counts > 0][0]])
