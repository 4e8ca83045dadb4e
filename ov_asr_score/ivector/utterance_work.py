"""Several utterances at a time, an i-vector of each in turn: conjugate gradients are fast for many systems at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ov_asr_score import blas_threads
from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.features.steps.online_cmvn import LiveCmvn
from ov_asr_score.ivector.adaptation_state import AdaptationState, limited
from ov_asr_score.ivector.conjugate_gradients import conjugate_gradients
from ov_asr_score.ivector.estimation_stats import EstimationStats
from ov_asr_score.ivector.extractor import Extractor
from ov_asr_score.ivector.frame_groups import FrameGroup, groups_of_utterance
from ov_asr_score.ivector.gaussian_frames import Frames, GaussianFrames
from ov_asr_score.kaldi_model.double_arrays import DoubleArray, unpacking_index

_MOST_LANES, _LEAST_LANES = 64, 8
# The systems of all lanes are read in every step: they should stay in the cache of a core.
_CACHE_BYTES = 1 << 20
_MOST_SINGLE = float(np.finfo(np.float32).max)


def number_of_lanes(ivector_dim: int) -> int:
    """How many utterances at a time are fast with i-vectors of this width."""
    return max(min(_CACHE_BYTES // (8 * ivector_dim**2), _MOST_LANES), _LEAST_LANES)


class UtteranceWork:
    """An utterance on its way: its groups of frames, statistics up to now, and i-vectors found."""

    def __init__(
        self,
        extractor: Extractor,
        frames: GaussianFrames,
        state: AdaptationState,
        features: Frames,
        weights: NDArray[np.float32] | None,
    ) -> None:
        """Begin an utterance of features [T, D] where ``state`` is what earlier ones left. Raises what CMVN raises."""
        self._extractor = extractor
        self._num_frames = len(features)
        self._cmvn = LiveCmvn(extractor.cmvn, state.cmvn)
        normalized = normalized_by(self._cmvn, features)
        self._groups: Iterator[FrameGroup] = groups_of_utterance(
            frames, features, normalized, extractor.options, weights
        )
        self.stats: EstimationStats = state.stats.copy()
        self.ivector = extractor.default_ivector
        self._found: list[DoubleArray] = []

    def next_system(self) -> bool:
        """Add frames until an i-vector is to be estimated; False when there is none any more."""
        for group in self._groups:
            self.stats.add(self._extractor.model, group.added)
            if group.is_estimated:
                return True
        return False

    def set_ivector(self, ivector: DoubleArray) -> None:
        """Take over what the statistics led to."""
        self.ivector = ivector
        self._found.append(ivector)

    def ivectors(self) -> Frames:
        """The rows as ivector-extract-online2 writes them, float32 [N, D]."""
        options = self._extractor.options
        found = self._extractor.without_offset(np.array(self._found))
        step = 1 if options.repeat else options.ivector_period
        frames = np.arange(0, self._num_frames, step)
        return found[np.zeros_like(frames) if options.greedy_ivector_extractor else frames // options.ivector_period]

    def state(self) -> AdaptationState:
        """What the speaker's next utterance begins with."""
        options = self._extractor.options
        state = AdaptationState(self._cmvn.state(), self.stats)
        return limited(state, options.max_remembered_frames, options.posterior_scale)


def normalized_by(cmvn: LiveCmvn, features: Frames) -> Frames:
    """The rows after online CMVN; what is not finite then, of a state with wild numbers, is refused with its frames."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return cmvn.accept(features)


class SystemSolver:
    """The next i-vectors of several utterances, from their statistics."""

    def __init__(self, extractor: Extractor, lanes: int) -> None:
        """Make room for so many utterances; while this exists, matrix products have one thread."""
        blas_threads.hold_while_alive(self)
        dim = extractor.ivector_dim
        self._steps = extractor.options.num_cg_iters
        self._default = extractor.default_ivector
        self._index = unpacking_index(dim)
        self._matrices = np.empty((lanes, dim * dim))
        self._constants, self._start = np.empty((lanes, dim)), np.empty((lanes, dim))

    def solve(self, systems: Sequence[tuple[EstimationStats, DoubleArray]]) -> list[DoubleArray | None]:
        """The i-vectors [D] with the prior's offset, of statistics and the i-vectors before; None where there is none.

        Source: ivector/ivector-extractor.cc, ``OnlineIvectorEstimationStats::GetIvector``.
        """
        found: list[DoubleArray | None] = [self._default] * len(systems)
        lanes = [lane for lane, (stats, _) in enumerate(systems) if stats.count > 0]
        if not lanes:
            return found
        count, dim = len(lanes), self._constants.shape[1]
        for place, lane in enumerate(lanes):
            stats, start = systems[lane]
            np.take(stats.quadratic, self._index, out=self._matrices[place], mode="clip")
            self._constants[place] = stats.linear
            self._start[place] = start
            if start[0] == 0:
                self._start[place, 0] = stats.prior_offset
        solved = conjugate_gradients(
            self._matrices[:count].reshape(count, dim, dim), self._constants[:count], self._start[:count], self._steps
        )
        fits = np.abs(solved) <= _MOST_SINGLE  # not so where it is NaN
        all_fit = bool(fits.all())
        for lane, ivector, fitting in zip(lanes, solved, fits, strict=True):
            found[lane] = ivector if all_fit or fitting.all() else None
        return found


def unsolvable() -> OvAsrScoreError:
    """The error for statistics that lead to no i-vector."""
    return OvAsrScoreError("expected statistics that lead to an i-vector, found some that are far too large")
