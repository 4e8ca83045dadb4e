"""The search of an utterance in a complete graph or a lookahead pair, whose scores may come in pieces.

Paths, costs, lattices and endpoints are those of Kaldi's LatticeFasterDecoder, as latgen-faster-mapped and
nnet3-latgen-faster-lookahead have it; nothing depends on how scores are cut.
"""

from __future__ import annotations

import math
import time
from contextlib import suppress
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.endpointing import frames_of_silence
from ov_asr_score.decoding.search import (
    BROKEN_OFF,
    NO_FRAMES,
    NO_PATH,
    NOT_FINAL,
    PARTIAL,
    TOO_MUCH_MEMORY,
    check_columns,
    first_not_comparable,
    given_up,
    not_numbers,
    score_scale,
)
from ov_asr_score.decoding.token_passing.search_arrays import SearchLimits
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.decoding.token_passing.search_lattice import search_lattice
from ov_asr_score.decoding.token_passing.search_run import SearchRun
from ov_asr_score.decoding.token_passing.word_ahead import label_ahead
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.lattice.lattice import Lattice
from ov_asr_score.settings.words.decoding import (
    BEAM_DELTA,
    LATTICE_BEAM,
    MIN_ACTIVE,
    PRUNE_INTERVAL,
    DecodingOptions,
    seconds_allowed,
)

FloatMatrix = NDArray[np.float32]

_MOST_ACTIVE = 2**31 - 1
_PIECE = 25  # frames between two looks at the clock
_TRACEBACKS = 1000  # of an utterance whose length is not known, at least so many
_STEP = np.dtype([("ilabel", "<i4"), ("olabel", "<i4"), ("state", "<i4")])


@dataclass(frozen=True, slots=True, eq=False)
class TracedPath:
    """A path through the graph so far: its arcs in order."""

    arcs: NDArray[np.void]  # [A]; "ilabel" is the transition-id, 0 for none, "olabel" the word, "state" where it leads
    final_cost: float  # of the last state; 0 where final states do not count
    is_final: bool


