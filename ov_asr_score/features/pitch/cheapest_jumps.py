"""One step of the search for the best track: from which lag it is cheapest to come to each lag."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Costs = NDArray[np.float32]

# Jumps up to this far are all tried. Where farther ones may pay, the best jumps to every 16th lag (a post) narrow those
# to the lags between: up to so many candidates as one matrix for all posts, more of them post by post.
_NEAR = 20
_SPACING = 16
_MOST_TOGETHER = 32


class CheapestJumps:
    """Least costs over N lags, where a jump over d lags costs d² · ``factor``.

    It finds what trying all N · N jumps finds, in single precision as Kaldi's search (feat/pitch-functions.cc,
    ``ComputeBacktraces``).
    """

    def __init__(self, num_lags: int, factor: np.float32) -> None:
        """``factor`` is 0 or more."""
        self._num_lags = num_lags
        self._factor = float(factor)
        self._centre = num_lags + _SPACING + _MOST_TOGETHER
        distances = np.arange(-self._centre, self._centre + 1)
        self._jump_costs = (distances * distances).astype(np.float32) * factor
        self._near_costs = self._jump_costs[self._centre - _NEAR : self._centre + _NEAR + 1, None]
        framed = np.full(num_lags + 2 * _NEAR, np.inf, np.float32)
        self._middle, self._shifted = framed[_NEAR:-_NEAR], sliding_window_view(framed, num_lags)
        # Lags 0, 16, …, and the costs of jumps over every distance and up to 14 lags farther.
        self._posts = np.arange(0, max(num_lags, 2) + _SPACING - 1, _SPACING)
        self._post_costs = self._jump_costs[self._centre + self._posts[:, None] - np.arange(num_lags)]
        self._between_costs = np.ascontiguousarray(sliding_window_view(self._jump_costs, _SPACING - 1))
        self._after_posts = self._centre + 1 + self._posts[:-1]
        self._numbers = np.arange(num_lags + len(self._posts))
        self._to_posts = np.empty_like(self._post_costs)
        self._reached = np.empty((len(self._posts), _SPACING), np.float32)

    def from_all(self, costs: Costs) -> Costs:
        """The least cost to come to each lag [N], where ``costs`` [N] are at the lags before; their least is 0."""
        highest = float(np.maximum.reduce(costs))
        if highest < self._factor:
            return costs
        if highest < self._factor * _NEAR * _NEAR:
            self._middle[:] = costs
            reached: Costs = np.minimum.reduce(self._shifted + self._near_costs, axis=0)
            return reached
        return self._by_posts(costs)

    def best_before(self, costs: Costs, lag: int) -> int:
        """From where it is cheapest to come to ``lag``."""
        begin = self._centre - lag
        return int((costs + self._jump_costs[begin : begin + self._num_lags]).argmin())

    def _by_posts(self, costs: Costs) -> Costs:
        # The best jump to a higher lag never comes from a lower one: those to the lags between two posts come from
        # between the best ones to these.
        to_posts = np.add(self._post_costs, costs, out=self._to_posts)
        best = to_posts.argmin(axis=1)
        first, width = best[:-1], best[1:] - best[:-1] + 1
        most = int(np.maximum.reduce(width))
        if most <= _MOST_TOGETHER:
            before = self._numbers[:most, None] + first
            candidates = self._between_costs.take(self._after_posts - before, axis=0)
            candidates += costs.take(before, mode="clip")[:, :, None]
            np.minimum.reduce(candidates, axis=0, out=self._reached[:-1, 1:])
        else:
            blocks = self._numbers[: len(first)]
            block = blocks.repeat(width)
            before = self._numbers[int(first[0]) :][: len(block)] - block
            candidates = self._between_costs.take(self._after_posts.take(block) - before, axis=0)
            candidates += costs.take(before)[:, None]
            np.minimum.reduceat(candidates, first - first[0] + blocks, axis=0, out=self._reached[:-1, 1:])
        self._reached[:, 0] = to_posts[self._numbers[: len(best)], best]
        return self._reached.ravel()[: self._num_lags].copy()
