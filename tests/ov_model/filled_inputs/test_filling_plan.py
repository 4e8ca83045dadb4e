"""Which inputs need a table, and what is said where nothing tells."""

from __future__ import annotations

from typing import Any

import pytest

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.ov_model.filled_inputs.filling_plan import GivenInputs, advice_for, plan_fillings, with_shapes
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan, StatePair, is_filling, parse_filling
from tests.ov_model.filled_inputs.test_state_names import port

X, H, NEXT, SCORES = port("x", 1, None, 4), port("h0", 1, None, 5), port("hn", 1, None, 5), port("y", 1, None, 3)
LENGTH, MASK, OFFSET = port("x_lens", None, kind="i64"), port("mask", None, None), port("offset", kind="i64")
ODD = port("s", 1, None, 5)


def plan(inputs: Any, outputs: Any = (SCORES, NEXT), **given: Any) -> FillingPlan:
    return plan_fillings(inputs, outputs, GivenInputs(**given))


def test_names_say_what_needs_no_table() -> None:
    found = plan([X, H, LENGTH, MASK, OFFSET], unnamed=1)
    assert found.states == (StatePair("h0", "hn"),)
    assert found.fillings == (Filling("x_lens", "frames"), Filling("mask", "ones"), Filling("offset", "position"))
    assert found.inputs == {"h0", "x_lens", "mask", "offset"}
    assert found.outputs == {"hn"}
    assert found == plan([X, H, LENGTH, MASK, OFFSET], tables=["x"])
    assert found == plan([X, H, LENGTH, MASK, OFFSET])  # as for bench, which has noise


def test_any_name_of_an_input_counts() -> None:
    length = port("encoded_lengths", None, kind="i64", names=("encoded_lengths", "length"))
    assert plan([X, length], unnamed=1).fillings == (Filling("encoded_lengths", "frames"),)


def test_tables_come_before_everything() -> None:
    assert plan([X, H, LENGTH], tables=["x", "h0"]) == FillingPlan(fillings=(Filling("x_lens", "frames"),))
    assert not plan([X, H, LENGTH], unnamed=3)
    assert not plan([LENGTH])  # nothing would be left
    assert not plan([X, H], [SCORES, port("hn", 1, None, 5, kind="f16")])


def test_words_and_states_that_are_asked_for() -> None:
    found = plan([X, ODD, OFFSET], tables=["x"], words={"offset": "value:3"}, states=["s=hn"])
    assert found == FillingPlan((StatePair("s", "hn"),), (Filling("offset", "value", 3.0, True),))
    assert plan([X, MASK], words={"mask": "zeros"}).fillings == (Filling("mask", "zeros", is_asked=True),)
    # an offset counts where there are states only
    assert not plan([X, OFFSET], unnamed=1)


def test_shapes_of_states_that_are_asked_for() -> None:
    (pair,) = plan([X, ODD], tables=["x"], states=["s=hn[1, 3,5]"]).states
    assert pair == StatePair("s", "hn", (1, 3, 5))
    bracket = port("hn[1]", 1, None, 5)
    (pair,) = plan([X, ODD], [SCORES, bracket], tables=["x"], states=["s=hn[1]"]).states
    assert pair == StatePair("s", "hn[1]")


def test_words() -> None:
    assert [is_filling(text) for text in ("frames", "ones", "value:0.5", "ark:frames", "frames.ark", "Ones")] == [
        *(True, True, True, False, False, False)
    ]
    assert parse_filling("a", "value:-0.5") == Filling("a", "value", -0.5, True)
    with pytest.raises(UsageError, match=r"^inputs 'a=value:x': expected a number behind 'value:'$"):
        parse_filling("a", "value:x")


@pytest.mark.parametrize(
    ("error", "given", "message"),
    [
        (
            UsageError,
            {"states": ["s"]},
            "states 's': expected IN=OUT, an input and the output that gives its next value",
        ),
        (UnknownNameError, {"states": ["t=hn"]}, "states: the model has no input 't'"),
        (UnknownNameError, {"states": ["s=hm"]}, "states: the model has no output 'hm'"),
        (
            ShapeMismatchError,
            {"states": ["s=y"]},
            "states 's=y': input [1,?,5] f32 and output [1,?,3] f32 do not match",
        ),
        (ShapeMismatchError, {"states": ["s=hn[1,3,4]"]}, "states 's=hn[1,3,4]': input 's' is [1,?,5]"),
        (ShapeMismatchError, {"states": ["s=hn[1,5]"]}, "states 's=hn[1,5]': input 's' is [1,?,5]"),
        (UsageError, {"states": ["s=hn", "h0=hn"]}, "states 'h0=hn': output 'hn' is given twice"),
        (UsageError, {"states": ["s=hn", "s=hn"]}, "states 's=hn': input 's' is given twice"),
        (UsageError, {"states": ["s=hn"], "tables": ["s"]}, "states 's=hn': input 's' is given twice"),
        (UsageError, {"words": {"s": "ones"}, "tables": ["s"]}, "inputs: input 's' is given twice"),
        (UnknownNameError, {"words": {"r": "ones"}}, "inputs: the model has no input 'r'"),
    ],
)
def test_what_does_not_fit(error: type[OvAsrScoreError], given: Any, message: str) -> None:
    with pytest.raises(error) as caught:
        plan([X, ODD, H], **given)
    assert str(caught.value).startswith(message)
    assert caught.value.fields


def test_advice() -> None:
    inputs = [X, ODD, port("task", 1, kind="i64"), port("gain"), port("valid", None, None), port("ivector", 1, 100)]
    advice = advice_for(["s", "task", "gain", "valid", "ivector"], inputs, [SCORES, NEXT, port("t", 1, 1, 5)])
    assert advice.split("; ")[1:] == [
        "states 's=hn' if that output (or t) is its next state",
        "inputs 'task=frames' if 'task' is the number of frames, or inputs 'task=value:N'",
        "inputs 'gain=value:X' if 'gain' is one number for all utterances",
        "inputs 'valid=ones' or inputs 'valid=zeros', whichever marks all frames as valid, if 'valid' is a mask of "
        "frames",
    ]


def test_shapes_of_states() -> None:
    inputs = [X, H, MASK]
    planned = FillingPlan((StatePair("h0", "hn"),), (Filling("mask", "ones"),))
    asked = with_shapes(planned, inputs, {"x": (1, 200, 4), "h0": (1, 0, 5)})
    assert asked == FillingPlan((StatePair("h0", "hn", shape=(1, 0, 5), is_fixed=True),), planned.fillings)
    with pytest.raises(ShapeMismatchError, match=r"shapes: input 'h0' takes \[1,\?,5\], found \[1,0,6\]"):
        with_shapes(planned, inputs, {"h0": (1, 0, 6)})
    with pytest.raises(UsageError, match="shapes: input 'mask' is filled in"):
        with_shapes(planned, inputs, {"mask": (1, 9)})
