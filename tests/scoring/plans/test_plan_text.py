"""What people and reports are told of each plan."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.scoring.input_fit import InputFit
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
    conversion_of,
)
from ov_asr_score.scoring.plans.plan_text import plan_facts, plan_text

CONVERSION = ConversionFacts("frame", "a.mdl", "", 3, 0, 0, frames_per_request=6, frames_per_chunk=50)
FITS = [InputFit("x", "row", 40, (-1, 40)), InputFit("ivector", "vector", 10, (1, 10))]

PLANS: list[tuple[Plan, str, tuple[str, int, int]]] = [
    (RowsPlan(512, slots=3), "512 frames per request, utterances together; 3 infer requests", ("rows", 512, 1)),
    (BlocksPlan(1, stateful=True), "1 frame per request, in order; 1 infer request", ("blocks", 1, 1)),
    (BlocksPlan(4, stateful=False), "4 frames per request, in order; 1 infer request", ("blocks", 4, 1)),
    (UtterancePlan(slots=2), "a whole utterance per request; 2 infer requests", ("utterance", 0, 1)),
    (
        UtterancePlan(conversion=CONVERSION, grouping=Grouping(64, 1600, 0.1, 99, longest=4096)),
        "utterances of about one length together, up to 1600 frames, longer ones than 4096 frames in windows; "
        "1 infer request",
        ("utterance", 0, 64),
    ),
    (
        UtterancePlan(conversion=CONVERSION, grouping=Grouping(64, 1600, 0.0, 99)),
        "utterances of exactly one length together, up to 1600 frames; 1 infer request",
        ("utterance", 0, 64),
    ),
    (
        UtterancePlan(conversion=CONVERSION, grouping=Grouping(1, 1600, 0.1, 99)),
        "whole utterances; 1 infer request",
        ("utterance", 0, 1),
    ),
    (
        UtterancePlan(windows=EqualWindows(200, 6, 7, 3, (3,))),
        "windows of 200 to 202 frames, one per request, of which 6 + 7 are context; 1 infer request",
        ("utterance", 200, 1),
    ),
    (
        UtterancePlan(conversion=CONVERSION, windows=EqualWindows(200, 6, 7, 3, (3,), pad=True), slots=2),
        "windows of 200 frames, one per request, of which 6 + 7 are context; 2 infer requests",
        ("utterance", 200, 1),
    ),
    (
        ChunksPlan(CONVERSION, single=True),
        "chunks of 50 frames, one per request; 1 infer request",
        ("chunks", 50, 1),
    ),
    (ChunksPlan(CONVERSION), "chunks of 50 frames, several per request; 1 infer request", ("chunks", 50, 1)),
    (
        VectorsPlan(CONVERSION),
        "one vector per utterance, the mean of the vectors of chunks of 50 frames; 1 infer request",
        ("vectors", 50, 1),
    ),
    (
        VectorsPlan(replace(CONVERSION, frames_per_chunk=0)),
        "one vector per utterance; one utterance per request; 1 infer request",
        ("vectors", 0, 1),
    ),
    (FramesPlan(CONVERSION), "6 frames per request, in order; 1 infer request", ("frames", 6, 1)),
    (LockstepPlan(6, lanes=8), "6 frames of 8 utterances per request, in order; 1 infer request", ("lockstep", 6, 8)),
    (
        LockstepPlan(1, slots=2),
        "1 frame of one utterance per request, in order; 2 infer requests",
        ("lockstep", 1, 1),
    ),
]


@pytest.mark.parametrize(("plan", "text", "figures"), PLANS, ids=[text for _, text, _ in PLANS])
def test_every_plan_tells_what_requests_hold(plan: Plan, text: str, figures: tuple[str, int, int]) -> None:
    assert plan_text(plan, FITS) == f"{text}; inputs x [40], ivector [10]"
    facts = plan_facts(plan, FITS, streams=2)
    assert (facts["mode"], facts["frames_per_request"], facts["utterances_per_request"]) == figures
    assert (facts["requests"], facts["streams"], facts["reason"]) == (plan.slots, 2, None)


def test_plans_of_converted_models_keep_their_metadata() -> None:
    assert conversion_of(FramesPlan(CONVERSION)) is CONVERSION
    assert conversion_of(BlocksPlan(1, stateful=True)) is None
    assert conversion_of(LockstepPlan(1)) is None
