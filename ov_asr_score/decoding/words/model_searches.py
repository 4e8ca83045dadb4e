"""The graph of a word model for the search, whether it is complete or a lookahead pair.

Tests: tests/recognition/test_lookahead_models.py
"""

from __future__ import annotations

from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, compose_pair, plain_graph
from ov_asr_score.decoding.words.word_model import WordModel
from ov_asr_score.text import printable_name


def model_graph(model: WordModel) -> SearchGraph:
    """What any number of searches share.

    Raises MissingExtraError (no numba), UnsupportedModelError and ShapeMismatchError.
    """
    graph, pdfs, num_pdfs = model.graph, model.transitions.pdfs, model.transitions.num_pdfs
    name = printable_name(graph.path)
    if model.pair is None:
        return plain_graph(name, graph.fst, pdfs, num_pdfs)
    pair = model.pair.pair
    return compose_pair(name, pair.hclr, pair.model, pdfs, num_pdfs, model.pair.disambiguation)
