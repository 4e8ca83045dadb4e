from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.decoding.graph import write_graph
from ov_asr_score.decoding.graphs_in_files import FstInFile, write_arrays
from ov_asr_score.decoding.kaldifst_api import nameable_file
from ov_asr_score.decoding.search import decode
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.utterance_search import search_utterance
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.decoding import kaldi_decodings
from tests.decoding.kaldi_live_searches import scores, whole_graph
from tests.decoding.token_passing.small_pairs import pair_graph

OPTIONS = DecodingOptions(beam=13.0, decoding_scale=1.0)


@pytest.mark.parametrize("graph", [pair_graph(), whole_graph()], ids=["pair", "whole"])
def test_arrays_are_mapped_from_the_file(graph: SearchGraph) -> None:
    with nameable_file() as (file, path):
        described = write_arrays(file, graph)
        size = file.tell()
        opened = described.open(path)
    assert described.name == opened.name == graph.name
    arrays = [each for each in graph.arrays if isinstance(each, np.ndarray)]
    assert len(described.record) < 100_000 and size >= sum(each.nbytes for each in arrays)
    for found, expected in zip(opened.arrays, graph.arrays, strict=True):
        if isinstance(expected, np.ndarray) and isinstance(found, np.ndarray):
            assert np.array_equal(found, expected) and found.dtype == expected.dtype
            assert not found.flags.owndata and found.flags.aligned and found.flags.writeable
    key = next(iter(scores()))
    paths = [search_utterance(each, OPTIONS, key, scores()[key]).path for each in (graph, opened)]
    assert paths[0] is not None and paths[1] is not None
    assert paths[0].alignment.tolist() == paths[1].alignment.tolist()


def test_graphs_for_openfst() -> None:
    fst, pdfs = kaldi_decodings.fst(), kaldi_decodings.pdfs()
    with nameable_file() as (file, path):
        labels = write_graph(file, "HCLG.fst", fst, pdfs, kaldi_decodings.NUM_PDFS)
        opened = FstInFile("HCLG.fst", labels, 0.0).open(path)
    key, values = next(iter(kaldi_decodings.scores().items()))
    found = decode(opened, OPTIONS, key, values)
    assert kaldi_decodings.words([found])[key] == kaldi_decodings.integers("chain_words.int")[key]
