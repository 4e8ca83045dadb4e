"""Segments that are cut out of features by their times, as extract-feature-segments cuts them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.features.steps.live_step import Rows


@dataclass(frozen=True, slots=True)
class FeatureSegmentOptions:
    """The options of extract-feature-segments, with its defaults: times in seconds, frames in milliseconds."""

    min_segment_length: float = 0.1
    max_overshoot: float = 0.0
    frame_length: int = 25
    frame_shift: int = 10
    snip_edges: bool = True


DEFAULT_SEGMENTS = FeatureSegmentOptions()


def feature_segment(
    features: Rows, start: float, end: float, options: FeatureSegmentOptions = DEFAULT_SEGMENTS
) -> Rows:
    """The rows of the segment from ``start`` to ``end`` seconds.

    With ``snip_edges`` as many rows are left out at its end as frames would not fit into the sound of the segment. An
    end up to ``max_overshoot`` behind the features is cut. Raises ShapeMismatchError for segments that
    extract-feature-segments skips. Source: featbin/extract-feature-segments.cc.
    """
    if not 0 <= start < end:
        raise ShapeMismatchError(f"segment from {start:g} to {end:g} s: expected a start of 0 or more before its end")
    length = len(features)
    first, last = _frames(start, options), _frames(end, options)
    if options.snip_edges:
        last -= math.ceil((options.frame_length - options.frame_shift) / options.frame_shift)
    place = f"segment from {start:g} to {end:g} s: frames {first} to {last}"
    if first >= length:
        raise ShapeMismatchError(f"{place}: expected a start before the end of the features, found {length} frames")
    if last > length:
        if last >= length + _frames(options.max_overshoot, options):
            raise ShapeMismatchError(
                f"{place}: expected an end less than {options.max_overshoot:g} s behind the features, found {length} "
                "frames"
            )
        last = length
    if last <= first + _frames(options.min_segment_length, options):
        raise ShapeMismatchError(f"{place}: expected more than {options.min_segment_length:g} s")
    return features[first:last].copy()


def _frames(seconds: float, options: FeatureSegmentOptions) -> int:
    """The number of frames, halves rounded up as in C."""
    return math.floor(seconds * 1000.0 / options.frame_shift + 0.5)
