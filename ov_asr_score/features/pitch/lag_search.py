"""The cheapest track through the lags of all frames: costs frame by frame, and the way back."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.frame_options import single
from ov_asr_score.features.pitch.cheapest_jumps import CheapestJumps, Costs
from ov_asr_score.features.pitch.options import PitchExtractionOptions


class LagSearch:
    """The costs of the best track to every lag at the last frame, and what is needed to go back along it.

    Numbers of lags are called states. Source: feat/pitch-functions.cc, ``PitchFrameInfo``.
    """

    def __init__(self, seconds: NDArray[np.float32], options: PitchExtractionOptions) -> None:
        """``seconds`` [N] are the lags."""
        step = np.float32(np.log(1.0 + single(options.delta_pitch)) ** 2)
        self._jumps = CheapestJumps(len(seconds), step * np.float32(options.penalty_factor))
        self._soft = np.float32(options.soft_min_f0) * seconds
        self._costs: Costs = np.zeros(len(seconds), np.float32)
        self._before: list[Costs] = []  # the costs before each frame that may be gone back to
        self._first = 0

    @property
    def num_frames(self) -> int:
        """How many frames there were."""
        return self._first + len(self._before)

    @property
    def first_kept(self) -> int:
        """The first frame that may be gone back to."""
        return self._first

    @property
    def best(self) -> int:
        """The state in which the best track ends."""
        return int(self._costs.argmin())

    def extend(self, nccf: NDArray[np.float32]) -> None:
        """Take the next frames: their correlations [T, N], with the ballast. Source: ``ComputeBacktraces``."""
        costs, from_all, before = self._costs, self._jumps.from_all, self._before
        for local in (1 - nccf) + self._soft * nccf:
            before.append(costs)
            jumped = from_all(costs)
            reached = jumped + local
            reached -= np.minimum.reduce(reached)
            # Hours of silence, in which nothing is decided, take no memory.
            if jumped is not costs or not np.array_equal(reached, costs):
                costs = reached
        self._costs = costs

    def state_before(self, frame: int, state: int) -> int:
        """The state at ``frame`` - 1 from which the best track comes to ``state`` at ``frame``."""
        return self._jumps.best_before(self._before[frame - self._first], state)

    def latency(self, most: int) -> int:
        """How many of the last frames may still change, but at most ``most``. Source: ``ComputeLatency``."""
        lowest, highest, most = 0, len(self._costs) - 1, min(most, len(self._before))
        for latency in range(most):
            frame = self.num_frames - 1 - latency
            lowest, highest = self.state_before(frame, lowest), self.state_before(frame, highest)
            if lowest == highest:
                return latency
        return most

    def forget(self, before: int) -> None:
        """Forget the frames before one: what was the best track there is no longer asked for."""
        if before > self._first:
            del self._before[: before - self._first]
            self._first = before

    def forget_decided(self, most: int) -> int:
        """Forget the frames before that from which on tracks differ; returns the first frame that is kept.

        At the frame before it all tracks are in the same state, whatever comes; but of more than ``most`` frames the
        first half is forgotten even so, and stays on the track that is the best now.
        """
        lowest, highest = 0, len(self._costs) - 1
        for frame in range(self.num_frames - 1, self._first, -1):
            lowest, highest = self.state_before(frame, lowest), self.state_before(frame, highest)
            if lowest == highest:
                self.forget(frame)
                break
        if len(self._before) > most:
            self.forget(self._first + len(self._before) // 2)
        return self._first
