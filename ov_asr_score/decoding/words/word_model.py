"""Everything that words need besides scores: graph, transition model, symbols, where words end in phones.

Tests: tests/job/test_decode.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.graph_checks import check_graph
from ov_asr_score.decoding.words.pair_files import PairFiles, is_pair, open_pair
from ov_asr_score.errors import OvAsrScoreError, UsageError
from ov_asr_score.fst.arc_columns import used_labels
from ov_asr_score.fst.graph_file import GraphFile, open_graph
from ov_asr_score.fst.symbols import SymbolTable, read_symbols
from ov_asr_score.kaldi_model.transitions import TransitionModel, load_transitions
from ov_asr_score.lattice.align_lexicon import AlignLexicon, read_align_lexicon
from ov_asr_score.lattice.word_boundary import WordBoundary, read_word_boundary
from ov_asr_score.settings.words.decoding import DecodingOptions, acoustic_scale_of
from ov_asr_score.settings.words.word_outputs import GraphSettings

_WORDS = "words.txt"
_BOUNDARY = "phones/word_boundary.int"
_SUBSAMPLING = "frame_subsampling_factor"


@dataclass(frozen=True, slots=True, eq=False)
class WordModel:
    """A graph with what belongs to it; ``notes`` tell what was found without being named.

    Of a lookahead pair ``graph`` is the first half, whose output labels are not words; ``pair`` is searched.
    """

    graph: GraphFile
    transitions: TransitionModel
    symbols: SymbolTable
    source: WordBoundary | AlignLexicon | None  # for the times of words
    acoustic_scale: float
    notes: tuple[str, ...]
    pair: PairFiles | None = None

    def used_transition_ids(self) -> NDArray[np.int64]:
        """Those that the graph has, ascending."""
        used = used_labels(self.graph.fst.ilabels)
        return used if self.pair is None else used[~np.isin(used, self.pair.disambiguation)]


def open_word_model(
    settings: GraphSettings,
    options: DecodingOptions,
    model: str,
    *,
    wants_times: bool = True,
    allow_commands: bool = False,
) -> WordModel:
    """The graph and all that belongs to it. ``model`` has the transition model where the settings name no other.

    What tells where words end is read without ``wants_times``, too: phones that do not make words are the only sign of
    a graph that belongs to another model with as many transition-ids. Raises UsageError (no graph, no model),
    ShapeMismatchError (files that do not belong together), and what reading them raises.
    """
    _check(settings, model)
    notes = []
    pair = None
    if is_pair(settings.graph):
        graph, pair = open_pair(settings.graph)
    else:
        graph = open_graph(settings.graph, allow_commands=allow_commands)
    transitions = load_transitions(settings.transition_model or model, allow_commands=allow_commands)
    symbols, note = graph_symbols(settings, graph, allow_commands)
    notes += [note] if note else []
    try:
        source, note = _word_ends(settings, allow_commands)
    except OvAsrScoreError:
        if wants_times:
            raise
        source, note = None, ""
    notes += [note] if note and wants_times else []
    notes += check_graph(
        graph,
        transitions,
        symbols,
        disambiguation=() if pair is None else pair.disambiguation,
        words_of_label=None if pair is None else pair.pair.model.words_of_label,
    )
    is_chain = transitions.topology.is_chain
    scale = acoustic_scale_of(options, is_chain)
    if options.decoding_scale is None:
        kind = "chain models" if is_chain else "models other than chain models"
        notes.append(f"acoustic scale {scale:g}, as usual for {kind}")
    return WordModel(graph, transitions, symbols, source, scale, tuple(notes), pair)


def files_of_words(settings: GraphSettings) -> Iterator[tuple[str, str]]:
    """The files that are named, and those that are found beside the graph, each with its setting."""
    for name in ("graph", "words", "word_boundary", "align_lexicon", "transition_model"):
        yield name, getattr(settings, name)
    beside = Path(settings.graph).parent
    if settings.graph and not settings.words and (beside / _WORDS).is_file():
        yield "words", str(beside / _WORDS)
    if settings.graph and not (settings.word_boundary or settings.align_lexicon) and (beside / _BOUNDARY).is_file():
        yield "word_boundary", str(beside / _BOUNDARY)


def frames_per_row(*models: str) -> int | None:
    """Frames of the features for each row of scores, as the file beside the first of these models says that has one.

    None if there is no such file. Raises UsageError for one that holds no such number.
    """
    for model in filter(None, models):
        beside = Path(model).parent / _SUBSAMPLING
        if beside.is_file():
            text = beside.read_text("utf-8", "replace").strip()
            if not text.isascii() or not text.isdigit() or not int(text):
                raise UsageError(f"{beside}: expected a number of frames, found {text[:20]!r}")
            return int(text)
    return None


def _check(settings: GraphSettings, model: str) -> None:
    if not settings.graph:
        raise UsageError("graph: expected a decoding graph (HCLG.fst), found none", fields=("graph",))
    if not settings.transition_model and not model:
        raise UsageError(
            "model: expected the Kaldi model that the graph was made for (final.mdl), found none", fields=("model",)
        )
    if settings.word_boundary and settings.align_lexicon:
        raise UsageError(
            "word_boundary and align_lexicon: both tell the times of words; give one",
            fields=("word_boundary", "align_lexicon"),
        )


def graph_symbols(settings: GraphSettings, graph: GraphFile, allow_commands: bool) -> tuple[SymbolTable, str]:
    """The table of the graph's words, and a note where nobody named it. Raises UsageError if there is none."""
    if settings.words:
        return read_symbols(settings.words, allow_commands=allow_commands), ""
    if graph.output_symbols is not None:
        return graph.output_symbols, ""
    beside = Path(settings.graph).parent / _WORDS
    if not beside.is_file():
        raise UsageError(
            f"words: expected the table of the graph's words, found none named, in {settings.graph} or beside it",
            fields=("words",),
        )
    return read_symbols(beside), f"words of {beside}"


def _word_ends(settings: GraphSettings, allow_commands: bool) -> tuple[WordBoundary | AlignLexicon | None, str]:
    if settings.align_lexicon:
        return read_align_lexicon(settings.align_lexicon, allow_commands=allow_commands), ""
    if settings.word_boundary:
        return read_word_boundary(settings.word_boundary, allow_commands=allow_commands), ""
    beside = Path(settings.graph).parent / _BOUNDARY
    if beside.is_file():
        return read_word_boundary(str(beside)), f"times of words by {beside}"
    return None, ""
