"""Lengths, masks and values that the graph computes by itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UsageError
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.filled_inputs.computed_inputs import filled_value
from ov_asr_score.ov_model.filled_inputs.fill_inputs import fill_inputs
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingKind, FillingPlan
from tests.ov_model.filled_inputs.onnx_models import (
    features,
    first_output,
    length_model,
    mask_model,
    read_onnx,
    request_of,
    run_onnx,
)

REQUEST = {"x": (1, -1, 4)}


def scores_of(exported: Any, folder: Path, filling: Filling, x: Any) -> Any:
    filled = fill_inputs(read_onnx(exported, folder), FillingPlan(fillings=(filling,)), REQUEST)
    assert [port.get_any_name() for port in filled.model.inputs] == ["x"]
    request = request_of(filled.model)
    first_output(request, x[:, :2])  # another length before
    return first_output(request, x)


@pytest.mark.parametrize("shape", [["N"], [1], [], ["N", 1]])
@pytest.mark.parametrize("kind", [TensorProto.INT64, TensorProto.INT32])
def test_the_number_of_frames(shape: list[Any], kind: int, tmp_path: Path) -> None:
    exported = length_model("x_lens", shape, kind)
    x = features(7)[None]
    length = np.full([1] * len(shape), 7, np.int64 if kind == TensorProto.INT64 else np.int32)
    expected = run_onnx(exported, {"x": x, "x_lens": length})
    np.testing.assert_allclose(scores_of(exported, tmp_path, Filling("x_lens", "frames"), x), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["ones", "zeros"])
@pytest.mark.parametrize("shape", [["N", "T"], ["N", 1, "T"], ["N", "T", 1], [1, "T"]])
@pytest.mark.parametrize("dtype", [TensorProto.FLOAT, TensorProto.BOOL, TensorProto.INT64])
def test_masks(kind: FillingKind, shape: list[Any], dtype: int, tmp_path: Path) -> None:
    exported = mask_model("mask", shape, dtype)
    x = features(7)[None]
    sizes = [{"N": 1, "T": 7}.get(length, length) for length in shape]
    types: dict[int, Any] = {TensorProto.FLOAT: np.float32, TensorProto.BOOL: np.bool_, TensorProto.INT64: np.int64}
    expected = run_onnx(exported, {"x": x, "mask": np.full(sizes, kind == "ones", types[dtype])})
    np.testing.assert_allclose(scores_of(exported, tmp_path, Filling("mask", kind), x), expected, atol=1e-5)


def test_values(tmp_path: Path) -> None:
    exported = length_model("gain", [], TensorProto.FLOAT)
    x = features(7)[None]
    expected = run_onnx(exported, {"x": x, "gain": np.array(0.5, np.float32)})
    np.testing.assert_allclose(scores_of(exported, tmp_path, Filling("gain", "value", 0.5), x), expected, atol=1e-6)


@pytest.mark.parametrize(
    ("filling", "shape", "dtype", "error", "message"),
    [
        (Filling("a", "frames"), [1, 4], np.int64, UsageError, "the number of frames is one value; the input is [1,4]"),
        (
            Filling("a", "ones"),
            [-1, -1, -1],
            np.float32,
            ShapeMismatchError,
            "is not a mask with a value for each",
        ),
        (Filling("a", "zeros"), [1, -1, 5], np.float32, ShapeMismatchError, "or 'a=value:0' for one utterance"),
        (Filling("a", "value", 0.5), [1], np.int64, UsageError, "the input takes i64; expected a whole number"),
        (Filling("a", "value", 300.0), [1], np.uint8, UsageError, "is out of the range of u8"),
        (Filling("a", "value", -1.0), [1], np.uint8, UsageError, "is out of the range of u8"),
        (Filling("a", "value", 1e300), [1], np.int64, UsageError, "is out of the range of i64"),
    ],
)
def test_what_cannot_be(
    filling: Filling, shape: list[int], dtype: Any, error: type[OvAsrScoreError], message: str
) -> None:
    frames = opset.constant(np.array(3, np.int64)).output(0)
    with pytest.raises(error) as caught:
        filled_value(filling, opset.parameter(ov.PartialShape(shape), dtype), frames)
    assert message in str(caught.value)
    assert caught.value.fields == ("inputs",)


@pytest.mark.parametrize("kind", ["frames", "ones"])
def test_frames_have_to_be_there(kind: FillingKind) -> None:
    with pytest.raises(UsageError, match="has no input whose frames could be counted"):
        filled_value(Filling("a", kind), opset.parameter(ov.PartialShape([-1]), np.int64), None)
