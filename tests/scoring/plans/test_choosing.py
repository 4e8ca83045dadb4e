"""The plan of a model, from its inputs, its conversion metadata and what is asked for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.input_fit import fit_inputs
from ov_asr_score.scoring.plan import BlocksPlan, ChunksPlan, FramesPlan, RowsPlan, UtterancePlan, VectorsPlan
from ov_asr_score.scoring.plans.choosing import default_rows, plan_blob, plan_converted, plan_dependent_rows
from ov_asr_score.scoring.scorer_options import ScorerOptions

SCORES = (PortInfo("y", "y", 0, ("y",), (None, None, 120), "f32", ""),)
CONVERSION = ConversionFacts("utterance", "final.mdl", "", 3, left_context=4, right_context=3)
OPTIONS = ScorerOptions(model="final.mdl", requests=3)


def port(shape: tuple[int | None, ...] | None, layout: str = "") -> PortInfo:
    return PortInfo("x", "x", 0, ("x",), shape, "f32", layout)


def test_rows_of_a_request_are_bounded_by_the_width_of_the_scores() -> None:
    assert default_rows([port((1, 120))]) == 512
    assert default_rows([port((1, 1_000_000)), port((None, 1_000_000))]) == 32
    assert default_rows([port((1, 10**9))]) == 1


def test_a_converted_model_says_how_it_is_fed() -> None:
    inputs = [port((None, None, 40))]
    in_order = replace(CONVERSION, time="frame", frames_per_request=6, delay=9)
    _, plan = plan_converted(None, inputs, SCORES, in_order, replace(OPTIONS, batch_size=2))
    assert isinstance(plan, FramesPlan)
    assert (plan.frames_per_request, plan.slots, plan.stateful) == (6, 1, True)
    assert plan.reason == (
        "converted from a Kaldi model for frames in order, scores come 9 frames late; batch size 2 has no effect"
    )
    _, plan = plan_converted(
        None, inputs, SCORES, replace(CONVERSION, time="chunk", frames_per_chunk=50, batch_compute=True), OPTIONS
    )
    assert isinstance(plan, ChunksPlan)
    assert (plan.frames_per_chunk, plan.slots) == (50, 3)
    assert plan.reason == "chunks of 50 frames as nnet3-compute-batch cuts them"


def test_a_model_of_vectors_says_how_it_is_fed() -> None:
    inputs, vectors = [port((None, None, 40))], replace(CONVERSION, time="vector", frames_per_chunk=150)
    _, plan = plan_converted(None, inputs, SCORES, vectors, OPTIONS)
    assert isinstance(plan, VectorsPlan)
    assert (plan.frames_per_chunk, plan.slots, plan.conversion) == (150, 3, vectors)
    assert plan.reason == "converted from a Kaldi model for one vector per utterance, as in nnet3-xvector-compute"


def test_whole_utterances_share_requests_where_their_edges_are_repeated() -> None:
    inputs = [port((None, None, 40))]
    _, plan = plan_converted(None, inputs, SCORES, CONVERSION, OPTIONS)
    assert isinstance(plan, UtterancePlan)
    assert plan.grouping is not None
    _, plan = plan_converted(None, inputs, SCORES, replace(CONVERSION, pad_input=False), OPTIONS)
    assert isinstance(plan, UtterancePlan)
    assert plan.grouping is None
    local = replace(CONVERSION, left_context=0, right_context=0, reach_left=0, reach_right=0)
    _, plan = plan_converted(None, inputs, SCORES, local, replace(OPTIONS, batch_size=7))
    assert isinstance(plan, RowsPlan)
    assert (plan.frames_per_request, plan.pad) == (7, False)


def test_a_converted_model_takes_no_windows_of_context() -> None:
    with pytest.raises(UsageError, match="repeats the edges of utterances itself"):
        plan_converted(None, [port((None, None, 40))], SCORES, CONVERSION, replace(OPTIONS, left_context=1))


@pytest.mark.parametrize(
    ("shape", "stateful", "expected"),
    [
        ((1, None, 40), False, UtterancePlan(slots=3, reason="the time axis of the blob is free: a whole utterance")),
        ((8, 40), False, RowsPlan(8, pad=True, slots=3, reason="the blob takes 8 frames per request")),
        ((1, 40), True, BlocksPlan(1, stateful=True, reason="the blob takes 1 frame per request")),
        ((1, 5, 40), False, BlocksPlan(5, stateful=False, reason="the blob takes 5 frames per request")),
    ],
)
def test_a_blob_is_fed_as_its_shapes_say(
    shape: tuple[int | None, ...], stateful: bool, expected: RowsPlan | BlocksPlan | UtterancePlan
) -> None:
    inputs = [port(shape, "NTC" if len(shape) == 3 else "NC")]
    plan = plan_blob(inputs, SCORES, replace(OPTIONS, blob="m.blob"), fit_inputs(inputs, None), stateful=stateful)
    assert plan.reason.startswith(expected.reason)
    assert replace(plan, reason="") == replace(expected, reason="")


def test_a_blob_keeps_its_batch() -> None:
    inputs = [port((8, 40))]
    options = replace(OPTIONS, blob="m.blob", batch_size=4)
    with pytest.raises(UsageError, match=r"batch_size 4: the blob m\.blob was exported for requests of 8 frames"):
        plan_blob(inputs, SCORES, options, fit_inputs(inputs, None), stateful=False)
    with pytest.raises(UnsupportedModelError, match="has variables for 8 utterances at a time"):
        plan_blob(inputs, SCORES, OPTIONS, fit_inputs(inputs, None), stateful=True)


def test_rows_that_depend_on_each_other_go_together() -> None:
    rows = RowsPlan(512, slots=3, streams=2)
    assert plan_dependent_rows([port((None, 40))], rows) == UtterancePlan(
        slots=3, reason="scores of a frame depend on other frames of the request: a whole utterance per request"
    )
    plan = plan_dependent_rows([port((20, 40))], rows)
    assert isinstance(plan, BlocksPlan)
    assert (plan.frames_per_request, plan.slots, plan.stateful) == (20, 1, False)
