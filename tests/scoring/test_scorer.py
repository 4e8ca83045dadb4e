"""From a model file to scores, against plain numpy: shapes of inputs, batches, element types, layouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import RowsPlan
from ov_asr_score.scoring.plans.plan_text import plan_text
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.scoring.tiny_models import (
    BIAS,
    SCORES,
    WEIGHTS,
    WIDTH,
    affine,
    affine_model,
    affine_scores,
    assert_close,
    frames,
    input_of,
    integers,
    make_scorer,
    model_of,
    running_sum_model,
    score_with,
    splice_model,
    utterances,
)

LENGTHS = (5, 0, 1, 9, 2)


def check_frames(model: ov.Model, folder: Path, **options: Any) -> None:
    given = utterances(*LENGTHS)
    results = score_with(model, given, folder, **options)
    assert [result.key for result in results] == [utterance.key for utterance in given]
    for utterance, result in zip(given, results, strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 7, 16, 17, 512])
@pytest.mark.parametrize("shape", [[1, WIDTH], [4, WIDTH], [-1, WIDTH], [1, 1, WIDTH], [-1, 1, WIDTH], [2, -1, WIDTH]])
def test_every_batch_size_gives_the_scores_of_single_frames(shape: list[int], batch_size: int, tmp_path: Path) -> None:
    check_frames(affine_model(shape), tmp_path, batch_size=batch_size)


@pytest.mark.parametrize("shape", [[WIDTH], [1, 4, WIDTH], [1, 20, WIDTH], [-1, -1, WIDTH], [-1, -1, -1]])
def test_shapes_that_settle_the_request(shape: list[int], tmp_path: Path) -> None:
    check_frames(affine_model(shape), tmp_path)


@pytest.mark.parametrize("dtype", [np.float16, np.float64])
def test_inputs_of_another_float_type_take_float32_features(dtype: Any, tmp_path: Path) -> None:
    given = [Utterance("a", {"x": np.round(frames(7) * 8) / 8}, 7)]  # exact in float16
    (result,) = score_with(affine_model([1, WIDTH], dtype), given, tmp_path, batch_size=3)
    assert_close(result.scores["score"], affine_scores(given[0].features["x"]))


def test_integer_inputs_and_outputs(tmp_path: Path) -> None:
    x = input_of([1, 2], dtype=np.int32)
    model = model_of(op.multiply(x, op.constant(np.array([2, 3], np.int32))), [x])
    given = [Utterance("a", {"x": np.array([[1, 2], [3, 4], [5, 6]], np.float32)}, 3)]
    (result,) = score_with(model, given, tmp_path)
    assert_close(result.scores["score"], np.array([[2, 6], [6, 12], [10, 18]]), 0)


def test_a_batch_fixed_inside_the_graph_is_filled_up_and_nothing_leaks(tmp_path: Path) -> None:
    x = input_of([4, WIDTH])
    model = model_of(op.add(affine(x), op.constant(np.zeros((4, SCORES), np.float32))), [x])
    check_frames(model, tmp_path)
    check_frames(model, tmp_path, batch_size=4)
    scorer = make_scorer(model, utterances(5)[0], tmp_path)
    assert isinstance(scorer.plan, RowsPlan)
    assert (scorer.plan.frames_per_request, scorer.plan.pad) == (4, True)
    with pytest.raises(UnsupportedModelError, match="cannot take batch size 8"):
        score_with(model, utterances(5), tmp_path, batch_size=8)


@pytest.mark.parametrize("batch_size", [0, 1, 3])
@pytest.mark.parametrize("shape", [[1, 11, 40], [-1, 11, 40], [1, 1, 11, 40], [-1, 11, -1]])
def test_a_frame_of_several_axes(shape: list[int], batch_size: int, tmp_path: Path) -> None:
    x = input_of(shape)
    weights = (np.random.default_rng(3).standard_normal((440, SCORES)) / 20).astype(np.float32)
    model = model_of(op.matmul(op.reshape(x, integers(-1, 440), False), op.constant(weights), False, False), [x])
    given = [Utterance(f"u{length}", {"x": frames(length, length, 440)}, length) for length in (3, 1, 4)]
    for utterance, result in zip(given, score_with(model, given, tmp_path, batch_size=batch_size), strict=True):
        assert_close(result.scores["score"], utterance.features["x"] @ weights)


@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_scores_of_several_axes_are_laid_out_in_one(batch_size: int, tmp_path: Path) -> None:
    x = input_of([1, 1, 2, 3])
    model = model_of(op.multiply(x, op.constant(np.float32(2))), [x])
    given = [*utterances(0, 4), *utterances(3)]
    for utterance, result in zip(given, score_with(model, given, tmp_path, batch_size=batch_size), strict=True):
        assert_close(result.scores["score"], utterance.features["x"] * 2)


def test_zero_frames_as_kaldi_writes_them_do_not_settle_the_width(tmp_path: Path) -> None:
    empty = Utterance("empty", {"x": np.zeros((0, 0), np.float32)}, 0)
    for shape in ([1, WIDTH], [WIDTH], [1, -1, WIDTH], [1, 5, WIDTH]):
        results = score_with(affine_model(shape), [empty, *utterances(3), empty], tmp_path)
        assert [result.scores["score"].shape for result in results] == [(0, 3), (3, 3), (0, 3)]
    for shape in ([1, WIDTH], [WIDTH], [1, -1, WIDTH], [1, 1, WIDTH]):
        (alone,) = make_scorer(affine_model(shape), empty, tmp_path).score([empty])
        assert alone.scores["score"].shape == (0, 3)


@pytest.mark.parametrize("layout", ["x[NC]", "[NC]", "x[N,C]", "x[n?]", "x[TC]"])
def test_layouts(layout: str, tmp_path: Path) -> None:
    check_frames(affine_model([-1, WIDTH]), tmp_path, layout=layout)


def test_a_layout_tells_frames_of_several_rows_from_time(tmp_path: Path) -> None:
    given = [Utterance("a", {"x": frames(5)}, 5)]
    (whole,) = score_with(running_sum_model([-1, WIDTH]), given, tmp_path, layout="x[TC]")
    assert whole.num_requests == 1
    assert_close(whole.scores["score"], affine_scores(given[0].features["x"]).cumsum(0))


def test_time_first_with_a_batch_of_one(tmp_path: Path) -> None:
    model = running_sum_model([-1, 1, WIDTH])
    model.inputs[0].get_node().set_layout(ov.Layout("TNC"))
    given = utterances(5, 2)
    for utterance, result in zip(given, score_with(model, given, tmp_path), strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]).cumsum(0))


@pytest.mark.parametrize("shape", [[1, WIDTH, -1], [-1, WIDTH, -1], [WIDTH, -1], [WIDTH, -1, -1], [-1, 1, WIDTH, -1]])
def test_time_behind_the_values(shape: list[int], tmp_path: Path) -> None:
    x = input_of(shape)
    axis = shape.index(WIDTH)
    model = model_of(op.softmax(op.cum_sum(x, op.constant(np.int64(len(shape) - 1))), axis), [x])
    given = utterances(4, 0, 9, 1)
    layout = "x[CNT]" if shape == [WIDTH, -1, -1] else ""
    for utterance, result in zip(given, score_with(model, given, tmp_path, layout=layout), strict=True):
        sums = np.exp(utterance.features["x"].astype(np.float64).cumsum(0))
        assert_close(result.scores["score"], sums / sums.sum(1, keepdims=True))


def test_a_batch_that_scores_are_folded_into_is_made_one(tmp_path: Path) -> None:
    x = input_of([-1, -1, WIDTH])
    model = model_of(op.reshape(affine(x), integers(-1, SCORES), False), [x])
    check_frames(model, tmp_path)


def test_features_of_another_width_are_refused(tmp_path: Path) -> None:
    model = affine_model([1, WIDTH])
    with pytest.raises(ShapeMismatchError, match=r"input 'x' \[1,6\]: expected 6 values per frame, features have 5"):
        score_with(model, [Utterance("a", {"x": frames(2, 0, 5)}, 2)], tmp_path)
    with pytest.raises(ShapeMismatchError, match=r"utterance 'b': expected 2 frames of 6 values .* found \[2, 1\]"):
        score_with(model, [*utterances(3), Utterance("b", {"x": frames(2, 0, 1)}, 2)], tmp_path)


def test_plan_text(tmp_path: Path) -> None:
    scorer = make_scorer(affine_model([1, WIDTH]), utterances(3)[0], tmp_path, requests=1)
    assert (
        plan_text(scorer.plan, scorer.fits) == "512 frames per request, utterances together; 1 infer request; "
        "inputs x [6]"
    )


def test_a_model_is_left_as_loaded_when_outputs_are_added(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    ov.save_model(splice_model(), path)
    options = ScorerOptions(model=str(path), outputs=("memory",))
    loaded = load_model(options)
    with pytest.raises(UnknownNameError, match="the model has no layer or tensor 'memory'"):
        configure_model(loaded, options)
    count = len(loaded.model.get_ops()) if loaded.model else 0
    configure_model(loaded, ScorerOptions(model=str(path)))
    assert loaded.model is not None
    assert len(loaded.model.get_ops()) == count


def test_one_model_file_is_needed() -> None:
    with pytest.raises(UsageError, match="found neither"):
        load_model(ScorerOptions())
    with pytest.raises(UsageError, match="found both"):
        load_model(ScorerOptions(model="a.xml", blob="b.blob"))


@pytest.mark.parametrize("batch", [1, None])
def test_an_onnx_file(batch: int | None, tmp_path: Path) -> None:
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "w"], ["z"]), helper.make_node("Add", ["z", "b"], ["s"]),
         helper.make_node("Tanh", ["s"], ["score"])],
        "tiny",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, WIDTH])],
        [helper.make_tensor_value_info("score", TensorProto.FLOAT, [batch, SCORES])],
        [helper.make_tensor("w", TensorProto.FLOAT, WEIGHTS.shape, WEIGHTS.reshape(-1).tolist()),
         helper.make_tensor("b", TensorProto.FLOAT, BIAS.shape, BIAS.tolist())],
    )  # fmt: skip
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(tmp_path / "tiny.onnx"))
    for utterance, result in zip(utterances(4, 2), score_with(tmp_path / "tiny.onnx", utterances(4, 2)), strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]))
    (inner,) = score_with(tmp_path / "tiny.onnx", utterances(4), outputs=("s",))
    assert_close(inner.scores["s"], frames(4).astype(np.float64) @ WEIGHTS + BIAS)
