"""To which Gaussians frames belong: posteriors of the best few."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.finite import is_finite

_MOST_PRUNING = np.float32(0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Posteriors:
    """Posteriors one after the other, ordered by frame and Gaussian: all [E]."""

    frames: NDArray[np.intp]
    gaussians: NDArray[np.intp]
    values: NDArray[np.float32]


def too_large() -> OvAsrScoreError:
    """The error for features of which numbers of single precision cannot hold what is needed."""
    return OvAsrScoreError("expected features with likelihoods that are finite, found some that are too large")


NO_POSTERIORS = Posteriors(np.zeros(0, np.intp), np.zeros(0, np.intp), np.zeros(0, np.float32))


def joined(first: Posteriors, second: Posteriors, num_frames: int) -> Posteriors:
    """Posteriors of ``num_frames`` frames and then those of others."""
    if not num_frames:
        return second
    return Posteriors(
        np.concatenate((first.frames, second.frames + num_frames)),
        np.concatenate((first.gaussians, second.gaussians)),
        np.concatenate((first.values, second.values)),
    )


def split(posteriors: Posteriors, num_frames: int) -> tuple[Posteriors, Posteriors]:
    """Posteriors of the first ``num_frames`` frames, and of the others, whose frames are counted from 0 again."""
    end = int(np.searchsorted(posteriors.frames, num_frames))
    first = Posteriors(posteriors.frames[:end], posteriors.gaussians[:end], posteriors.values[:end])
    rest = Posteriors(posteriors.frames[end:] - num_frames, posteriors.gaussians[end:], posteriors.values[end:])
    return first, rest


def pruned_posteriors(
    log_likes: NDArray[np.float32],
    num_gselect: int,
    min_post: float,
    posterior_scale: float,
    weights: NDArray[np.float32] | None = None,
) -> Posteriors:
    """Posteriors of frames with log-likelihoods [n, G], times ``posterior_scale`` and the ``weights`` [n].

    Of a frame the ``num_gselect`` best Gaussians count that reach ``min_post``; what is left is renormalized. A frame
    with a small weight is pruned more, one with weight 0 has no posteriors. The result for a frame does not depend on
    the others. Raises OvAsrScoreError where no likelihood of a frame is finite. Sources: hmm/posterior.cc,
    ``VectorToPosteriorEntry``; online2/online-ivector-feature.cc, ``OnlineIvectorFeature::GetMinPost``,
    ``UpdateStatsForFrames``.
    """
    if weights is not None:
        (used,) = weights.nonzero()
        found = _selected(log_likes[used], num_gselect, _least_posteriors(weights[used], min_post))
        scales = (np.float32(posterior_scale) * weights).astype(np.float32)
        frames = used[found.frames]
        return Posteriors(frames, found.gaussians, found.values * scales[frames])
    found = _selected(log_likes, num_gselect, np.float32(min_post))
    return Posteriors(found.frames, found.gaussians, found.values * np.float32(posterior_scale))


def _least_posteriors(weights: NDArray[np.float32], min_post: float) -> NDArray[np.float32]:
    with np.errstate(over="ignore"):  # of a weight that is nearly nothing
        return np.minimum(np.float32(min_post) / np.abs(weights), _MOST_PRUNING)


def _selected(log_likes: NDArray[np.float32], num_gselect: int, least: np.float32 | NDArray[np.float32]) -> Posteriors:
    """Posteriors that add up to 1 in each frame; ``least`` is ``min_post``, of all frames or of each [n]."""
    if not len(log_likes):
        return NO_POSTERIORS
    best = log_likes.max(axis=1)
    if not is_finite(best):
        raise too_large()
    with np.errstate(divide="ignore"):
        chosen = log_likes > (best + np.log(least))[:, None]
    (places,) = chosen.reshape(-1).nonzero()
    frames = places // log_likes.shape[1]
    counts = np.bincount(frames, minlength=len(log_likes))
    # Where none passes, all are candidates: the best few of them are chosen without a threshold.
    (unclear,) = ((counts > num_gselect) | (counts == 0) | (least == 0)).nonzero()
    if len(unclear):
        chosen[unclear] = _best_few(log_likes[unclear], num_gselect)
        (places,) = chosen.reshape(-1).nonzero()
        frames = places // log_likes.shape[1]
    gaussians = places - frames * log_likes.shape[1]
    values = np.exp(log_likes.take(places) - best.take(frames))
    totals = _sums_by_frame(frames, values)
    # Kaldi drops the smallest ones one by one, but never the last: that is to drop all below one threshold.
    kept = (values >= (least * totals).take(frames)) | (values == 1)
    if not kept.all():
        frames, gaussians, values = frames[kept], gaussians[kept], values[kept]
        totals = _sums_by_frame(frames, values)
    return Posteriors(frames, gaussians, values * (np.float32(1) / totals)[frames])


def _best_few(log_likes: NDArray[np.float32], count: int) -> NDArray[np.bool_]:
    """Which ``count`` of each row are the largest."""
    if count >= log_likes.shape[1]:
        return np.ones(log_likes.shape, np.bool_)
    best = np.argpartition(log_likes, log_likes.shape[1] - count, axis=1)[:, -count:]
    chosen = np.zeros(log_likes.shape, np.bool_)
    chosen[np.arange(len(best))[:, None], best] = True
    return chosen


def _sums_by_frame(frames: NDArray[np.intp], values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Sums of the values of each frame; every frame has some."""
    begins = np.empty(len(frames), np.bool_)
    begins[:1] = True
    np.not_equal(frames[1:], frames[:-1], out=begins[1:])
    return np.add.reduceat(values, begins.nonzero()[0])
