"""Searches with the graph of a word model, whether it is complete or a lookahead pair.

Tests: tests/recognition/test_lookahead_models.py
"""

from __future__ import annotations

from typing import TypeAlias

from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.live_search import KEPT_BYTES, LiveGraph, LiveSearch, make_live_graph
from ov_asr_score.decoding.lookahead.lookahead_search import LookaheadSearch
from ov_asr_score.decoding.lookahead.pair_graph import LookaheadGraph, compose_pair
from ov_asr_score.decoding.words.word_model import WordModel
from ov_asr_score.settings.words.decoding import DecodingOptions
from ov_asr_score.text import printable_name

ModelGraph: TypeAlias = LiveGraph | LookaheadGraph
ModelSearch: TypeAlias = LiveSearch | LookaheadSearch


def model_graph(model: WordModel, word_penalty: float) -> ModelGraph:
    """What any number of searches share. ``word_penalty`` is the cost of each word.

    Raises MissingExtraError (a pair without numba), UnsupportedModelError, TableFormatError and ShapeMismatchError.
    """
    graph, pdfs, num_pdfs = model.graph, model.transitions.pdfs, model.transitions.num_pdfs
    if model.pair is None:
        return make_live_graph(make_graph(graph.path, graph.fst, pdfs, num_pdfs, word_penalty))
    pair = model.pair.pair
    return compose_pair(printable_name(graph.path), pair.hclr, pair.model, pdfs, num_pdfs, model.pair.disambiguation)


def begin_search(
    graph: ModelGraph,
    options: DecodingOptions,
    wants_lattice: bool = False,
    wants_partial: bool = True,
    kept_bytes: int = KEPT_BYTES,
) -> ModelSearch:
    """A search that knows nothing yet; what is asked for is told at `LiveSearch`."""
    if isinstance(graph, LookaheadGraph):
        return LookaheadSearch(graph, options, wants_lattice)
    return LiveSearch(graph, options, wants_lattice, wants_partial, kept_bytes)
