"""Frames in the groups after which i-vectors are estimated, and what each group adds to the statistics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.ivector.estimation_stats import GaussianSums, sums_by_group
from ov_asr_score.ivector.extractor_options import ExtractionOptions
from ov_asr_score.ivector.gaussian_frames import BLOCK_ROWS, Frames, GaussianFrames
from ov_asr_score.ivector.pruned_posteriors import NO_POSTERIORS, Posteriors, joined, pruned_posteriors, split

_CHUNK_ROWS = 16 * BLOCK_ROWS


class FrameGroup(NamedTuple):
    """What a group of frames adds, and whether an i-vector is estimated then."""

    added: GaussianSums
    is_estimated: bool


def groups_of_utterance(
    frames: GaussianFrames,
    features: Frames,
    normalized: Frames,
    options: ExtractionOptions,
    weights: NDArray[np.float32] | None = None,
) -> Iterator[FrameGroup]:
    """The groups of an utterance of features [T, D], of which ``normalized`` [T, D] come from online CMVN.

    Frame 0 is the first group; each further one ends a period later. Frames behind the last row of i-vectors are a
    group without an i-vector, only with ``repeat``: Kaldi does not see them otherwise. A greedy extractor estimates one
    i-vector, of all frames. Source: online2/online-ivector-feature.cc, ``OnlineIvectorFeature::UpdateStatsUntilFrame``.
    """
    count, period = len(features), options.ivector_period
    greedy, last_row = options.greedy_ivector_extractor, (count - 1) // period
    used = count if options.repeat or greedy else last_row * period + 1
    held, posteriors = np.zeros((0, frames.lda_dim), np.float32), NO_POSTERIORS
    seen = group = 0
    while seen < used:
        size = min(_CHUNK_ROWS, used - seen)
        raw, found = _chunk(frames, features, normalized, options, weights, slice(seen, seen + size))
        posteriors = joined(posteriors, found, len(held))
        held = np.concatenate((held, raw)) if len(held) else raw
        start, seen = seen - len(held) + size, seen + size
        if greedy:
            group_of_row, complete = np.zeros(len(held), np.intp), 1
        else:
            group_of_row = (np.arange(start, seen) + period - 1) // period - group
            complete = int(group_of_row[-1]) + 1 if seen == used else (seen - 1) // period + 1 - group
        ready = int(np.searchsorted(group_of_row, complete))
        now, posteriors = split(posteriors, ready)
        for added in sums_by_group(now, held, group_of_row, complete, frames.num_gaussians):
            yield FrameGroup(added, seen == used if greedy else group <= last_row)
            group += 1
        held = held[ready:]


def _chunk(
    frames: GaussianFrames,
    features: Frames,
    normalized: Frames,
    options: ExtractionOptions,
    weights: NDArray[np.float32] | None,
    rows: slice,
) -> tuple[Frames, Posteriors]:
    """Frames [n, F] for the statistics, and their posteriors; ``rows`` begin at a whole number of blocks."""
    transformed = frames.transformed(frames.with_context(normalized, rows))
    likelihoods = frames.log_likelihoods(transformed)
    found = pruned_posteriors(
        likelihoods,
        options.num_gselect,
        options.min_post,
        options.posterior_scale,
        None if weights is None else weights[rows],
    )
    if not options.online_cmvn_iextractor:
        transformed = frames.transformed(frames.with_context(features, rows))
    return transformed, found
