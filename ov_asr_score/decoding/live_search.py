"""The search of an utterance whose scores come in pieces: what it takes for the best path so far, and the result.

A result is that of `ov_asr_score.decoding.search.decode` for all scores at once, to the bit. Lattices are searched for
at the end, over scores that were kept: the search for them cannot be fed in pieces.

FasterDecoder prefers final states wherever one is reached, also when it is told not to, and Kaldi's partial results,
endpoints and weights of silence come of the best path whether final or not. So a second search goes along, through the
same graph without final states.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.decoded import Decoded
from ov_asr_score.decoding.endpointing import frames_of_silence
from ov_asr_score.decoding.graph import DecodingGraph, endless_automaton
from ov_asr_score.decoding.kaldifst_api import import_kaldi_decoder, path_bytes
from ov_asr_score.decoding.search import (
    NO_FRAMES,
    NO_PATH,
    NOT_FINAL,
    PARTIAL,
    decode,
    faster_options,
    first_not_comparable,
    given_up,
    not_numbers,
    score_scale,
)
from ov_asr_score.decoding.traceback import parse_path, path_of_arcs, pdf_columns
from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError
from ov_asr_score.lattice.best_path import BestPath
from ov_asr_score.settings.words.decoding import DecodingOptions, seconds_allowed

FloatMatrix = NDArray[np.float32]

TOO_LONG_FOR_LATTICES = "too long for a lattice: the best path alone"
KEPT_BYTES = 256 << 20  # of scores
_TRACEBACKS = 1000  # of an utterance whose length is not known, at least so many


@dataclass(frozen=True, slots=True, eq=False)
class LiveGraph:
    """A graph, and the same without final states."""

    graph: DecodingGraph
    endless: Any  # kaldifst.StdConstFst


def make_live_graph(graph: DecodingGraph) -> LiveGraph:
    """The graph for live searches, any number of them. Raises TableFormatError."""
    return LiveGraph(graph, endless_automaton(graph))


@dataclass(frozen=True, slots=True, eq=False)
class TracedPath:
    """A path through the graph so far: its arcs in order, as the search gives them."""

    arcs: NDArray[np.void]  # [A]; "ilabel", "olabel", "graph", "acoustic"
    final_cost: float  # of the last state; 0 where final states do not count
    is_final: bool


class LiveSearch:
    """The search of one utterance, fed by ``advance``; ``num_frames`` of scores are behind it.

    The best path so far is traced back through all frames, which takes longer the longer the utterance is:
    ``is_due`` says when it is worth its time.
    """

    def __init__(
        self,
        graph: LiveGraph,
        options: DecodingOptions,
        wants_lattice: bool = False,
        wants_partial: bool = True,
        kept_bytes: int = KEPT_BYTES,
    ) -> None:
        """Begin an utterance. ``options.decoding_scale`` None is taken for 0.1; options of both kinds of search count.

        Without ``wants_partial`` the second search is left out, and nothing is known before the end. More than
        ``kept_bytes`` of scores are not kept: then there is no lattice, and costs of scores are those of the
        search, whose last digits differ. Raises MissingExtraError.
        """
        self._graph, self._options, self._wants_lattice = graph.graph, options, wants_lattice
        self._endless = graph.endless
        self._kaldi_decoder = import_kaldi_decoder()
        limits = faster_options(self._kaldi_decoder, options)
        automata = (graph.graph.automaton, graph.endless) if wants_partial else (graph.graph.automaton,)
        self._decoders = [self._kaldi_decoder.FasterDecoder(each, limits) for each in automata]
        for decoder in self._decoders:
            decoder.init_decoding()
        self._scale = score_scale(options)
        self._kept: list[FloatMatrix] = []
        self._room = kept_bytes
        self._first_kept = 0
        self._seconds = 0.0
        self._traced: dict[bool, TracedPath | None] = {}
        self._due_at = 1
        self.num_frames = 0
        self.failure: str | None = None

    def advance(self, scores: FloatMatrix) -> None:
        """Search the next scores [t, pdfs], which are without a scale; t may be 0.

        After a frame that cannot be compared, or when the time is up, nothing is searched any more: ``failure`` says
        why. Raises ShapeMismatchError for another number of pdfs than that of the model.
        """
        if not len(scores):
            return
        if scores.shape[1] != self._graph.labels.num_pdfs:
            raise ShapeMismatchError(
                f"expected scores of {self._graph.labels.num_pdfs} pdfs, the model's, found {scores.shape[1]} columns; "
                "give the scores of the model that the graph was made for"
            )
        first, self.num_frames = self.num_frames, self.num_frames + len(scores)
        self._traced.clear()
        if self.failure is not None:
            return
        wrong = first_not_comparable(scores)
        if wrong is not None:
            self._fail(not_numbers(first + wrong))
            return
        piece = np.array(scores, np.float32, order="C")
        self._keep(piece)
        started = time.monotonic()
        scaled = piece if self._scale == 1 else piece * self._scale
        decodable = self._kaldi_decoder.DecodableCtc(scaled, first)
        for decoder in self._decoders:
            decoder.advance_decoding(decodable)
        self._seconds += time.monotonic() - started
        allowed = seconds_allowed(self._options, self.num_frames)
        if self._seconds > allowed:
            self._fail(given_up(allowed))

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
        if not use_final and len(self._decoders) < 2:
            raise OvAsrScoreError("wants_partial: expected a search that tells of itself before the end")
        if use_final not in self._traced:
            self._traced[use_final] = self._trace(use_final)
            self._due_at = self.num_frames + max(1, self.num_frames // _TRACEBACKS)
        return self._traced[use_final]

    def best_path(self, use_final: bool) -> BestPath | None:
        """The same with words, transition-ids and costs."""
        traced = self.traced(use_final)
        if traced is None:
            return None
        return path_of_arcs(
            traced.arcs,
            self._graph.labels,
            traced.final_cost,
            self._acoustic_cost(traced),
            self._graph.word_penalty,
            traced.is_final,
        )

    def relative_cost(self) -> float:
        """By how much the best path to a final state is worse than the best one; infinity without such a path.

        Kaldi: ``FinalRelativeCost`` of LatticeFasterDecoder.
        """
        if not self.num_frames or self.failure is not None or not self._decoders[0].reached_final():
            return math.inf
        best, final = self.traced(False), self.traced(True)
        if best is None or final is None:
            return math.inf
        common = min(len(best.arcs), len(final.arcs))
        differs = np.flatnonzero(best.arcs[:common] != final.arcs[:common])
        common = int(differs[0]) if differs.size else common
        return max(0.0, _cost(final, common) - _cost(best, common))

    def transition_ids(self) -> NDArray[np.int32]:
        """Those of the best path so far, one per frame; none where there is no path."""
        traced = self.traced(False)
        if traced is None:
            return np.zeros(0, np.int32)
        ids: NDArray[np.int32] = self._graph.labels.transition_ids[traced.arcs["olabel"]]
        return ids[ids > 0]

    def words(self) -> NDArray[np.int32]:
        """Those of the best path so far, without epsilons; none where there is no path."""
        traced = self.traced(False)
        if traced is None:
            return np.zeros(0, np.int32)
        words: NDArray[np.int32] = self._graph.labels.words[traced.arcs["olabel"]]
        return words[words > 0]

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
        if self._wants_lattice and not self._first_kept:
            return decode(self._graph, self._options, key, np.concatenate(self._kept), wants_lattice=True)
        path = self.best_path(True)
        if path is None:
            return Decoded(key, frames, None, warnings=(NO_PATH,))
        if not path.is_final and not self._options.allow_partial:
            return Decoded(key, frames, None, warnings=(NOT_FINAL,))
        warnings: tuple[str, ...] = () if path.is_final else (PARTIAL,)
        if self._wants_lattice:
            warnings += (TOO_LONG_FOR_LATTICES,)
        return Decoded(key, frames, path, warnings=warnings)

    def lattice_so_far(self, key: str) -> Decoded | None:
        """What came of the utterance so far with its lattice, in which paths end wherever they are; the search goes on.

        The kept scores are searched once more. None before the first frame, after a failure, and where the utterance
        is too long for a lattice. Kaldi: ``GetLattice`` with ``use_final_probs=false``.
        """
        if not self._wants_lattice or not self._kept or self._first_kept:
            return None
        graph = replace(self._graph, automaton=self._endless)
        options = replace(self._options, allow_partial=True)
        return decode(graph, options, key, np.concatenate(self._kept), wants_lattice=True)

    def _fail(self, why: str) -> None:
        self.failure = why
        self._kept.clear()

    def _keep(self, piece: FloatMatrix) -> None:
        """Keep scores as far as there is room, the newest first."""
        self._kept.append(piece)
        self._room -= piece.nbytes
        while self._room < 0:
            oldest = self._kept.pop(0)
            self._room += oldest.nbytes
            self._first_kept += len(oldest)

    def _trace(self, use_final: bool) -> TracedPath | None:
        if not self.num_frames or self.failure is not None:
            return None
        decoder = self._decoders[0 if use_final else 1]
        found, automaton = decoder.get_best_path(True)
        if not found:
            return None
        is_final = decoder.reached_final()
        return TracedPath(*parse_path(path_bytes(automaton)), is_final)

    def _acoustic_cost(self, traced: TracedPath) -> float:
        """Of the scores without their scale."""
        columns, cost = pdf_columns(traced.arcs)[self._first_kept :], 0.0
        if self._kept:
            kept = np.concatenate(self._kept)
            cost = -float(kept[np.arange(len(columns)), columns].sum(dtype=np.float64))
        if self._first_kept and self._scale:
            dropped = traced.arcs["acoustic"][traced.arcs["ilabel"] > 0][: self._first_kept]
            cost += float(dropped.sum(dtype=np.float64)) / float(self._scale)
        return cost


def _cost(traced: TracedPath, first: int) -> float:
    """The cost of a path from the arc ``first`` on, as the search has it."""
    arcs = traced.arcs[first:]
    return float((arcs["graph"].astype(np.float64) + arcs["acoustic"]).sum()) + traced.final_cost
