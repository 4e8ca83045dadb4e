"""How many utterances a model with variables takes side by side.

Tests: tests/scoring/lockstep/test_lanes.py
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import TypeGuard

from ov_asr_score.errors import DeviceError, UnsupportedModelError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.batch_lanes import with_lanes
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.lockstep.lane_independence import lanes_are_independent
from ov_asr_score.scoring.lockstep.queue import held_bytes, output_values
from ov_asr_score.scoring.plan import BlocksPlan, FramesPlan, LockstepPlan, Plan, conversion_of
from ov_asr_score.scoring.plans.sizing import num_streams
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.device import base_devices

# With these a request takes long enough for its overhead not to count. Large models need fewer, and gain little from
# more, while the last utterances of a table leave more lanes empty.
_LANES, _LANES_OF_LARGE_MODELS = 64, 32
_LARGE_MODEL = 4_000_000  # parameters
# What goes over all frames of a request at once is fast without many lanes.
_LONG_BLOCK, _LANES_OF_LONG_BLOCKS = 16, 8
_MAX_REQUESTS = 8
_FEWEST_LANES = 4

LOCKSTEP_REASON = "many utterances in lock-step, each with its own state"
"""What plans of several lanes say of themselves."""


def can_go_side_by_side(plan: Plan, options: ScorerOptions) -> TypeGuard[BlocksPlan | FramesPlan]:
    """Whether utterances may go side by side: a model with variables on a CPU, unless one at a time is asked for."""
    if not isinstance(plan, BlocksPlan | FramesPlan) or not plan.stateful or options.one_at_a_time:
        return False
    if isinstance(plan, BlocksPlan) and plan.shift:
        return False  # lanes take frames once, and give a row for each
    if options.batch_size == 1:
        return options.requests > 1
    return options.batch_size > 1 or options.requests > 1 or base_devices(options.device.device) == ["CPU"]


def plan_streams(plan: BlocksPlan | FramesPlan, options: ScorerOptions) -> BlocksPlan | FramesPlan:
    """The plan with a stream for each request: small products gain nothing from threads that share them."""
    streams = num_streams(options, recurrent=True)
    return replace(plan, streams=min(streams, options.requests or _MAX_REQUESTS))


def side_by_side(plan: BlocksPlan | FramesPlan, slots: int, held_bytes: int) -> LockstepPlan:
    """The requests of ``plan`` with one lane for an utterance each, and ``slots`` of them under way at a time."""
    return LockstepPlan(
        plan.frames_per_request,
        held_bytes=held_bytes,
        conversion=conversion_of(plan),
        slots=slots,
        streams=plan.streams,
        reason=plan.reason,
    )


def take_lanes(
    open_runner: Callable[[ov.Model | None, int], OpenVinoRunner],
    model: ov.Model | None,
    options: ScorerOptions,
    plan: BlocksPlan | FramesPlan,
    fits: Sequence[InputFit],
    first: Utterance | None,
) -> tuple[OpenVinoRunner, BlocksPlan | FramesPlan | LockstepPlan]:
    """A runner of the model for many utterances at a time, and the plan for it.

    Several requests with one utterance each where the model has no lanes (``model`` is None: a blob), or where the
    model as it is gives other scores than the lanes; those that were converted here are known to have lanes.
    ``open_runner`` compiles a model for a number of requests.
    """
    is_known = isinstance(plan, FramesPlan) and model is not None
    single = None if is_known else open_runner(model, 1)
    slots = options.requests or (single.num_streams if single is not None else plan.streams) or 1
    ignored = f"; batch size {options.batch_size} has no effect" if options.batch_size > 1 else ""
    plan = replace(plan, reason=plan.reason.removesuffix(ignored))
    one_lane = side_by_side(plan, slots, options.memory_limit // 2)
    lanes = options.batch_size or _num_lanes(model, one_lane, _utterance_bytes(model, fits, one_lane, first))
    reasons = [plan.reason] if plan.reason else []
    if model is not None and lanes > 1:
        try:
            runner = open_runner(with_lanes(model, lanes), slots)
            laned = replace(one_lane, lanes=lanes, reason="; ".join([*reasons, LOCKSTEP_REASON]))
            if single is None or lanes_are_independent(runner, single, fits, laned, first):
                return runner, laned
            reasons.append("lanes would know each other")
        except (UnsupportedModelError, DeviceError) as error:
            reasons.append(str(error))
    runner = open_runner(model, slots) if single is None else single.again(slots)
    reason = "; ".join(reasons) + ignored
    return runner, replace(plan, reason=reason) if slots == 1 else replace(one_lane, reason=reason)


def _num_lanes(model: ov.Model | None, plan: LockstepPlan, utterance_bytes: int) -> int:
    """As many lanes as make requests fast, but no more than there is memory for utterances in them."""
    if model is None:
        return 1
    constants = (node.output(0) for node in model.get_ops() if node.get_type_name() == "Constant")
    shapes = (shape_of(output.get_partial_shape()) or () for output in constants)
    parameters = sum(prod(length or 1 for length in shape) for shape in shapes)
    most = max(_FEWEST_LANES, plan.held_bytes // (plan.slots * utterance_bytes))
    if plan.frames_per_request >= _LONG_BLOCK:
        return min(most, _LANES_OF_LONG_BLOCKS)
    return min(most, _LANES if parameters < _LARGE_MODEL else _LANES_OF_LARGE_MODELS)


def _utterance_bytes(
    model: ov.Model | None, fits: Sequence[InputFit], plan: LockstepPlan, first: Utterance | None
) -> int:
    """What an utterance takes on its way in a lane, if all are like the first."""
    frames = first.num_frames if first is not None else 0
    values = 0 if model is None else output_values(describe_ports(model)[1])
    return max(1, held_bytes(frames, fits, plan, values))
