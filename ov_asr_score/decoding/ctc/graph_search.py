"""Words from the scores of CTC models by a graph: tokens, lexicon and grammar in one (TLG.fst, HLG.fst).

The input label of such a graph is a token's number plus 1, since 0 is epsilon: kaldi_decoder's ``DecodableCtc``,
icefall's ``add_one``, Eesen's tokens.txt with ``<eps> 0`` and ``<blk> 1``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.ctc.alternatives import CtcAlternative, CtcDecoded
from ov_asr_score.decoding.ctc.log_probabilities import log_probabilities, why_without_words
from ov_asr_score.decoding.ctc.path_words import path_tokens, path_words
from ov_asr_score.decoding.ctc.token_spans import Floats
from ov_asr_score.decoding.ctc.tokens import Tokens
from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.graph_checks import check_words
from ov_asr_score.decoding.workers import decode_all
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.fst.graph_file import GraphFile
from ov_asr_score.fst.symbols import SymbolTable
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.costs import Scales
from ov_asr_score.lattice.nbest import n_best
from ov_asr_score.settings.words.ctc import CtcOptions
from ov_asr_score.settings.words.decoding import LATTICE_BEAM, DecodingOptions
from ov_asr_score.text import printable_name

DEFAULT_SCALE = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class TokenLabels:
    """Tokens as the labels of a graph: label ``t + 1`` is column ``t`` of the scores."""

    pdfs: NDArray[np.int32]
    num_pdfs: int


@dataclass(frozen=True, slots=True, eq=False)
class CtcGraph:
    """A graph with the table of its output labels, and how it is searched; ``workers`` as ``decode_all`` has it."""

    graph: GraphFile
    words: SymbolTable
    search: DecodingOptions = field(default_factory=DecodingOptions)
    workers: int = 0

    @property
    def acoustic_scale(self) -> float:
        """The factor of scores in the search: 1, unless another one is asked for."""
        return DEFAULT_SCALE if self.search.decoding_scale is None else self.search.decoding_scale


@dataclass(frozen=True, slots=True, eq=False)
class _GraphPaths:
    """What a worker gives back: the best paths, best first."""

    key: str
    paths: tuple[BestPath, ...]
    warnings: tuple[str, ...]
    seconds: float


def token_labels(graph: GraphFile, tokens: Tokens) -> TokenLabels:
    """What the graph's input labels mean. Raises ShapeMismatchError if there are labels that are no tokens."""
    most = graph.fst.largest_ilabel
    if most > len(tokens.texts):
        raise ShapeMismatchError(
            f"{printable_name(graph.path)}: expected input labels up to {len(tokens.texts)}, the numbers of the tokens "
            f"of {tokens.name} plus 1, found {most}; is it the graph of another model?"
        )
    width = max(most, tokens.num_needed)
    return TokenLabels(np.arange(-1, width, dtype=np.int32), width)


def check_ctc_graph(graph: CtcGraph, tokens: Tokens) -> tuple[str, ...]:
    """What a user should know of a graph. Raises ShapeMismatchError where graph, tokens and words do not fit."""
    token_labels(graph.graph, tokens)
    name = printable_name(graph.graph.path)
    notes = [check_words(name, graph.graph.fst, graph.words)]
    if not graph.graph.fst.num_final_states:
        notes.append(f"{name}: the graph has no final state: all paths are partial ones")
    return tuple(filter(None, notes))


def decode_with_graph(
    utterances: Iterable[tuple[str, Floats]], graph: CtcGraph, tokens: Tokens, options: CtcOptions, num_best: int = 1
) -> Iterator[CtcDecoded]:
    """The word sequences of utterances, in their order; with ``num_best`` above 1 from a lattice of each.

    Why there are no words is in their warnings. Raises what ``decode_all`` raises, and ShapeMismatchError (scores of
    another width).
    """
    labels = token_labels(graph.graph, tokens)
    waiting: deque[tuple[Floats, str]] = deque()  # log-probabilities of what is being decoded, a few at a time

    def normalized() -> Iterator[tuple[str, NDArray[np.float32]]]:
        for key, scores in utterances:
            tokens.check_width(scores.shape, key)
            # the search says what is wrong with scores that cannot be decoded
            log_probs, note = scores, ""
            if not why_without_words(scores):
                log_probs, note = log_probabilities(scores, options.ctc_scores)
            waiting.append((log_probs, note))
            yield key, np.asarray(log_probs[:, : labels.num_pdfs], np.float32)

    beam = LATTICE_BEAM if graph.search.lattice_beam is None else graph.search.lattice_beam
    scales = Scales(graph.acoustic_scale, 1.0, graph.search.word_insertion_penalty)
    found_all = decode_all(
        graph.graph,
        labels,
        graph.search,
        normalized(),
        acoustic_scale=graph.acoustic_scale,
        finish=partial(_best_paths, num_best=num_best, scales=scales, beam=beam),
        wants_lattices=num_best > 1,
        workers=graph.workers,
    )
    for found in found_all:
        log_probs, note = waiting.popleft()
        alternatives, warning = _alternatives(found.paths, log_probs, graph.words, tokens, options, scales)
        warnings = tuple(filter(None, (note, *found.warnings, warning)))
        yield CtcDecoded(found.key, len(log_probs), alternatives, warnings, found.seconds)


def _best_paths(decoded: Decoded, seconds: float, *, num_best: int, scales: Scales, beam: float) -> _GraphPaths:
    """The best paths of an utterance, which leave its worker; ``seconds`` are those of the search."""
    paths: tuple[BestPath, ...] = () if decoded.path is None else (decoded.path,)
    if decoded.lattice is not None and num_best > 1:
        paths = tuple(n_best(decoded.lattice, num_best, scales, beam))
    return _GraphPaths(decoded.key, paths, decoded.warnings, seconds)


def _alternatives(
    paths: tuple[BestPath, ...],
    log_probs: Floats,
    symbols: SymbolTable,
    tokens: Tokens,
    options: CtcOptions,
    scales: Scales,
) -> tuple[tuple[CtcAlternative, ...], str]:
    """The word sequences of paths, and a warning about their times or an empty text."""
    if not paths:
        return (), ""
    totals = np.array(
        [
            scales.acoustic * path.acoustic_cost
            + path.graph_cost
            + scales.word_insertion_penalty * np.count_nonzero(path.words)
            for path in paths
        ]
    )
    shares = np.exp(totals.min() - totals)
    shares /= shares.sum()
    alternatives, warnings = [], []
    for path, share in zip(paths, shares.tolist(), strict=True):
        spans = path_tokens(path, log_probs, tokens.blank)
        texts = [symbols.text(word) for word in path.words.tolist()]
        words, warning = path_words(path, texts, spans, tokens.words, options.token_confidence)
        warnings.append(warning)
        alternatives.append(CtcAlternative(tuple(words), spans, path.acoustic_cost, path.graph_cost, share))
    return tuple(alternatives), warnings[0]
