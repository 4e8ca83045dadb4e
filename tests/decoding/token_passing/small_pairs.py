"""The lookahead pairs in `tests/kaldi_speech/lookahead`, and what Kaldi found in them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, compose_pair
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.fst.lookahead_graph import LookaheadPair, open_lookahead_pair
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding.kaldi_live_searches import transitions
from tests.places import ROOT

FOLDER = ROOT / "tests/kaldi_speech/lookahead"
DISAMBIGUATION = tuple(int(label) for label in (FOLDER / "disambig_tid.int").read_text().split())
CHAIN = DecodingOptions(beam=13.0, max_active=7000, decoding_scale=1.0)


@cache
def pair(gr: str = "Gr.fst") -> LookaheadPair:
    return open_lookahead_pair(FOLDER / "HCLr.fst", FOLDER / gr)


@cache
def pair_graph(gr: str = "Gr.fst") -> SearchGraph:
    found = pair(gr)
    return compose_pair(gr, found.hclr, found.model, transitions().pdfs, transitions().num_pdfs, DISAMBIGUATION)


def numbers(name: str) -> dict[str, list[int]]:
    lines = (line.split() for line in (FOLDER / "decoded" / name).read_text().splitlines())
    return {key: [int(number) for number in rest] for key, *rest in lines}


def searched(graph: SearchGraph, scores: NDArray[np.float32], options: DecodingOptions = CHAIN) -> UtteranceSearch:
    search = UtteranceSearch(graph, options)
    search.advance(scores)
    return search
