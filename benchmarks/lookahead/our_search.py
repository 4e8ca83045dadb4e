"""The search of this package in a process of its own, which says of each utterance what Kaldi's decoders say."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from benchmarks.lookahead import searching
from benchmarks.lookahead.subjects import START, pair_of
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.decoding.words.model_searches import model_graph
from ov_asr_score.decoding.words.word_model import WordModel, open_word_model
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.word_lattice import determinize
from ov_asr_score.model_directory.reading import read_model_directory
from ov_asr_score.settings.words.decoding import DecodingOptions

_REPEATED = 5


def open_model(folder: Path) -> WordModel:
    """What a directory of vosk has for words."""
    directory = read_model_directory(folder)
    return open_word_model(directory.words.graph, directory.words.search, directory.model)


def search_all(graph: SearchGraph, archive: str, options: DecodingOptions, way: str, alignments: str) -> None:
    """Search the utterances of an archive, and say on standard error what comes of each."""
    scale = options.decoding_scale or 1.0
    with Path(alignments).open("w") as written:
        for key, scores in read_table(f"ark:{archive}"):
            search = UtteranceSearch(graph, options, way != "path")
            search.advance(scores)
            decoded = search.finish(key)
            if decoded.lattice is not None and way == "lattice":
                determinize(decoded.lattice, Scales(scale), options.lattice_beam or 10.0)
            path = decoded.path
            if path is None:
                _say(f"{key}: {decoded.warnings}")
                continue
            written.write(f"{key} {' '.join(map(str, path.alignment.tolist()))}\n")
            cost = path.graph_cost + scale * path.acoustic_cost
            _say(f"Log-like per frame for utterance {key} is {-cost / len(scores):.9g} over {len(scores)} frames.")


def compile_search(options: DecodingOptions, way: str) -> None:
    """Search a small pair, so that everything is compiled: all utterances in one, which is long enough for sweeping."""
    search = UtteranceSearch(pair_of(), options, way != "path")
    search.advance(np.concatenate([scores for _, scores in read_table(f"ark:{START}")] * _REPEATED))
    search.finish("compiled")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    """Compile what is not compiled yet, then load the graphs of a folder and search."""
    folder, archive, way, *numbers, alignments = arguments
    beam, lattice_beam, max_active, min_active, scale = map(float, numbers)
    options = DecodingOptions(
        beam=beam,
        lattice_beam=lattice_beam,
        max_active=int(max_active),
        min_active=int(min_active),
        decoding_scale=scale,
        allow_partial=True,
    )
    compile_search(options, way)
    _say(searching.BEGIN)
    model = open_model(Path(folder))
    graph = model_graph(model)
    search_all(graph, archive, options, way, alignments)


if __name__ == "__main__":
    main(sys.argv[1:])
