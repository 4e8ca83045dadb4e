"""How much frames count in i-vectors, by what the search takes for silence while it goes on.

Source: online2/online-ivector-feature.cc, OnlineSilenceWeighting.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.decoding.token_passing.utterance_search import UtteranceSearch
from ov_asr_score.settings.recognition.silence_weighting import SilenceWeightingOptions

_UNKNOWN = -1
_REVISED = 100  # rows of scores whose weights may change yet, as Kaldi has it
_RECENT = 500  # the same for rows that are asked for


class SilenceWeighting:
    """Weights of frames for one utterance of the search; another search begins with another object.

    For each piece of sound call ``update`` and then ``delta_weights``, before the piece is scored: so Kaldi's programs
    do it, and i-vectors depend on it.
    """

    def __init__(
        self, is_silence: NDArray[np.bool_], options: SilenceWeightingOptions, frame_subsampling_factor: int
    ) -> None:
        """``is_silence`` is by transition-id; rows of scores stand for ``frame_subsampling_factor`` frames each."""
        self._is_silence = is_silence
        self._weight = np.float32(options.silence_weight)
        self._longest = options.max_state_duration
        self._factor = frame_subsampling_factor
        self._arcs: NDArray[np.void] | None = None
        self._ids = np.zeros(0, np.int32)  # by row, _UNKNOWN where the search is not there yet
        self._weights = np.zeros(0, np.float32)  # those that were given out

    def update(self, search: UtteranceSearch) -> None:
        """Learn the best path so far. Kaldi: ``ComputeCurrentTraceback``."""
        traced = search.traced(False)
        if traced is None:
            return
        ids = search.transition_ids()
        first = self._first_unlike(traced.arcs)
        self._arcs = traced.arcs
        self._extend(len(ids))
        self._ids[first : len(ids)] = ids[first:]

    def delta_weights(self, frames_ready: int, first_frame: int = 0) -> list[tuple[int, float]]:
        """What to add to the weight of which frame; ``first_frame`` is that of the utterance of the search.

        All frames count, of which ``frames_ready`` are there. Kaldi: ``GetDeltaWeights``.
        """
        begin = max(0, len(self._ids) - _REVISED)
        self._extend(-(-(frames_ready - first_frame) // self._factor))
        if begin == len(self._ids):
            return []
        weights = self._wanted(begin)
        deltas = weights - self._weights[begin:]
        self._weights[begin:] = weights
        is_given = deltas != 0
        is_given[-1] = True  # the last one tells how far weights are known
        rows = np.flatnonzero(is_given)
        frames = first_frame + (begin + rows[:, np.newaxis]) * self._factor + np.arange(self._factor)
        return list(zip(frames.reshape(-1).tolist(), np.repeat(deltas[rows], self._factor).tolist(), strict=True))

    def nonsilence_rows(self, frames_ready: int, first_frame: int = 0) -> NDArray[np.int64]:
        """Rows of the search that are no silence, of the last 500. Kaldi: ``GetNonsilenceFrames``."""
        begin = max(0, len(self._ids) - _RECENT)
        self._extend(-(-(frames_ready - first_frame) // self._factor))
        ids = self._ids[begin:]
        return begin + np.flatnonzero((ids != _UNKNOWN) & ~self._is_silence[np.maximum(ids, 0)])

    def _first_unlike(self, arcs: NDArray[np.void]) -> int:
        """The first row whose transition-id is not taken over from the path before.

        Kaldi goes back until a row begins in the state in which it began before, and leaves the transition-id of that
        row as it was, though another arc may leave the state now. Paths that are alike up to an arc are in the same
        state before it.
        """
        if self._arcs is None:
            return 0
        common = min(len(arcs), len(self._arcs))
        unlike = np.zeros(common, bool)
        for name in ("ilabel", "olabel", "state"):
            unlike |= arcs[name][:common] != self._arcs[name][:common]
        found = np.flatnonzero(unlike)
        at = int(found[0]) if found.size else common
        rows = int(np.count_nonzero(arcs["ilabel"][:at]))
        same_state = at < common and bool(arcs["ilabel"][at]) and bool(self._arcs["ilabel"][at])
        return rows + 1 if same_state else rows

    def _extend(self, rows: int) -> None:
        more = rows - len(self._ids)
        if more > 0:
            self._ids = np.concatenate([self._ids, np.full(more, _UNKNOWN, np.int32)])
            self._weights = np.concatenate([self._weights, np.zeros(more, np.float32)])

    def _wanted(self, begin: int) -> NDArray[np.float32]:
        """The weights of the rows from ``begin`` on."""
        ids = self._ids[begin:]
        weights = np.ones(len(ids), np.float32)
        known = int(np.count_nonzero(ids != _UNKNOWN))  # the first ones
        if not known:
            weights[:] = self._weights[begin - 1] if begin else self._weight
            return weights
        weights[:known][self._is_silence[ids[:known]]] = self._weight
        if self._longest > 0:
            starts = np.concatenate([[0], np.flatnonzero(np.diff(ids[:known])) + 1])
            lengths = np.diff(starts, append=known)
            weights[:known][np.repeat(lengths >= self._longest, lengths)] = self._weight
        weights[known:] = weights[known - 1]
        return weights
