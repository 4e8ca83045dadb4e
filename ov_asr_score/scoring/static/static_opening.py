"""Runners of models whose shapes are all fixed: one model, or one for each length.

Tests: tests/scoring/static/test_static_planning.py
"""

from __future__ import annotations

from collections.abc import Callable

from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.scoring.plan import ChunksPlan, Plan, UtterancePlan, VectorsPlan
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.static_runner import Shapes, StaticRunner
from ov_asr_score.scoring.requests.windows.equal_windows import equal_windows
from ov_asr_score.scoring.static.feeding import Feeding
from ov_asr_score.scoring.static.fixed_shapes import request_shapes, reshaped
from ov_asr_score.settings.device import static_reason

_SOME_FRAMES = 128
"""What a model is compiled for where there is no utterance."""

OpenModel = Callable[[ov.Model | None, int], OpenVinoRunner]
"""Compiles a model, or takes the blob, for a number of requests."""


def open_static(
    model: ov.Model | None, plan: Plan, feeding: Feeding, open_runner: OpenModel
) -> OpenVinoRunner | StaticRunner:
    """A runner of the model, with static shapes if those are to be; ``open_runner`` compiles.

    Raises what that raises, and UsageError for an export of a model that needs several shapes.
    """
    if model is None or not static_reason(feeding.options.device) or not model.is_dynamic():
        return open_runner(model, plan.slots)
    if feeding.options.one_at_a_time:
        raise UsageError(
            "export_model: this model needs static shapes of several lengths, and an exported model has one; convert "
            "a Kaldi model with frames_per_chunk and static first",
            fields=("export_model", "frames_per_chunk", "static"),
        )

    def open_for(shapes: Shapes, slots: int) -> OpenVinoRunner:
        return open_runner(reshaped(model, shapes), slots)

    return StaticRunner(open_for, request_shapes(model, feeding, _first_frames(plan, feeding)), plan.slots)


def compiled_note(runner: object) -> str:
    """How many models were compiled, for runs with several shapes; empty for others."""
    if not isinstance(runner, StaticRunner):
        return ""
    count = len(runner.compiled_shapes)
    return f"{count} model{'s' if count > 1 else ''} with static shapes {'were' if count > 1 else 'was'} compiled"


def _first_frames(plan: Plan, feeding: Feeding) -> int:
    if isinstance(plan, ChunksPlan):
        return plan.conversion.window_frames
    options = feeding.options
    frames = feeding.first.num_frames if feeding.first is not None else 0
    frames = frames + options.left_context + options.right_context if frames else _SOME_FRAMES
    if isinstance(plan, VectorsPlan) and plan.frames_per_chunk:
        return min(frames, plan.frames_per_chunk)
    if isinstance(plan, UtterancePlan) and plan.windows is not None:
        return equal_windows(frames, plan.windows)[0].frames
    return frames
