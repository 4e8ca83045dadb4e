"""Files for decoding that are damaged: graphs, tables of words, transition models."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np

from ov_asr_score.decoding.graph import make_graph
from ov_asr_score.decoding.graph_checks import check_graph
from ov_asr_score.decoding.phrases.phrase_graph import open_phrase_graph
from ov_asr_score.decoding.search import decode
from ov_asr_score.decoding.token_passing.search_graph import plain_graph
from ov_asr_score.decoding.token_passing.utterance_search import search_utterance
from ov_asr_score.fst.graph_file import GraphFile, open_graph
from ov_asr_score.fst.header import MAGIC
from ov_asr_score.fst.lookahead_graph import open_lookahead_pair
from ov_asr_score.fst.symbols import SymbolTable, read_symbols
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.settings.recognition.phrases import PhraseSettings
from ov_asr_score.settings.words.decoding import DecodingOptions
from tests.fst.lookahead_files import with_symbols

_ROOT = Path(__file__).parents[2]
_GRAPHS = _ROOT / "tests" / "kaldi_speech" / "decoding"
_LOOKAHEAD = _ROOT / "tests" / "kaldi_speech" / "lookahead"
_SMALL = _ROOT / "tests" / "fst" / "data" / "fst"
_MODELS = _ROOT / "tests" / "kaldi_model" / "models"
_CHAIN = _ROOT / "models" / "nnet3_chain_tdnnf" / "final.mdl"


_PHRASES = {
    "commands.jsgf": """#JSGF V1.0 UTF-8 en;
grammar lights;
// what is said
public <command> = (/2/ w5 | /1.5/ w7 <more>*) [w8] <rest> {tag \\} } | "w9 w10" | [unk] w4;
<more> = w11 | <NULL>; /* and
so on */
<rest> = w12 <rest> | w13+;
""",
    "commands.txt": "w5 w6\n\n// a comment\nw7 [unk]\nw8\nw5 w6 w9\n",
    "words.boosts": "w5:3\nw6 w7:-1.5\nw5 w6 w7:2e0\nw40:1\n",
}


def decoding_subjects(folder: Path) -> Iterator[tuple[str, Path, Callable[[Path], None]]]:
    """Kind, file and what reads it."""
    made = folder / "decoding"
    made.mkdir()
    packed = made / "HCLG.fst.gz"
    packed.write_bytes(gzip.compress((_GRAPHS / "HCLG.fst").read_bytes()))
    graphs = [packed, *(_GRAPHS / name for name in ("HCLG.fst", "HCLG_nofinal.fst", "tiny.fst"))]
    for path in [*graphs, *(_SMALL / f"{name}.fst" for name in ("const_aligned", "symbols", "compact", "log"))]:
        yield "graph", path, _open_graph
    for name in ("HCLr", "Gr", "Gr_ngram", "four_grams", "tiny_HCLr", "tiny_HCLr_aligned"):
        yield "lookahead", _LOOKAHEAD / f"{name}.fst", _open_half
    many = made / "Gr_ngram.fst"
    model = (_LOOKAHEAD / "Gr_ngram.fst").read_bytes()
    many.write_bytes(with_symbols(model, {number: f"w{number}" for number in range(1500)}))
    yield "lookahead", many, _open_half
    words = made / "words.txt"
    words.write_text("".join(f"w{number} {number}\n" for number in range(30)))
    yield "words", words, _read_words
    for name, content in _PHRASES.items():
        (made / name).write_text(content)
        yield "phrases", made / name, _restrict
    yield "phrases", _acceptor(made / "words.fst"), _restrict
    for name in ("nnet3_usual_am", "nnet3_chain_am"):
        for suffix in (".mdl", ".txt"):
            alone = made / f"{name}{suffix}"
            alone.write_bytes((_MODELS / alone.name).read_bytes().split(b"<Nnet3>")[0])
            yield "transitions", alone, _read_transitions


def _acceptor(path: Path) -> Path:
    """An acceptor of OpenFst over words, of the kind vector."""
    arcs = [(5, 5, 0.5, 1), (7, 7, 0.0, 2), (0, 0, 1.0, 0)]
    content = MAGIC + b"\6\0\0\0vector\x08\0\0\0standard" + struct.pack("<iiQqqq", 2, 0, 3, 0, 3, 3)
    for final, arc in zip((float("inf"), float("inf"), 0.0), arcs, strict=True):
        content += struct.pack("<fqiifi", final, 1, *arc)
    path.write_bytes(content)
    return path


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
    decode(searched, options, "utt", scores)
    searched_here = plain_graph(str(path), graph.fst, transitions.pdfs, transitions.num_pdfs)
    search_utterance(searched_here, options, "utt", scores, wants_lattice=True)


def _open_half(path: Path) -> None:
    """Look at it, and open it with the other half: what passes keeps what is promised."""
    inspect_model(str(path))
    halves = (path, _LOOKAHEAD / "Gr.fst") if "HCLr" in path.name else (_LOOKAHEAD / "HCLr.fst", path)
    pair = open_lookahead_pair(*halves)
    assert ((pair.hclr.next_states >= 0) & (pair.hclr.next_states < pair.hclr.num_states)).all()
    assert ((pair.model.nexts >= 0) & (pair.model.nexts < pair.model.num_states)).all()
    assert pair.model.order <= pair.model.num_states
    if pair.symbols is not None:
        assert len(dict(pair.symbols.texts)) == len(pair.symbols)


def _read_words(path: Path) -> None:
    check_graph(_sound_graph(), _sound_transitions(), read_symbols(path))


def _restrict(path: Path) -> None:
    """Make a graph for what the file says, and boost its words."""
    symbols = SymbolTable("words", {number: f"w{number}" for number in range(30)})
    match path.suffix:
        case ".txt":
            settings = PhraseSettings(phrases=str(path), repeat_phrases=True)
        case ".boosts":
            settings = PhraseSettings(boost_file=str(path))
        case _:
            settings = PhraseSettings(grammar=str(path))
    open_phrase_graph(_sound_graph(), symbols, settings)


def _read_transitions(path: Path) -> None:
    inspect_model(str(path))
    load_transitions(path)
