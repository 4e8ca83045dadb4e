"""Masks of ones are filled in only where a trial shows that ones let frames count."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from onnx import TensorProto, helper

from ov_asr_score.errors import UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan
from ov_asr_score.scoring.trials.mask_polarity import check_masks
from tests.ov_model.filled_inputs.onnx_models import SCORES, WIDTH, Port, mask_model, onnx_model, read_onnx

REQUEST = {"x": (1, -1, WIDTH)}
ONES = FillingPlan(fillings=(Filling("mask", "ones"),))


def attention_model(*, hides: bool, evenly: bool = False) -> Any:
    """Attention over all frames where the mask lets them count; each frame itself goes past it, as in a conformer.

    Where nothing counts, nothing is seen, or all frames ``evenly``, as exports of PyTorch do.
    """
    nodes = [
        helper.make_node("Cast", ["mask"], ["mask_f"], to=int(TensorProto.FLOAT)),
        *([helper.make_node("Neg", ["mask_f"], ["low"])] if hides else []),
        *([] if hides else [helper.make_node("Sub", ["mask_f", "unit"], ["low"])]),
        helper.make_node("Mul", ["low", "large"], ["bias"]),
        helper.make_node("Unsqueeze", ["bias", "one"], ["bias3"]),
        helper.make_node("Transpose", ["x"], ["xt"], perm=[0, 2, 1]),
        helper.make_node("MatMul", ["x", "xt"], ["likeness"]),
        helper.make_node("Add", ["likeness", "bias3"], ["masked"]),
        helper.make_node("Softmax", ["masked"], ["weights"], axis=-1),
        helper.make_node("MatMul", ["weights", "x"], ["seen"]),
        helper.make_node("Unsqueeze", ["low", "two"], ["low3"]),
        helper.make_node("Add", ["low3", "unit"], ["kept"]),
        *([] if evenly else [helper.make_node("Mul", ["seen", "kept"], ["seen_kept"])]),
        helper.make_node("Add", ["seen" if evenly else "seen_kept", "x"], ["sum"]),
        helper.make_node("MatMul", ["sum", "Q"], ["out"]),
    ]
    inputs: list[Port] = [("x", ["N", "T", WIDTH]), ("mask", ["N", "T"], int(TensorProto.BOOL))]
    constants: dict[str, Any] = {"unit": 1.0, "large": 1e4, "one": [1], "two": [2]}
    return onnx_model(nodes, inputs, [("out", ["N", "T", SCORES])], **constants)


def notes_of(exported: Any, folder: Path, plan: FillingPlan = ONES) -> dict[str, str]:
    return check_masks(ov.Core(), read_onnx(exported, folder), plan, REQUEST)


@pytest.mark.parametrize(
    "exported",
    [mask_model(), attention_model(hides=False), attention_model(hides=False, evenly=True)],
    ids=["product", "attention", "even attention"],
)
def test_ones_that_let_frames_count(exported: Any, tmp_path: Path) -> None:
    notes = notes_of(exported, tmp_path)
    assert list(notes) == ["input 'mask' is filled in with ones"]
    assert notes["input 'mask' is filled in with ones"].startswith(": a trial shows")


@pytest.mark.parametrize(
    "exported",
    [mask_model(hides=True), attention_model(hides=True), attention_model(hides=True, evenly=True)],
    ids=["product", "attention", "even attention"],
)
def test_ones_that_hide_frames_are_asked_for(exported: Any, tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        notes_of(exported, tmp_path)
    assert "give inputs 'mask=ones' or inputs 'mask=zeros', or a table" in str(caught.value)
    asked = FillingPlan(fillings=(Filling("mask", "zeros", is_asked=True),))
    assert notes_of(exported, tmp_path, asked) == {}


def test_a_mask_that_changes_nothing_is_asked_for(tmp_path: Path) -> None:
    nodes = [
        helper.make_node("ReduceSum", ["mask", "one"], ["sum"], keepdims=1),
        helper.make_node("Unsqueeze", ["sum", "one"], ["sum3"]),
        helper.make_node("MatMul", ["x", "Q"], ["xq"]),
        helper.make_node("Add", ["xq", "sum3"], ["out"]),
    ]
    inputs: list[Port] = [("x", ["N", "T", WIDTH]), ("mask", ["N", "T"])]
    exported = onnx_model(nodes, inputs, [("out", ["N", "T", SCORES])], one=[1])
    with pytest.raises(UsageError, match="a trial does not show whether ones in it mark valid frames"):
        notes_of(exported, tmp_path)
