"""Plans for models whose shapes are all fixed, and the runner that compiles them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.errors import (
    DeviceError,
    ShapeMismatchError,
    UnknownNameError,
    UnsupportedModelError,
    UsageError,
    unreachable,
)
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ov_model.outputs import find_port, port_names
from ov_asr_score.ov_model.reach.reach_bound import reach_bound
from ov_asr_score.ov_model.reach.unbounded_layers import unbounded_layer
from ov_asr_score.ov_model.without_variables import without_variables
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.input_fit import InputFit
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
from ov_asr_score.scoring.requests.static_runner import Shapes, StaticRunner
from ov_asr_score.scoring.requests.utterance_groups import can_cut
from ov_asr_score.scoring.requests.windows.equal_windows import equal_windows
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.static.reach_trial import blocks_agree, find_windows, rows_factors
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import DeviceSettings, static_reason
from ov_asr_score.text import suggestion

_LEAST_STEP = 128  # frames of a Kaldi model that a window gives scores of
_BLOCK = 64
# What a model is compiled for where there is no utterance.
_SOME_FRAMES = 128

OpenModel = Callable[[ov.Model | None, int], OpenVinoRunner]
"""Compiles a model, or takes the blob, for a number of requests."""


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a model is fed: the features of its ``inputs`` as ``fits`` say, and the utterance ``first`` of them.

    ``own`` are the inputs of the file, with their own axes, and those that take no features. ``wanted`` are the numbers
    of the outputs that are scores. ``core`` compiles for trials, on the CPU.
    """

    core: ov.Core
    options: ScorerOptions
    inputs: Sequence[PortInfo]
    fits: Sequence[InputFit]
    wanted: Sequence[int]
    first: Utterance | None
    own: Sequence[PortInfo]

    def asked_frames(self) -> int:
        """The frames of a request that a shape asks for; 0 where none does.

        Raises UnknownNameError (no such input), ShapeMismatchError (a shape that the input cannot have).
        """
        asked = {}
        fits = {fit.name: fit for fit in self.fits}
        for name, shape in self.options.device.shapes.items():
            index = find_port(self.own, name)
            if index is None:
                near = suggestion(name, port_names(self.own))
                raise UnknownNameError(f"shapes: the model has no input '{name}'{near}", fields=("shapes",))
            fit = fits.get(self.own[index].name)
            axis = None if fit is None else _frame_axis(self.own[index], fit, shape)  # None: a state, which begins so
            if axis is not None:
                asked[name] = shape[axis]
        if len(set(asked.values())) > 1:
            raise ShapeMismatchError(
                f"shapes: inputs take one number of frames together, found {sorted(set(asked.values()))}",
                fields=("shapes",),
            )
        frames = next(iter(asked.values()), 0)
        if asked and not frames:
            raise ShapeMismatchError("shapes: expected at least one frame, found 0", fields=("shapes",))
        return frames


def _frame_axis(port: PortInfo, fit: InputFit, shape: Sequence[int]) -> int | None:
    """The axis of ``shape`` that frames lie along, if it can be that of the input. Raises ShapeMismatchError."""
    own = port.shape or ()
    axis = fit.layout.index("T") if "T" in fit.layout else fit.frame_axis
    free = {axis} if fit.kind == "row" else set()  # any number of rows, whatever the model says
    given = enumerate(zip(own, shape, strict=False))
    if len(shape) == len(own) and all(place in free or length in (None, asked) for place, (length, asked) in given):
        others = prod(length for place, length in enumerate(shape) if place != axis)
        if others == prod(length for length in fit.shape if length != -1):
            return axis
    raise ShapeMismatchError(
        f"shapes: input '{port.name}' takes {shape_text(own)}, found {shape_text(shape)}", fields=("shapes",)
    )


