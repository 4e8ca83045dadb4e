"""Files for decoding that are damaged: graphs, tables of words, transition models."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.graph_checks import check_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.fst.graph_file import GraphFile, open_graph
from ov_asr_score.fst.symbols import SymbolTable, read_symbols
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.settings.words.decoding import DecodingOptions

_ROOT = Path(__file__).parents[2]
_GRAPHS = _ROOT / "tests" / "kaldi_speech" / "decoding"
_SMALL = _ROOT / "tests" / "fst" / "data" / "fst"
_MODELS = _ROOT / "tests" / "kaldi_model" / "models"
_CHAIN = _ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"


def decoding_subjects(folder: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    """Kind, file and what reads it."""
    made = folder / "decoding"
    made.mkdir()
    packed = made / "HCLG.fst.gz"
    packed.write_bytes(gzip.compress((_GRAPHS / "HCLG.fst").read_bytes()))
    graphs = [packed, *(_GRAPHS / name for name in ("HCLG.fst", "HCLG_nofinal.fst", "tiny.fst"))]
    for path in [*graphs, *(_SMALL / f"{name}.fst" for name in ("const_aligned", "symbols", "compact", "log"))]:
        yield "graph", path, _open_graph
    words = made / "words.txt"
    words.write_text("".join(f"w{number} {number}\n" for number in range(30)))
    yield "words", words, _read_words
    for name in ("nnet3_usual_am", "nnet3_chain_am"):
        for suffix in (".mdl", ".txt"):
            alone = made / f"{name}{suffix}"
            alone.write_bytes((_MODELS / alone.name).read_bytes().split(b"<Nnet3>")[0])
            yield "transitions", alone, _read_transitions


@cache
def _sound_graph() -> GraphFile:
    return open_graph(_GRAPHS / "HCLG.fst")


@cache
def _sound_transitions() -> TransitionModel:
    return load_transitions(_CHAIN)


def _open_graph(path: Path) -> None:
    """Check it, too, with its words, and search through it: what passes must not make OpenFst fail."""
    inspect_model(str(path))
    graph = open_graph(path)
    transitions = _sound_transitions()
    check_graph(graph, transitions, SymbolTable("words", dict.fromkeys(range(40), "w")), transitions.num_pdfs)
    searched = make_graph(str(path), graph.fst, transitions.pdfs, transitions.num_pdfs)
    scores = np.random.default_rng(0).normal(size=(20, transitions.num_pdfs)).astype(np.float32)
    options = DecodingOptions(decoding_seconds=1.0)
    for wants_lattice in (False, True):
        decode(searched, options, "utt", scores, wants_lattice)


def _read_words(path: Path) -> None:
    check_graph(_sound_graph(), _sound_transitions(), read_symbols(path))


def _read_transitions(path: Path) -> None:
    inspect_model(str(path))
    load_transitions(path)
