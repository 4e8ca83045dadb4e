"""Graphs and scores of a small chain model, and what Kaldi's decoders made of them."""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph import DecodingGraph, make_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph, plain_graph
from ov_asr_score.decoding.token_passing.utterance_search import search_utterance
from ov_asr_score.fst.graph_file import GraphFst
from ov_asr_score.fst.header import ARC
from ov_asr_score.fst.reading import Fst, read_fst
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.places import ROOT

FOLDER = ROOT / "tests/kaldi_speech/decoding"
NUM_PDFS = 56


def pdfs() -> NDArray[np.int32]:
    """The pdf of each transition-id of the model, from 1."""
    return np.array([-1, *map(int, (FOLDER / "pdfs.txt").read_text().split())], np.int32)


@cache
def fst(name: str = "HCLG.fst") -> Fst:
    with open_stream(str(FOLDER / name)) as stream:
        return read_fst(stream)


@cache
def graph(name: str = "HCLG.fst", word_penalty: float = 0.0) -> DecodingGraph:
    return make_graph(name, fst(name), pdfs(), NUM_PDFS, word_penalty)


@cache
def whole_graph(name: str = "HCLG.fst") -> SearchGraph:
    """The same for the search that makes lattices."""
    return searchable(name, fst(name), pdfs(), NUM_PDFS)


def searchable(name: str, fst: Fst, pdfs: NDArray[np.int32], num_pdfs: int) -> SearchGraph:
    arcs = np.empty(len(fst.ilabels), ARC)
    for field, values in zip(ARC.names or (), (fst.ilabels, fst.olabels, fst.weights, fst.next_states), strict=True):
        arcs[field] = values
    num_finals = int(np.isfinite(fst.final_weights).sum())
    most = int(arcs["ilabel"].max()), int(arcs["olabel"].max())
    return plain_graph(
        name, GraphFst(fst.start, fst.final_weights, fst.first_arcs, arcs, num_finals, *most), pdfs, num_pdfs
    )


def decode_either(
    options: DecodingOptions, key: str, values: NDArray[np.float32], wants_lattice: bool, name: str = "HCLG.fst"
) -> Decoded:
    """What either search finds."""
    if wants_lattice:
        return search_utterance(whole_graph(name), options, key, values, True)
    return decode(graph(name), options, key, values)


@cache
def scores() -> dict[str, NDArray[np.float32]]:
    """Of nine utterances [T, pdfs]."""
    return dict(read_table(f"ark:{ROOT / 'data/kaldi/nnet3_chain_tdnnf.ark'}"))


def integers(name: str) -> dict[str, list[int]]:
    lines = (FOLDER / name).read_text().splitlines()
    return {key: [int(text) for text in rest] for key, *rest in (line.split() for line in lines)}


def words(decoded: list[Decoded]) -> dict[str, list[int]]:
    return {each.key: each.path.words.tolist() for each in decoded if each.path is not None}


def alignments(decoded: list[Decoded]) -> dict[str, list[int]]:
    return {each.key: each.path.alignment.tolist() for each in decoded if each.path is not None}


def linear_fst(*arcs: tuple[int, int, float], final: float = 0.0) -> Fst:
    """A graph of one path; arcs are (transition-id, word, weight)."""
    ilabels, olabels, weights = zip(*arcs, strict=True)
    return Fst(
        start=0,
        final_weights=np.array([np.inf] * len(arcs) + [final], np.float32),
        first_arcs=np.array([*range(len(arcs) + 1), len(arcs)], np.int64),
        ilabels=np.array(ilabels, np.int64),
        olabels=np.array(olabels, np.int64),
        weights=np.array(weights, np.float32),
        next_states=np.arange(1, len(arcs) + 1),
    )