def plan_static(model: ov.Model | None, plan: Plan, feeding: Feeding) -> tuple[ov.Model | None, Plan]:
    """The model and the plan with static shapes that give the scores of ``plan``; as they are if no one asks for those.

    So is a blob (``model`` is None), whose shapes cannot be changed.

    The model keeps a free time axis where :func:`open_static` is to compile it for several lengths. Raises UsageError
    (shapes that cannot give the same scores), UnknownNameError, ShapeMismatchError, UnsupportedModelError.
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
            model = _reshaped(model, _request_shapes(model, feeding, plan.frames_per_request))
        case BlocksPlan() | FramesPlan():
            if frames not in (0, plan.frames_per_request):
                raise UsageError(
                    f"shapes: the model takes {plan.frames_per_request} frames per request, found {frames}",
                    fields=("shapes",),
                )
            model = _reshaped(model, _request_shapes(model, feeding, plan.frames_per_request))
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
            why = "rows of scores are not in one relation to frames"
        else:
            runner, bound = _tried(model, feeding), reach_bound(model)
            windows = find_windows(runner, feeding.fits, factors, bound, feeding.first, frames)
            why = "a trial found no bound to how far scores look"
    if windows is None:
        if frames:
            raise _no_windows(frames, why)
        return _by_length(plan, why)
    if frames and windows.frames != frames:
        raise UsageError(
            f"shapes: windows of {frames} frames are too short: scores look {windows.left} frames back and "
            f"{windows.right} ahead; give at least {windows.frames}",
            fields=("shapes",),
        )
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
    if not blocks_agree(_tried(model, feeding), feeding.fits, block, feeding.first):
        why = "variables do not hold all that scores of later frames need"
        if frames:
            raise _no_windows(frames, why)
        # Every request begins an utterance, with variables as they are then.
        return without_variables(model), _by_length(replace(plan, stateful=False), why)
    reason = f"blocks of {block} frames in order give the scores of whole utterances"
    shapes = _request_shapes(model, feeding, block)
    return _reshaped(model, shapes), BlocksPlan(block, stateful=True, reason=reason)


def _with_windows(plan: UtterancePlan, windows: EqualWindows) -> UtterancePlan:
    least = windows.left + windows.right + windows.alignment
    if windows.frames < least:
        raise UsageError(
            f"shapes: windows of {windows.frames} frames are too short: scores look {windows.left} frames back and "
            f"{windows.right} ahead; give at least {least}",
            fields=("shapes",),
        )
    return replace(plan, windows=windows)


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
    if any(port.shape is None or None in port.shape for port in feeding.inputs):
        raise UsageError(
            f"static: the blob {feeding.options.blob} was exported with free shapes, which it keeps", fields=("static",)
        )


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
        return open_runner(_reshaped(model, shapes), slots)

    return StaticRunner(open_for, _request_shapes(model, feeding, _first_frames(plan, feeding)), plan.slots)


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


def _request_shapes(model: ov.Model, feeding: Feeding, frames: int) -> Shapes:
    """The shapes of all inputs for a request with so many frames; of those that take no features, [1, …]."""
    inputs, _ = describe_ports(model)
    by_name = {fit.name: fit for fit in feeding.fits}
    shapes = []
    for port in inputs:
        own = port.shape or ()
        fit = by_name.get(port.name)
        if fit is None:
            shapes.append(tuple(1 if length is None else length for length in own))
        else:
            shapes.append(tuple(frames if length == -1 else length for length in fit.shape))
    return tuple(shapes)


def _reshaped(model: ov.Model, shapes: Shapes) -> ov.Model:
    """A copy of the model with static shapes. Raises DeviceError where it cannot have them."""
    changed = model.clone()
    texts = " ".join(map(shape_text, shapes))
    try:
        changed.reshape({index: ov.PartialShape(list(shape)) for index, shape in enumerate(shapes)})
    except RUNTIME_ERRORS as error:
        raise DeviceError(f"the model cannot take {texts}: {first_cause(error)}") from error
    for output in changed.outputs:
        if None in (shape_of(output.get_partial_shape()) or (None,)):
            raise UnsupportedModelError(
                f"output '{output.get_node().get_friendly_name()}' {output.get_partial_shape()} is free for inputs "
                f"{texts}: the model cannot have static shapes"
            )
    free = next((node for node in changed.get_ordered_ops() if _is_free(node)), None) if changed.is_dynamic() else None
    if free is not None:
        raise UnsupportedModelError(
            f"layer '{free.get_friendly_name()}' ({free.get_type_name()}) has a free shape for inputs {texts}: the "
            "model cannot have static shapes"
        )
    return changed


def _is_free(node: Any) -> bool:
    return any(output.get_partial_shape().is_dynamic for output in node.outputs())


def _tried(model: ov.Model, feeding: Feeding) -> OpenVinoRunner:
    """A runner that takes any number of frames, on the CPU, whose plugin can do that."""
    device = feeding.options.device
    return OpenVinoRunner(compile_model(feeding.core, model, DeviceSettings(threads=device.threads)), 1, feeding.wanted)
