"""Plans for people and reports."""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.errors import unreachable
from ov_asr_score.ports import shape_text
from ov_asr_score.report.data.run import PlanFacts
from ov_asr_score.scoring.input_fit import BY_SIZES, InputFit
from ov_asr_score.scoring.plan import (
    BlocksPlan,
    ChunksPlan,
    EqualWindows,
    FramesPlan,
    Grouping,
    LockstepPlan,
    Plan,
    RowsPlan,
    UtterancePlan,
    VectorsPlan,
)

_USUAL_LAYOUTS = ("", "C", "NC", "N1C", "NTC")


def plan_text(plan: Plan, fits: Sequence[InputFit]) -> str:
    """One line that says how requests are filled."""
    inputs = ", ".join(map(_input_text, fits))
    return f"{_filling(plan)}; {plan.slots} infer request{'s' if plan.slots > 1 else ''}; inputs {inputs}"


def plan_facts(plan: Plan, fits: Sequence[InputFit], streams: int) -> PlanFacts:
    """What reports say of a plan; ``streams`` is what the device was set up for, where the plan does not say it."""
    match plan:
        case RowsPlan() | BlocksPlan() | FramesPlan():
            frames, utterances = plan.frames_per_request, 1
        case UtterancePlan():
            frames = plan.windows.frames if plan.windows is not None else 0
            utterances = plan.grouping.max_utterances if plan.grouping is not None else 1
        case ChunksPlan() | VectorsPlan():
            frames, utterances = plan.frames_per_chunk, 1
        case LockstepPlan():
            frames, utterances = plan.frames_per_request, plan.lanes
        case _:
            raise unreachable(plan)
    return {
        "mode": plan.mode,
        "frames_per_request": frames,
        "utterances_per_request": utterances,
        "requests": plan.slots,
        "streams": plan.streams or streams or None,
        "stateful": plan.stateful,
        "left_context": plan.left_context,
        "right_context": plan.right_context,
        "summary": plan_text(plan, fits),
        "reason": plan.reason or None,
        "inputs": [
            {"name": fit.name, "takes": fit.kind, "width": fit.width, "layout": fit.layout, "layout_from": fit.source}
            for fit in fits
        ],
    }


def _input_text(fit: InputFit) -> str:
    """An input with its layout, where that is not the usual one or was not plain from sizes."""
    text = f"{fit.name} {shape_text((fit.width,))}"
    is_plain = fit.source in ("", BY_SIZES) and fit.layout.strip("1") in _USUAL_LAYOUTS
    return text if is_plain else f"{text} as {fit.layout} ({fit.source})"


def _filling(plan: Plan) -> str:
    match plan:
        case RowsPlan():
            return f"{plan.frames_per_request} frames per request, utterances together"
        case BlocksPlan() if plan.shift:
            return f"{_frames(plan.frames_per_request)} per request, in order, the next {_frames(plan.shift)} later"
        case BlocksPlan() | FramesPlan():
            return f"{_frames(plan.frames_per_request)} per request, in order"
        case UtterancePlan():
            if plan.windows is not None:
                return _window_text(plan.windows)
            return "a whole utterance per request" if plan.grouping is None else _group_text(plan.grouping)
        case ChunksPlan():
            return f"chunks of {plan.frames_per_chunk} frames, {'one' if plan.single else 'several'} per request"
        case VectorsPlan() if plan.frames_per_chunk:
            return f"one vector per utterance, the mean of the vectors of chunks of {plan.frames_per_chunk} frames"
        case VectorsPlan():
            return "one vector per utterance; one utterance per request"
        case LockstepPlan():
            lanes = f"{plan.lanes} utterances" if plan.lanes > 1 else "one utterance"
            return f"{_frames(plan.frames_per_request)} of {lanes} per request, in order"
        case _:
            raise unreachable(plan)


def _frames(count: int) -> str:
    return f"{count} frame{'s' if count > 1 else ''}"


def _window_text(windows: EqualWindows) -> str:
    lengths = f"{windows.frames} frames"
    if not windows.pad and windows.alignment > 1:
        lengths = f"{windows.frames} to {windows.frames + windows.alignment - 1} frames"
    return f"windows of {lengths}, one per request, of which {windows.left} + {windows.right} are context"


def _group_text(grouping: Grouping) -> str:
    together = (
        f"utterances of {'about' if grouping.waste else 'exactly'} one length together, up to {grouping.frames} frames"
    )
    most = "whole utterances" if grouping.max_utterances == 1 else together
    return most + (f", longer ones than {grouping.longest} frames in windows" if grouping.longest else "")
