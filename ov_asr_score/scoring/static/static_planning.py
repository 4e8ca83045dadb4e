"""Plans for models whose shapes are all fixed."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.errors import UsageError, unreachable
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.reach.reach_bound import reach_bound
from ov_asr_score.ov_model.reach.unbounded_layers import unbounded_layer
from ov_asr_score.ov_model.without_variables import without_variables
from ov_asr_score.scoring.plan import (
    BlocksPlan,
    ChunksPlan,
    EqualWindows,
    FramesPlan,
    LockstepPlan,
    Plan,
    RowsPlan,
    UtterancePlan,
    VectorsPlan,
)
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.utterance_groups import can_cut
from ov_asr_score.scoring.static.feeding import Feeding
from ov_asr_score.scoring.static.fixed_shapes import request_shapes, reshaped
from ov_asr_score.scoring.static.reach_trial import blocks_agree, find_windows, rows_factors
from ov_asr_score.settings.device import DeviceSettings, static_reason

_LEAST_STEP = 128  # frames of a Kaldi model that a window gives scores of
_BLOCK = 64


def plan_static(model: ov.Model | None, plan: Plan, feeding: Feeding) -> tuple[ov.Model | None, Plan]:
    """The model and the plan with static shapes that give the scores of ``plan``; unchanged if no one asks for those.

    A blob (``model`` is None) is left unchanged, too, because its shapes cannot be changed. The model keeps a free time
    axis where :func:`ov_asr_score.scoring.static.static_opening.open_static` is to compile it for several lengths.
    Raises UsageError (shapes that cannot give the same scores), UnknownNameError, ShapeMismatchError,
    UnsupportedModelError.
    """
    if not static_reason(feeding.options.device):
        return model, plan
    if model is None:
        _check_blob(feeding)
        return model, plan
    frames = feeding.asked_frames()
    reason = static_reason(feeding.options.device)
    match plan:
        case RowsPlan():
            plan = replace(plan, frames_per_request=frames or plan.frames_per_request, pad=True)
            model = reshaped(model, request_shapes(model, feeding, plan.frames_per_request))
        case BlocksPlan() | FramesPlan():
            if frames not in (0, plan.frames_per_request):
                raise UsageError(
                    f"shapes: the model takes {plan.frames_per_request} frames per request, found {frames}",
                    fields=("shapes",),
                )
            model = reshaped(model, request_shapes(model, feeding, plan.frames_per_request))
        case ChunksPlan():
            conversion = plan.conversion
            if frames not in (0, conversion.window_frames):
                raise UsageError(
                    f"shapes: chunks of {conversion.frames_per_chunk} frames have windows of "
                    f"{conversion.window_frames} frames, found {frames}; frames_per_chunk sets them",
                    fields=("shapes", "frames_per_chunk"),
                )
            plan = replace(plan, single=True, pad=plan.pad or conversion.can_pad)
        case VectorsPlan():
            if frames:
                raise _no_windows(frames, "vectors of utterances come from chunks of several lengths")
            plan = replace(plan, reason=f"{plan.reason}: compiled for each length of chunks")
        case UtterancePlan() if plan.conversion is not None:
            plan = _plan_converted(plan, plan.conversion, frames, len(feeding.wanted))
        case UtterancePlan() if plan.stateful:
            model, plan = _plan_stateful(model, plan, feeding, frames)
        case UtterancePlan():
            plan = _plan_windows(model, plan, feeding, frames)
        case LockstepPlan():
            raise ValueError("lanes are made of plans with static shapes")
        case _:
            raise unreachable(plan)
    return model, replace(plan, reason="; ".join(filter(None, [plan.reason, reason])))


def _plan_converted(plan: UtterancePlan, conversion: ConversionFacts, frames: int, outputs: int) -> UtterancePlan:
    """Windows of a Kaldi model, whose facts say how far scores look."""
    plan = replace(plan, grouping=None)
    if not can_cut(conversion):
        if frames:
            raise _no_windows(frames, "scores of this Kaldi model depend on frames at any distance")
        return _by_length(plan, "scores depend on frames at any distance")
    unit, factor = conversion.alignment, conversion.frame_subsampling_factor
    left, right = -(-conversion.reach_left // unit) * unit, conversion.reach_right + factor
    step = -(-max(_LEAST_STEP, 3 * (left + right)) // unit) * unit
    windows = EqualWindows(frames or left + step + right, left, right, unit, (factor,) * outputs, conversion.can_pad)
    return _with_windows(plan, windows)


def _plan_windows(model: ov.Model, plan: UtterancePlan, feeding: Feeding, frames: int) -> UtterancePlan:
    """Windows, where a trial finds how far scores look; else a model for each length."""
    layer = unbounded_layer(model)
    why = f"{layer} may look at the whole utterance" if layer else _counting_input(feeding)
    windows = None
    if not why:
        factors = rows_factors(model, feeding.fits, feeding.wanted)
        if factors is None:
            why = "the number of rows of scores is not a fixed fraction of the number of frames"
        else:
            runner, bound = _tried(model, feeding), reach_bound(model)
            windows = find_windows(runner, feeding.fits, factors, bound, feeding.first, frames)
            why = "a trial found no limit to how far scores look"
    if windows is None:
        if frames:
            raise _no_windows(frames, why)
        return _by_length(plan, why)
    if frames and windows.frames != frames:
        raise _too_short(frames, windows, windows.frames)
    return _with_windows(plan, windows)


def _counting_input(feeding: Feeding) -> str:
    """Why an input for the whole utterance may count its frames, which windows begin anew; empty where none may."""
    kinds = {port.name: port.element_type for port in feeding.own}
    for fit in feeding.fits:
        if fit.kind == "vector" and (fit.width == 1 or not kinds.get(fit.name, "f32").startswith(("f", "bf"))):
            return f"input '{fit.name}' may be a length"
    return ""


def _plan_stateful(
    model: ov.Model, plan: UtterancePlan, feeding: Feeding, frames: int
) -> tuple[ov.Model, UtterancePlan | BlocksPlan]:
    """Blocks of frames in order, where a trial finds that variables hold all that they need; else a model by length."""
    block = frames or _BLOCK
    if not blocks_agree(_tried(model, feeding), feeding.fits, block, reach_bound(model), feeding.first):
        why = "the variables do not hold everything that later scores need"
        if frames:
            raise _no_windows(frames, why)
        # Every request begins an utterance, with variables as they are then.
        return without_variables(model), _by_length(replace(plan, stateful=False), why)
    reason = f"blocks of {block} frames in order give the scores of whole utterances"
    shapes = request_shapes(model, feeding, block)
    return reshaped(model, shapes), BlocksPlan(block, stateful=True, reason=reason)


def _with_windows(plan: UtterancePlan, windows: EqualWindows) -> UtterancePlan:
    least = windows.left + windows.right + windows.alignment
    if windows.frames < least:
        raise _too_short(windows.frames, windows, least)
    return replace(plan, windows=windows)


def _too_short(frames: int, windows: EqualWindows, least: int) -> UsageError:
    return UsageError(
        f"shapes: windows of {frames} frames are too short: scores look {windows.left} frames back and "
        f"{windows.right} ahead; give at least {least}",
        fields=("shapes",),
    )


def _by_length(plan: UtterancePlan, why: str) -> UtterancePlan:
    reason = f"{why}: compiled for each length of utterances"
    return replace(plan, reason="; ".join(filter(None, [plan.reason, reason])))


def _no_windows(frames: int, why: str) -> UsageError:
    return UsageError(
        f"shapes: windows of {frames} frames would not give the scores of whole utterances, because {why}; static "
        "without shapes compiles the model for each length",
        fields=("shapes", "static", "shapes"),
    )


def _check_blob(feeding: Feeding) -> None:
    """Raise UsageError for a blob with free shapes, and what :meth:`Feeding.asked_frames` raises for other shapes."""
    if any(port.shape is None or None in port.shape for port in feeding.inputs):
        raise UsageError(
            f"static: the blob {feeding.options.blob} was exported with free shapes, which it keeps", fields=("static",)
        )
    feeding.asked_frames()


def _tried(model: ov.Model, feeding: Feeding) -> OpenVinoRunner:
    """A runner that takes any number of frames, on the CPU, whose plugin can do that."""
    device = feeding.options.device
    settings = DeviceSettings(threads=device.threads)
    compiled = compile_model(feeding.core, model, settings, without_fusions=True)
    return OpenVinoRunner(compiled, 1, feeding.wanted)
