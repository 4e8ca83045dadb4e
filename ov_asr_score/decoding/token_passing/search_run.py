"""What a search knows between pieces of scores, and how it borrows room to go on.

Tests: tests/decoding/token_passing/test_utterance_search.py
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing import code_folder
from ov_asr_score.decoding.token_passing.record_copies import copied, doubled, joined, put
from ov_asr_score.decoding.token_passing.search_arrays import (
    ENDLESS,
    FIRST_RECORD,
    IN_OTHERS,
    KEPT_TOKEN,
    LINK,
    LINKS_FULL,
    MARK,
    MARKS_FULL,
    NODES_FULL,
    NUM_FRAMES,
    NUM_LINKS,
    NUM_RECORDS,
    NUM_TOKENS,
    PROBLEM,
    RECORD,
    RECORDS_FULL,
    Records,
    SearchLimits,
)
from ov_asr_score.decoding.token_passing.search_buffers import SharedBuffers
from ov_asr_score.decoding.token_passing.search_graph import SearchGraph
from ov_asr_score.errors import UnsupportedModelError

_FIRST_RECORDS = 1 << 15
_PRUNED_FRAMES = 200  # what is farther back is pruned at the end only


class SearchRun:
    """Tokens of the last frame, records of how they came about and, for a lattice, arcs between records."""

    def __init__(self, graph: SearchGraph, limits: SearchLimits) -> None:
        """Make the tokens before the first frame.

        Raises MissingExtraError (no numba) and UnsupportedModelError (a cycle that makes paths ever better).
        """
        from ov_asr_score.decoding.token_passing import frame_steps, lattice_pruning, path_records

        is_first_use = code_folder.is_first_use()
        self._steps, self._paths, self._pruning = frame_steps, path_records, lattice_pruning
        self._graph, self._limits = graph, limits
        self._counters = np.zeros(8, np.int64)
        self._records: Records = np.zeros(_FIRST_RECORDS, RECORD)
        self.tokens: Records = np.zeros(0, KEPT_TOKEN)
        # for lattices: costs of records, arcs, and where those of each frame begin
        self._costs = np.zeros(_FIRST_RECORDS if limits.lattice else 0)
        self._links: Records = np.zeros(0, LINK)
        # arcs that are not looked at before the end: those to frames before this one
        self._settled: list[Records] = []
        self._num_settled = self._settled_frame = 0
        self._extra = np.zeros(0)
        self._firsts = np.zeros((2, 16 if limits.lattice else 1), np.int64)
        self._composed_anew = -1  # in the frame of this number
        self._begin()
        if is_first_use:  # do not wait again when the first scores come
            with graph.borrowed_buffers() as buffers:
                self.borrow(buffers)
                self.advance(buffers, np.zeros((0, 1), np.float32))
                self.give_back(buffers)

    @property
    def num_records(self) -> int:
        """How many records there is room for."""
        return len(self._records)

    @property
    def num_bytes(self) -> int:
        """Memory of what is remembered of the utterance."""
        settled = self._num_settled * LINK.itemsize
        return settled + sum(each.nbytes for each in (self._records, self._costs, self._extra, self._links))

    def end_costs(self) -> NDArray[np.float64]:
        """The cost of each token's path if the utterance ends here; infinity where it is not in a final state."""
        costs = np.empty(len(self.tokens))
        self._paths.end_costs(self._graph.arrays, self.tokens, len(self.tokens), costs)
        return costs

    def path_to(self, place: int) -> NDArray[np.int32]:
        """Input labels, output labels and next states [3, arcs] of the path of a token."""
        path: NDArray[np.int32] = self._paths.path_to(self._records, int(self._counters[FIRST_RECORD]) + place)
        return path

    def prune(self) -> None:
        """Prune what the last frames have added."""
        counters = self._counters
        frames, used, count = int(counters[NUM_FRAMES]), int(counters[NUM_RECORDS]), int(counters[NUM_TOKENS])
        first_frame = max(0, frames - _PRUNED_FRAMES)
        if len(self._extra) < used:
            self._extra = np.empty(len(self._records))
        self._extra[int(self._firsts[0, max(0, first_frame - 1)]) : used - count] = np.inf
        self._extra[used - count : used] = 0
        links, kept = self._pruning.prune_frames(
            self._links, int(counters[NUM_LINKS]), self._records, used, self._costs, self._extra, self._firsts,
            first_frame, frames, self._limits.lattice_beam, np.empty(used, np.int32),
        )  # fmt: skip
        counters[NUM_LINKS], counters[FIRST_RECORD], counters[NUM_RECORDS] = links, kept - count, kept
        self._settle(first_frame)

    def _settle(self, frame: int) -> None:
        """Put the arcs to frames before this one aside; ``_firsts`` counts them from there on no more."""
        settled, left = int(self._firsts[1, frame]), int(self._counters[NUM_LINKS])
        self._settled.append(copied(self._links[:settled]))
        put(self._links, self._links[settled:left])
        self._counters[NUM_LINKS] = left - settled
        self._firsts[1, self._settled_frame : frame] += self._num_settled
        self._firsts[1, frame : int(self._counters[NUM_FRAMES]) + 1] -= settled
        self._num_settled += settled
        self._settled_frame = frame

    def pruned_links(self, above: NDArray[np.float64]) -> tuple[Records, NDArray[np.int64]]:
        """The arcs of the lattice, and the first record of each frame [frames + 1].

        ``above`` says how much worse than the best one each token is.
        """
        frames, used = int(self._counters[NUM_FRAMES]), int(self._counters[NUM_RECORDS])
        extra = np.full(used, np.inf)
        extra[used - len(self.tokens) :] = above
        links, firsts = (
            joined([*self._settled, self._links[: int(self._counters[NUM_LINKS])]]),
            self._firsts.copy(),
        )
        firsts[1, self._settled_frame :] += self._num_settled
        count, _ = self._pruning.prune_frames(
            links, len(links), copied(self._records[:used]), used, self._costs[:used].copy(), extra, firsts,
            0, frames, self._limits.lattice_beam, np.empty(used, np.int32),
        )  # fmt: skip
        return links[:count], firsts[0, : frames + 1]

    def _begin(self) -> None:
        graph = self._graph
        with graph.borrowed_buffers() as buffers:
            self._links = buffers.links
            while True:
                self._counters[:] = 0
                self._counters[MARK] = buffers.mark
                self._steps.begin_search(
                    graph.arrays, self._limits, buffers.arrays, self._records, self._costs, self._links,
                    self._counters, graph.start, graph.history,
                )  # fmt: skip
                buffers.mark = int(self._counters[MARK])
                if not self._counters[PROBLEM]:
                    break
                self._solve(buffers, begins=True)
            self.give_back(buffers)

    def advance(self, buffers: SharedBuffers, scores: NDArray[np.float32]) -> None:
        """Search scores with borrowed buffers. Raises UnsupportedModelError."""
        if self._limits.lattice:
            while self._firsts.shape[1] <= int(self._counters[NUM_FRAMES]) + len(scores):
                self._firsts = np.concatenate([self._firsts, np.zeros_like(self._firsts)], axis=1)
        done = 0
        while True:
            done += self._steps.advance_search(
                self._graph.arrays, self._limits, buffers.arrays, self._records, self._costs, self._links,
                self._firsts, self._counters, scores[done:],
            )  # fmt: skip
            if done == len(scores):
                return
            self._solve(buffers)

    def _solve(self, buffers: SharedBuffers, begins: bool = False) -> None:
        """Make room for what is full. Raises UnsupportedModelError where there is no end."""
        problem = int(self._counters[PROBLEM])
        self._counters[PROBLEM] = 0
        if problem == ENDLESS:
            raise UnsupportedModelError(
                f"{self._graph.name}: a cycle of arcs without a frame makes paths ever better; the graph is damaged"
            )
        if problem == RECORDS_FULL:
            self._make_room_for_records()
        elif problem == LINKS_FULL:
            buffers.grow_links()
            self._links = buffers.links
        elif problem == MARKS_FULL:
            buffers.begin_marks_anew()
            self._counters[MARK] = buffers.mark
        elif problem == NODES_FULL:
            frames = int(self._counters[NUM_FRAMES])
            tokens = self._tokens(buffers)[: 0 if begins else int(self._counters[NUM_TOKENS])]
            if buffers.make_room_for_nodes(tokens, again=self._composed_anew == frames):
                self._composed_anew = frames
        else:
            buffers.grow()

    def _make_room_for_records(self) -> None:
        counters = self._counters
        used, count = int(counters[NUM_RECORDS]), int(counters[NUM_TOKENS])
        if self._limits.lattice:  # pruning sweeps
            self._records = doubled(self._records)
            self._costs = doubled(self._costs)
            return
        kept = self._paths.sweep_records(self._records, used, int(counters[FIRST_RECORD])) if used else 0
        counters[FIRST_RECORD], counters[NUM_RECORDS] = kept - count, kept
        if 2 * kept > len(self._records) or kept == used:
            self._records = doubled(self._records)

    def borrow(self, buffers: SharedBuffers) -> None:
        """Go on in these buffers."""
        buffers.put_tokens(self.tokens)
        while len(buffers.links) < len(self._links):
            buffers.grow_links()
        put(buffers.links, self._links)
        self._links = buffers.links
        self._counters[IN_OTHERS] = 0
        self._counters[MARK] = buffers.mark
        self._composed_anew = -1

    def give_back(self, buffers: SharedBuffers) -> None:
        """Keep what is needed of the buffers."""
        self.tokens = buffers.take_tokens(self._tokens(buffers)[: int(self._counters[NUM_TOKENS])])
        self._links = copied(self._links[: int(self._counters[NUM_LINKS])])
        buffers.mark = int(self._counters[MARK])

    def _tokens(self, buffers: SharedBuffers) -> Records:
        return buffers.arrays.others if self._counters[IN_OTHERS] else buffers.arrays.tokens
