"""Results of a request as score matrices."""

from __future__ import annotations

from math import prod

import numpy as np

from ov_asr_score.errors import ShapeMismatchError, unreachable
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.plan import (
    BlocksPlan,
    ChunksPlan,
    FramesPlan,
    LockstepPlan,
    Plan,
    RowsPlan,
    UtterancePlan,
    VectorsPlan,
)
from ov_asr_score.scoring.requests.runner import Float32Array


def score_rows(result: Float32Array, rows: int, name: str, key: str, *, may_overlap: bool = False) -> Float32Array:
    """The result of a request with ``rows`` frames as a matrix [rows, N], a view of ``result``.

    ``may_overlap``: requests of the model could overlap, which the user may say.
    Raises ShapeMismatchError when there is no axis of that length before the others.
    """
    lengths = [length for length in result.shape if length != 1]
    if rows > 1 and (not lengths or lengths[0] != rows):
        advice = "this model cannot be scored so many frames at a time"
        if may_overlap:
            advice = "say by how many frames requests advance with chunk_shift"
        raise ShapeMismatchError(
            f"utterance '{key}': output '{name}' {shape_text(result.shape)}: expected scores of {rows} frames, "
            f"found {lengths[0] if lengths else 1}; {advice}",
            fields=("chunk_shift",) if may_overlap else (),
        )
    return result.reshape(rows, -1)


def one_vector(result: Float32Array, num_frames: int, block: int, key: str) -> Float32Array:
    """A copy of the vector [1, N] of an utterance, of a graph that makes one of exactly ``block`` frames.

    Raises ShapeMismatchError for an utterance of another length: there is no vector for a part of it or for more.
    """
    if num_frames != block:
        raise ShapeMismatchError(
            f"utterance '{key}': {num_frames} frames: the model makes one vector of exactly {block} frames; cut the "
            "features to that length, or export the model with a free time axis"
        )
    return np.array(result.reshape(1, -1), dtype=np.float32)


def whole_scores(result: Float32Array, num_frames: int, context: int, name: str, key: str) -> Float32Array:
    """A copy of the result [T + context, N] of an utterance of T frames without the rows that the context delays.

    Without context any number of rows is taken (models that give fewer frames than they get). Raises
    ShapeMismatchError when rows and frames do not fit.
    """
    matrix = result.reshape(-1, result.shape[-1] if result.ndim else 1)
    extra = len(matrix) - num_frames
    if context and extra not in (0, context):
        raise ShapeMismatchError(
            f"utterance '{key}': output '{name}' {shape_text(result.shape)}: expected {num_frames} rows, or {context} "
            f"more for the frames of context, found {len(matrix)}"
        )
    return np.array(matrix[extra:] if context and extra > 0 else matrix, dtype=np.float32)


def no_scores(port: PortInfo, plan: Plan) -> Float32Array:
    """The scores [0, N] of an utterance without frames; N is 0 where the model does not tell it."""
    shape = port.shape or ()
    match plan:
        case UtterancePlan() | ChunksPlan() | VectorsPlan():
            width = shape[-1] if shape else None
        case RowsPlan():
            width = _row_width(shape, plan.frames_per_request, plan.frames_per_request)
        case BlocksPlan():
            width = _row_width(shape, plan.frames_per_request, plan.rows)
        case FramesPlan():
            rows = plan.frames_per_request // plan.conversion.frame_subsampling_factor
            width = _row_width(shape, plan.frames_per_request, rows)
        case LockstepPlan():
            width = _row_width(shape, plan.frames_per_request, plan.rows_per_request * plan.lanes)
        case _:
            raise unreachable(plan)
    return np.zeros((0, width or 0), dtype=np.float32)


def _row_width(shape: tuple[int | None, ...], frames: int, rows: int) -> int | None:
    """Values in each of the ``rows`` of scores of a request; its free dimension is that of its ``frames``."""
    if shape.count(None) > 1:
        return None
    return prod(frames if length is None else length for length in shape) // rows
