"""Choose the plan for a model or blob, and reshape the model for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import prod

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.preparation import with_leading_dimension
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.plan import BlocksPlan, ChunksPlan, FramesPlan, RowsPlan, UtterancePlan, VectorsPlan
from ov_asr_score.scoring.plans.sizing import (
    group_by_length,
    is_frame_local,
    num_slots,
    num_streams,
    takes_any_shape,
)
from ov_asr_score.scoring.scorer_options import ScorerOptions

DEFAULT_ROWS = 512
# Scores of one request stay below this many values, however wide the output is (256 MB of float32).
_MAX_REQUEST_VALUES = 64_000_000


def plan_model(
    model: ov.Model, inputs: Sequence[PortInfo], options: ScorerOptions, fits: Sequence[InputFit], *, stateful: bool
) -> tuple[ov.Model, RowsPlan | BlocksPlan | UtterancePlan]:
    """The model, reshaped where its plan needs that, and the plan.

    Raises UnsupportedModelError when the graph does not allow the batch, ShapeMismatchError when inputs disagree.
    """
    batched = [index for index, fit in enumerate(fits) if len(fit.shape) > 1 and _has_batch_axis(fit)]
    leading = {(inputs[index].shape or (None,))[0] for index in batched}
    kinds = {fit.kind for fit in fits}
    if kinds == {"row"} and not stateful:
        return _plan_rows(model, options, batched, leading.pop() if len(leading) == 1 else None)
    if batched and leading != {1}:
        model = with_leading_dimension(model, batched, 1, follow="time" not in kinds)
    ignored = _ignored_batch_size(options)
    if "time" not in kinds:
        reason = "frames go one by one, " + (
            "variables are reset between utterances" if stateful else "one input takes a vector without a batch"
        )
        return model, BlocksPlan(1, stateful, reason=reason + ignored)
    times = {
        (port.shape or ())[fit.frame_axis]
        for port, fit in zip(inputs, fits, strict=True)
        if fit.kind == "time" and fit.frame_axis is not None
    }
    if None in times:
        streams = num_streams(options)
        reason = "the time axis is free: a whole utterance per request" + ignored
        return model, UtterancePlan(stateful, slots=num_slots(options, streams), streams=streams, reason=reason)
    if len(times) != 1:
        raise ShapeMismatchError(f"inputs take different numbers of frames per request: {sorted(filter(None, times))}")
    frames = times.pop() or 1
    pieces = "in order" if stateful else "each on its own"
    reason = (
        f"the time axis holds {frames} frames: utterances go in pieces of that length, {pieces}, the last one filled "
        "up with its last frame"
    )
    return model, BlocksPlan(frames, stateful, reason=reason + ignored)


def plan_converted(
    model: ov.Model | None,
    inputs: Sequence[PortInfo],
    outputs: Sequence[PortInfo],
    conversion: ConversionFacts,
    options: ScorerOptions,
) -> tuple[ov.Model | None, RowsPlan | UtterancePlan | ChunksPlan | VectorsPlan | FramesPlan]:
    """The model and the plan for what was converted from a Kaldi model, which says itself how it is to be fed.

    Raises UsageError for context windows, which such a model has inside.
    """
    if options.left_context or options.right_context:
        raise UsageError(
            "left_context, right_context: this model was converted from a Kaldi model and repeats the edges of "
            "utterances itself; leave them out",
            fields=("left_context", "right_context"),
        )
    ignored = _ignored_batch_size(options)
    if conversion.time == "frame":
        reason = (
            f"converted from a Kaldi model for frames in order, scores come {conversion.delay} frames late{ignored}"
        )
        return model, FramesPlan(conversion, reason=reason)
    streams = num_streams(options, recurrent=conversion.reach_left < 0)
    slots = num_slots(options, streams)
    if conversion.time == "chunk":
        program = {2: "nnet-am-compute", 3: "nnet3-compute"}.get(conversion.generation, "Kaldi")
        program += "-batch" if conversion.batch_compute else ""
        reason = f"chunks of {conversion.frames_per_chunk} frames as {program} cuts them{ignored}"
        chunks = ChunksPlan(conversion, slots=slots, streams=streams, reason=reason)
        # A model that was written with static shapes takes whole windows, one at a time.
        return model, replace(chunks, single=True, pad=True) if (inputs[0].shape or (None,))[0] else chunks
    if conversion.time == "vector":
        reason = f"converted from a Kaldi model for one vector per utterance, as in nnet3-xvector-compute{ignored}"
        return model, VectorsPlan(conversion, slots=slots, streams=streams, reason=reason)
    plan: RowsPlan | UtterancePlan
    batches = all(port.shape and port.shape[0] is None for port in inputs) and takes_any_shape(options)
    if batches and is_frame_local(conversion):
        plan = RowsPlan(
            options.batch_size or default_rows(outputs),
            conversion=conversion,
            slots=slots,
            streams=streams,
            reason="converted from a Kaldi model that scores every frame on its own",
        )
    else:
        groups = batches and conversion.pad_input
        plan = UtterancePlan(
            conversion=conversion,
            grouping=group_by_length(inputs, outputs, conversion, options, slots) if groups else None,
            slots=slots,
            streams=streams,
            reason="converted from a Kaldi model for whole utterances" + ("" if groups else ignored),
        )
        if groups:
            return model, plan
    if model is not None:
        model = model.clone()
        model.reshape({port: ov.PartialShape([1, *list(port.get_partial_shape())[1:]]) for port in model.inputs})
    return model, plan


def _ignored_batch_size(options: ScorerOptions) -> str:
    return f"; batch size {options.batch_size} has no effect" if options.batch_size > 1 else ""


def _has_batch_axis(fit: InputFit) -> bool:
    """Whether the first axis is a batch; that of a time axis in front is not."""
    return fit.kind != "time" or fit.frame_axis == 1


def _plan_rows(
    model: ov.Model, options: ScorerOptions, batched: list[int], fixed: int | None
) -> tuple[ov.Model, RowsPlan]:
    """Rows of frames: any batch where the graph allows it, else the asked or the built-in one (``fixed``)."""
    streams = num_streams(options)
    slots = num_slots(options, streams)
    if not batched:
        return model, RowsPlan(1, pad=True, slots=slots, streams=streams, reason="the inputs hold one frame")
    _, outputs = describe_ports(model)
    is_gna = options.device.gna_mode is not None  # whose plugin takes no more than eight frames
    rows = options.batch_size or (1 if is_gna else default_rows(outputs))
    size = None if takes_any_shape(options) and not options.fixed_batch else rows
    try:
        changed = with_leading_dimension(model, batched, size)
        return changed, RowsPlan(rows, pad=size is not None, slots=slots, streams=streams)
    except UnsupportedModelError:
        if options.batch_size and options.batch_size != fixed:
            changed = with_leading_dimension(model, batched, options.batch_size)
            return changed, RowsPlan(rows, pad=True, slots=slots, streams=streams)
        if fixed is None:
            raise
    return model, RowsPlan(
        fixed, pad=True, slots=slots, streams=streams, reason=f"the graph fixes its batch to {fixed}"
    )


def plan_blob(
    inputs: Sequence[PortInfo],
    outputs: Sequence[PortInfo],
    options: ScorerOptions,
    fits: Sequence[InputFit],
    *,
    stateful: bool,
) -> RowsPlan | BlocksPlan | UtterancePlan:
    """The plan for a blob, whose shapes cannot be changed any more. Raises UsageError for another batch size."""
    frames = {
        (port.shape or ())[fit.frame_axis] if fit.frame_axis is not None else 1
        for port, fit in zip(inputs, fits, strict=True)
        if fit.kind != "vector"
    }
    kinds = {fit.kind for fit in fits}
    slots = num_slots(options, options.device.streams)
    if "time" in kinds and None in frames:
        reason = "the time axis of the blob is free: a whole utterance per request"
        return UtterancePlan(stateful, slots=slots, reason=reason)
    fixed = max((length for length in frames if length), default=None)
    if stateful and "time" not in kinds and fixed not in (None, 1):
        raise UnsupportedModelError(
            f"{options.blob}: has variables for {fixed} utterances at a time; export the model with batch 1"
        )
    if fixed and options.batch_size not in (0, fixed):
        raise UsageError(
            f"batch_size {options.batch_size}: the blob {options.blob} was exported for requests of {fixed} "
            f"frame{'s' if fixed > 1 else ''}",
            fields=("batch_size",),
        )
    reason = f"the blob takes {fixed} frame{'s' if fixed != 1 else ''} per request" if fixed else ""
    if stateful or kinds != {"row"}:
        return BlocksPlan(fixed or 1, stateful, reason=reason)
    rows = fixed or options.batch_size or default_rows(outputs)
    return RowsPlan(rows, pad=fixed is not None, slots=slots, reason=reason)


def plan_dependent_rows(inputs: Sequence[PortInfo], plan: RowsPlan) -> UtterancePlan | BlocksPlan:
    """The plan for a model [T, D] whose rows depend on each other: whole utterances if T is free, else its own T."""
    own = next((port.shape[0] for port in inputs if port.shape and port.shape[0] is not None), None)
    finding = "scores of a frame depend on other frames of the request"
    if own is None:
        return UtterancePlan(slots=plan.slots, reason=f"{finding}: a whole utterance per request")
    reason = f"{finding}: utterances go in pieces of {own} frame{'s' if own > 1 else ''}, as the model has it"
    return BlocksPlan(own, stateful=False, reason=reason)


def default_rows(outputs: Sequence[PortInfo]) -> int:
    """Rows per request that keep the matrix products large and the scores of one request bounded."""
    widths = [prod(length or 1 for length in (port.shape or (1,))[1:]) for port in outputs]
    return max(1, min(DEFAULT_ROWS, _MAX_REQUEST_VALUES // max(1, sum(widths))))
