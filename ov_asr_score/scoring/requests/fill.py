"""Frames of utterances as the arrays that a request takes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan, UtterancePlan
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.utterances.joining import Utterance


def checked(utterance: Utterance, fits: Sequence[InputFit]) -> Utterance:
    """The utterance, when each of its features is as wide and as long as its input takes it.

    Raises ShapeMismatchError naming it.
    """
    for fit in fits if utterance.num_frames else ():
        shape = utterance.features[fit.name].shape
        if shape[-1] != fit.width or shape[:-1] not in ((), (utterance.num_frames,)):
            raise ShapeMismatchError(
                f"utterance '{utterance.key}': expected {utterance.num_frames} frames of {fit.width} values for input "
                f"'{fit.name}', found {list(shape)}"
            )
    return utterance


def request_buffers(fits: Sequence[InputFit], rows: int) -> list[Float32Array]:
    """An array of zeros for each input, in the shape of a request with ``rows`` frames."""
    return [np.zeros(fit.shape_for(rows), dtype=np.float32) for fit in fits]


def copy_frames(target: Float32Array, value: NDArray[Any], first: int) -> None:
    """Frames ``first`` … of a matrix into the rows of ``target``, the last repeated past the end; a vector into all."""
    if value.ndim == 1:
        target[:] = value
        return
    available = max(0, min(len(value) - first, len(target)))
    target[:available] = value[first : first + available]
    target[available:] = value[-1]


def frames_in_order(utterance: Utterance, fit: InputFit, plan: BlocksPlan | UtterancePlan) -> Float32Array:
    """The frames [T + context, D] that go in one after the other: the edges repeated, a vector for every frame."""
    value = np.asarray(utterance.features[fit.name], dtype=np.float32)
    frames = utterance.num_frames
    length = frames + plan.left_context + plan.right_context
    if value.ndim == 1:
        return np.broadcast_to(value, (length, len(value)))
    if length == frames:
        return value
    # frame -left_context comes first; everything outside the utterance is its nearest frame
    order = np.arange(-plan.left_context, frames + plan.right_context)
    return value[np.clip(order, 0, frames - 1)]


def whole_utterance(utterance: Utterance, fits: Sequence[InputFit], plan: UtterancePlan) -> list[Float32Array]:
    """The arrays of a request that holds all of ``utterance`` with its context."""
    factor = plan.conversion.frame_subsampling_factor if plan.conversion else 1
    arrays = []
    for fit in fits:
        value = utterance.features[fit.name]
        frames = middle_frame(value, factor) if fit.kind == "vector" else frames_in_order(utterance, fit, plan)
        arrays.append(np.array(frames, dtype=np.float32, order="C").reshape(fit.shape))  # the request's own, to keep
    return arrays


def middle_frame(value: NDArray[Any], frame_subsampling_factor: int = 1) -> NDArray[Any]:
    """The vector [D] that stands for all frames of a request: nnet3 takes the i-vector of the middle frame of scores.

    ``value`` is that vector, or holds one for each frame, [T, D].
    See ``DecodableNnetSimple::GetCurrentIvector`` (nnet3/nnet-am-decodable-simple.cc).
    """
    if value.ndim == 1:
        return value
    factor = frame_subsampling_factor
    return np.asarray(value[(len(value) - 1) // factor * factor // 2])
