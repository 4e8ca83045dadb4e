"""Statistics from which an i-vector is estimated, and what frames add to them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ivector.extractor_model import ExtractorModel
from ov_asr_score.ivector.pruned_posteriors import Posteriors
from ov_asr_score.kaldi_model.double_arrays import DoubleArray, diagonal_of_packed, first_column_of_packed


class GaussianSums(NamedTuple):
    """What a group of frames adds, by Gaussian: which ones [K], sums of posteriors [K], of weighted frames [K, F]."""

    gaussians: NDArray[np.intp]
    counts: DoubleArray
    sums: DoubleArray


@dataclass(slots=True, eq=False)
class EstimationStats:
    """Kaldi's OnlineIvectorEstimationStats of one speaker; arrays are changed in place.

    ``quadratic`` [D (D + 1) / 2] is a packed lower triangle, ``linear`` [D]; both hold the prior. ``count`` is the sum
    of posteriors. Source: ivector/ivector-extractor.cc.
    """

    prior_offset: float
    max_count: float
    count: float
    quadratic: DoubleArray
    linear: DoubleArray

    def add(self, model: ExtractorModel, added: GaussianSums) -> None:
        """Add a group of frames (``OnlineIvectorEstimationStats::AccStats``)."""
        gaussians = added.gaussians
        if not len(gaussians):
            return
        dim = len(self.linear)
        self.quadratic += np.dot(added.counts.astype(np.float32), model.quadratic_terms.take(gaussians, axis=0))
        self.quadratic[first_column_of_packed(dim)] += np.dot(added.counts, model.first_columns.take(gaussians, axis=0))
        self.linear += np.dot(added.sums.reshape(-1), model.linear_terms.take(gaussians, axis=0).reshape(-1, dim))
        count = self.count + float(np.add.reduce(added.counts))
        if self.max_count > 0:
            grown = max(count, self.max_count) / self.max_count
            self._add_prior(grown - max(self.count, self.max_count) / self.max_count)
        self.count = count

    def scale(self, factor: float) -> None:
        """Forget all but ``factor`` of the frames, not of the prior (``OnlineIvectorEstimationStats::Scale``)."""
        before = self.count
        self.count *= factor
        self.quadratic *= factor
        self.linear *= factor
        if self.max_count == 0:
            self._add_prior(1 - factor)
        else:
            left = factor * max(before, self.max_count) / self.max_count
            self._add_prior(max(self.count, self.max_count) / self.max_count - left)

    def copy(self) -> EstimationStats:
        """The same statistics with arrays of their own."""
        return EstimationStats(self.prior_offset, self.max_count, self.count, self.quadratic.copy(), self.linear.copy())

    def _add_prior(self, scale: float) -> None:
        if scale:
            self.linear[0] += self.prior_offset * scale
            self.quadratic[diagonal_of_packed(len(self.linear))] += scale


def prior_stats(model: ExtractorModel, max_count: float) -> EstimationStats:
    """The statistics of no frames. Kaldi keeps offset and ``max_count`` in single precision here."""
    dim = model.ivector_dim
    quadratic, linear = np.zeros(dim * (dim + 1) // 2), np.zeros(dim)
    offset = float(np.float32(model.prior_offset))
    linear[0] = offset
    quadratic[diagonal_of_packed(dim)] = 1
    return EstimationStats(offset, float(np.float32(max_count)), 0.0, quadratic, linear)


def sums_by_group(
    posteriors: Posteriors,
    features: NDArray[np.float32],
    group_of_frame: NDArray[np.intp],
    num_groups: int,
    num_gaussians: int,
) -> Iterator[GaussianSums]:
    """What each group of frames adds, for groups 0 to ``num_groups`` - 1.

    ``features`` [n, F] are those of the frames; groups [n] may not fall. A group's sums do not depend on other groups.
    """
    all_sums = _sums_by_place(
        posteriors, features, group_of_frame[posteriors.frames] * num_gaussians + posteriors.gaussians
    )
    groups, gaussians = np.divmod(all_sums.gaussians, num_gaussians)
    ends = np.searchsorted(groups, np.arange(num_groups + 1)).tolist()
    for first, last in itertools.pairwise(ends):
        yield GaussianSums(gaussians[first:last], all_sums.counts[first:last], all_sums.sums[first:last])


def sums_of_group(posteriors: Posteriors, features: NDArray[np.float32]) -> GaussianSums:
    """What all frames add together, whose ``features`` are [n, F]."""
    return _sums_by_place(posteriors, features, posteriors.gaussians)


def _sums_by_place(posteriors: Posteriors, features: NDArray[np.float32], places: NDArray[np.intp]) -> GaussianSums:
    """Sums of the posteriors with the same of ``places`` [E], which stand for Gaussians."""
    if not len(places):
        return GaussianSums(np.zeros(0, np.intp), np.zeros(0), np.zeros((0, features.shape[1])))
    order = places.argsort(kind="stable")
    places = places[order]
    begins = np.empty(len(places), np.bool_)
    begins[0] = True
    np.not_equal(places[1:], places[:-1], out=begins[1:])
    (starts,) = begins.nonzero()
    values = posteriors.values[order]
    # Kaldi sums up the posteriors of a Gaussian in single precision, frames in double precision.
    counts = np.add.reduceat(values, starts).astype(np.float64)
    weighted = features.take(posteriors.frames[order], axis=0).astype(np.float64)
    weighted *= values[:, None]
    return GaussianSums(places[starts], counts, np.add.reduceat(weighted, starts, axis=0))