class UtteranceSearch:
    """The search of one utterance, fed by ``advance``; ``num_frames`` of scores are behind it.

    The best path so far is traced back through all frames, which takes longer the longer the utterance is:
    ``is_due`` says when it is worth its time.
    """

    def __init__(self, graph: SearchGraph, options: DecodingOptions, wants_lattice: bool = False) -> None:
        """Begin an utterance. ``options.decoding_scale`` None is taken for 0.1; limits of tokens hold for lattices too.

        Raises MissingExtraError (no numba) and UnsupportedModelError (a cycle that makes paths ever better).
        """
        self._graph, self._options = graph, options
        self._limits = _limits(options, wants_lattice)
        self._interval = PRUNE_INTERVAL if options.prune_interval is None else options.prune_interval
        self._run = SearchRun(graph, self._limits)
        self._seconds = 0.0
        self._due_at = 1
        self._ends: NDArray[np.float64] | None = None
        self._traced: dict[bool, TracedPath | None] = {}
        self.num_frames = 0
        self.failure: str | None = None

    def advance(self, scores: FloatMatrix) -> None:
        """Search the next scores [t, pdfs], which are without a scale; t may be 0.

        After a frame that cannot be compared, where time or memory is up, or after an error on the way, nothing is
        searched any more: ``failure`` says why. Raises ShapeMismatchError for another number of pdfs than that of the
        model, and UnsupportedModelError as at the beginning.
        """
        if not len(scores):
            return
        check_columns(scores, self._graph.num_pdfs)
        first, self.num_frames = self.num_frames, self.num_frames + len(scores)
        self._traced.clear()
        self._ends = None
        if self.failure is not None:
            return
        wrong = first_not_comparable(scores)
        if wrong is not None:
            self.failure = not_numbers(first + wrong)
            return
        self.failure = BROKEN_OFF  # what is true if an error comes in between
        self.failure = self._search(scores, first)

    def _search(self, scores: FloatMatrix, first: int) -> str | None:
        """Search scores, the first of which is that of frame ``first``; returns why it was given up."""
        started = time.monotonic()
        allowed = seconds_allowed(self._options, self.num_frames)
        failure = None
        with self._graph.borrowed_buffers() as buffers:
            self._run.borrow(buffers)
            row = 0
            while row < len(scores) and failure is None:
                done = min(_PIECE, self._interval - (first + row) % self._interval) if self._limits.lattice else _PIECE
                self._run.advance(buffers, np.array(scores[row : row + done], np.float32, order="C"))
                row += done
                if self._limits.lattice and (first + row) % self._interval == 0:
                    self._run.prune()
                if self._seconds + time.monotonic() - started > allowed:
                    failure = given_up(allowed)
                elif self._run.num_bytes > self._options.decoding_memory:
                    failure = TOO_MUCH_MEMORY
            self._run.give_back(buffers)
        self._seconds += time.monotonic() - started
        return failure

    @property
    def is_due(self) -> bool:
        """Whether there are as many new frames as pay for another look at the best path.

        Up to 1000 pieces of an utterance always are; after that it takes a thousandth of the utterance, so that the
        time for looks grows as the utterance does.
        """
        return self.num_frames >= self._due_at

    def traced(self, use_final: bool) -> TracedPath | None:
        """The best path so far, None where there is none; with ``use_final`` to a final state if one is reached.

        Kaldi: ``LatticeFasterOnlineDecoder::BestPathEnd``.
        """
        if use_final not in self._traced:
            place = self._best_token(use_final)
            self._traced[use_final] = None if place is None else self._trace(place, use_final)
            self._due_at = self.num_frames + max(1, self.num_frames // _TRACEBACKS)
        return self._traced[use_final]

    def best_path(self, use_final: bool) -> BestPath | None:
        """The same with words, transition-ids and costs."""
        place, traced = self._best_token(use_final), self.traced(use_final)
        if place is None or traced is None:
            return None
        ids, words = traced.arcs["ilabel"], traced.arcs["olabel"]
        frames: NDArray[np.int64] = np.cumsum(ids > 0) - (ids > 0)
        token = self._run.tokens[place]
        acoustic = float(token["acoustic"])
        graph = float(token["cost"]) - float(token["look"]) - float(self._limits.scale) * acoustic + traced.final_cost
        return BestPath(
            words=words[words > 0],
            word_frames=frames[words > 0].astype(np.int32),
            alignment=ids[ids > 0],
            graph_cost=graph - self._limits.word_penalty * int(np.count_nonzero(words)),
            acoustic_cost=acoustic,
            is_final=traced.is_final,
        )

    def relative_cost(self) -> float:
        """By how much the best path to a final state is worse than the best one; infinity without such a path.

        Kaldi: ``FinalRelativeCost`` of LatticeFasterDecoder.
        """
        if not self.num_frames or self.failure is not None or not len(self._run.tokens):
            return math.inf
        return max(0.0, float(self._end_costs().min() - self._run.tokens["cost"].min()))

    def transition_ids(self) -> NDArray[np.int32]:
        """Those of the best path so far, one per frame; none where there is no path."""
        return self._labels("ilabel")

    def words(self) -> NDArray[np.int32]:
        """Those of the best path so far, without epsilons; none where there is no path. The last may be ahead."""
        return np.append(self._labels("olabel"), self._words_ahead())

    def path_so_far(self) -> BestPath | None:
        """The best path so far, with the word that it must come to, if there is one word left; None without a path."""
        path, ahead = self.best_path(False), self._words_ahead()
        if path is None or not len(ahead):
            return path
        frames = np.full(1, len(path.alignment), np.int32)
        words, word_frames = np.append(path.words, ahead), np.append(path.word_frames, frames)
        return replace(path, words=words, word_frames=word_frames)

    def trailing_silence(self, is_silence: NDArray[np.bool_]) -> int:
        """Frames of silence at the end of the best path; ``is_silence`` is by transition-id."""
        return frames_of_silence(self.transition_ids(), is_silence)

    def finish(self, key: str) -> Decoded:
        """What comes of the utterance if it ends here; what went wrong is in the warnings. The search may go on."""
        frames = self.num_frames
        if not frames:
            return Decoded(key, 0, None, warnings=(NO_FRAMES,))
        if self.failure is not None:
            return Decoded(key, frames, None, warnings=(self.failure,))
        path = self.best_path(True)
        if path is None:
            return Decoded(key, frames, None, warnings=(NO_PATH,))
        if not path.is_final and not self._options.allow_partial:
            return Decoded(key, frames, None, warnings=(NOT_FINAL,))
        lattice = self._lattice(True) if self._limits.lattice else None
        return Decoded(key, frames, path, lattice, () if path.is_final else (PARTIAL,))

    def lattice_so_far(self, key: str) -> Decoded | None:
        """What came of the utterance so far with its lattice, in which paths end wherever they are; the search goes on.

        None before the first frame, after a failure, and without lattices. Kaldi: ``GetLattice`` with
        ``use_final_probs=false``.
        """
        path = self.best_path(False)
        if path is None or not self._limits.lattice:
            return None
        return Decoded(key, self.num_frames, path, self._lattice(False), (PARTIAL,))

    def _labels(self, name: str) -> NDArray[np.int32]:
        traced = self.traced(False)
        if traced is None:
            return np.zeros(0, np.int32)
        labels: NDArray[np.int32] = traced.arcs[name]
        return labels[labels > 0]

    def _words_ahead(self) -> NDArray[np.int32]:
        """The word that the best path so far must come to, [0 or 1]. Kaldi takes none right behind another word."""
        place, traced = self._best_token(False), self.traced(False)
        label = 0
        if place is not None and traced is not None and not (len(traced.arcs) and traced.arcs["olabel"][-1]):
            token = self._run.tokens[place]
            label = label_ahead(self._graph.arrays, int(token["state"]), int(token["history"]))
        word = self._graph.words_of_label[label]
        return np.full(int(word > 0), word, np.int32)

    def _end_costs(self) -> NDArray[np.float64]:
        """The cost of each token's path if the utterance ends here."""
        if self._ends is None:
            self._ends = self._run.end_costs()
        return self._ends

    def _best_token(self, use_final: bool) -> int | None:
        if not self.num_frames or self.failure is not None or not len(self._run.tokens):
            return None
        if use_final:
            costs = self._end_costs()
            place = int(costs.argmin())
            if np.isfinite(costs[place]):
                return place
        return int(self._run.tokens["cost"].argmin())

    def _trace(self, place: int, use_final: bool) -> TracedPath:
        labels = self._run.path_to(place)
        steps = np.empty(labels.shape[1], _STEP)
        steps["ilabel"] = np.where(self._graph.arrays.columns[labels[0]] >= 0, labels[0], 0)
        steps["olabel"] = self._graph.words_of_label[labels[1]]
        steps["state"] = labels[2]
        end = float(self._end_costs()[place]) if use_final else math.inf
        token = self._run.tokens[place]
        if not math.isfinite(end):
            return TracedPath(steps, float(token["look"]), False)  # Kaldi has it in the weights of arcs
        return TracedPath(steps, end - (float(token["cost"]) - float(token["look"])), True)

    def _lattice(self, use_final: bool) -> Lattice:
        """The lattice so far. Kaldi: ``FinalizeDecoding``, ``GetRawLattice``."""
        tokens = self._run.tokens
        costs = self._end_costs() if use_final and np.isfinite(self._end_costs()).any() else None
        if costs is None:
            ends, above = tokens["look"].astype(np.float64), tokens["cost"] - tokens["cost"].min()
        else:
            ends, above = costs - (tokens["cost"] - tokens["look"]), costs - costs.min()
        links, first_records = self._run.pruned_links(above)
        return search_lattice(self._graph, links, first_records, ends, self._limits.word_penalty)


def _limits(options: DecodingOptions, wants_lattice: bool) -> SearchLimits:
    return SearchLimits(
        beam=float(options.beam),
        max_active=_MOST_ACTIVE if options.max_active is None else options.max_active,
        min_active=MIN_ACTIVE if options.min_active is None else options.min_active,
        beam_delta=float(BEAM_DELTA if options.beam_delta is None else options.beam_delta),
        scale=score_scale(options),
        word_penalty=float(options.word_insertion_penalty),
        lattice=wants_lattice,
        lattice_beam=float(LATTICE_BEAM if options.lattice_beam is None else options.lattice_beam),
    )


def make_ready(graph: SearchGraph) -> None:
    """Search a frame, so that compiled functions are loaded, or compiled, before the first scores come.

    Raises what `UtteranceSearch` raises.
    """
    search = UtteranceSearch(graph, DecodingOptions(allow_partial=True), wants_lattice=True)
    search.advance(np.zeros((1, graph.num_pdfs), np.float32))
    search.finish("")


def prepare_search(graph: SearchGraph, options: DecodingOptions, wants_lattice: bool) -> None:
    """Compile the functions of a search, or load them, so that no search waits for it, whose time may be limited."""
    with suppress(OvAsrScoreError):  # what is wrong with the graph is told of each utterance
        options = replace(options, allow_partial=True, decoding_seconds=None)
        search_utterance(graph, options, "", np.zeros((1, graph.num_pdfs), np.float32), wants_lattice)


def search_utterance(
    graph: SearchGraph, options: DecodingOptions, key: str, scores: FloatMatrix, wants_lattice: bool = False
) -> Decoded:
    """The best path of scores [T, pdfs], and the lattice if wanted; what went wrong is in the warnings.

    Raises what `UtteranceSearch` raises. Kaldi: DecodeUtteranceLatticeFaster.
    """
    check_columns(scores, graph.num_pdfs, f"utterance '{key}': ")
    search = UtteranceSearch(graph, options, wants_lattice)
    search.advance(scores)
    return search.finish(key)
