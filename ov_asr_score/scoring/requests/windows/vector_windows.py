"""Utterances cut into windows of which each gives one vector, as nnet3-xvector-compute cuts them.

Source: nnet3bin/nnet3-xvector-compute.cc.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.requests.fill import middle_frame
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.utterances.joining import Utterance

_FRAMES_PER_REQUEST = 4096


@dataclass(frozen=True, slots=True)
class VectorWindows:
    """Windows of an utterance that share a request: ``count`` of ``length`` frames each from frame ``first`` on.

    ``copies_before`` and ``copies_after`` are copies of the first and the last frame of each.
    """

    first: int
    count: int
    length: int
    copies_before: int = 0
    copies_after: int = 0

    @property
    def num_frames(self) -> int:
        """Frames of the utterance in all windows: the weight of their vectors in its mean."""
        return self.count * self.length


def cut_vector_windows(num_frames: int, conversion: ConversionFacts, key: str) -> list[VectorWindows]:
    """The windows whose vectors make up that of an utterance.

    Raises ShapeMismatchError when it is too short for one.
    """
    if not num_frames:
        raise ShapeMismatchError(f"utterance '{key}': has no frames to make a vector of")
    fewest = conversion.min_chunk_size
    if num_frames < fewest and not conversion.pad_input:
        raise ShapeMismatchError(
            f"utterance '{key}': expected at least {fewest} frames (min_chunk_size), found {num_frames}; pad_input "
            "pads shorter ones",
            fields=("min_chunk_size", "pad_input"),
        )
    each = min(conversion.frames_per_chunk or num_frames, num_frames)
    at_once = max(1, _FRAMES_PER_REQUEST // each)
    whole, rest = divmod(num_frames, each)
    parts = [(first * each, min(at_once, whole - first), each) for first in range(0, whole, at_once)]
    parts += [(whole * each, 1, rest)] if rest else []
    windows = []
    for first, count, length in parts:
        missing = max(0, fewest - length)
        if missing and not conversion.pad_input:
            continue
        if length + missing < conversion.least_frames:
            raise ShapeMismatchError(
                f"utterance '{key}': a chunk of {length + missing} frames is too short for the network, which needs "
                f"{conversion.least_frames}; pad_input with a min_chunk_size of {conversion.least_frames} pads it",
                fields=("min_chunk_size", "pad_input"),
            )
        windows.append(VectorWindows(first, count, length, missing // 2, missing - missing // 2))
    return windows


def vector_arrays(
    utterance: Utterance, windows: VectorWindows, fits: Sequence[InputFit], conversion: ConversionFacts
) -> list[Float32Array]:
    """The arrays [B, T, D] and [B, D] of a request; frames that no window of statistics reaches are left out."""
    order = np.arange(-windows.copies_before, windows.length + windows.copies_after)
    order = np.clip(order, 0, windows.length - 1)
    if conversion.reach_right >= 0:
        order = order[: max(conversion.reach_right + 1, conversion.least_frames)]
    starts = windows.first + windows.length * np.arange(windows.count)
    arrays = []
    for fit in fits:
        value = np.asarray(utterance.features[fit.name], np.float32)
        if fit.kind == "vector":
            arrays.append(np.tile(middle_frame(value), (windows.count, 1)))
        elif value.ndim == 1:
            arrays.append(np.tile(value, (windows.count, len(order), 1)))
        else:
            arrays.append(np.ascontiguousarray(value[starts[:, None] + order]))
    return arrays


def vectors_of(result: Float32Array, count: int, name: str, key: str) -> Float32Array:
    """The vectors [B, N] of the windows of a request. Raises ShapeMismatchError for anything else."""
    if result.ndim != 3 or result.shape[:2] != (count, 1):
        raise ShapeMismatchError(
            f"utterance '{key}': output '{name}' {shape_text(result.shape)}: expected {count} vectors [{count},1,N]"
        )
    return result[:, 0]
