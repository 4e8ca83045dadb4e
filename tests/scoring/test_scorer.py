"""From a model file to scores, against plain numpy: batches, context windows, variables, time axes, wanted outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import onnx
import openvino as ov
import pytest
from onnx import TensorProto, helper
from openvino import opset13 as op

from ov_asr_score.device.compilation import export_blob
from ov_asr_score.device.gna_settings import GnaSettings
from ov_asr_score.device.settings import DeviceSettings
from ov_asr_score.errors import DeviceError, ShapeMismatchError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.scoring import scorer as scorer_module
from ov_asr_score.scoring.scorer import load, open_model, plan_text, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances import Utterance
from tests.scoring.tiny_models import (
    BIAS,
    SCORES,
    WEIGHTS,
    WIDTH,
    affine,
    affine_model,
    affine_scores,
    assert_close,
    decay_model,
    decay_scores,
    frames,
    input_of,
    integers,
    make_scorer,
    model_of,
    running_sum_model,
    score_with,
    splice_model,
    splice_scores,
    utterances,
    with_edges,
)

ROOT = Path(__file__).parents[2]
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
    assert (scorer.plan.mode, scorer.plan.block, scorer.plan.pad) == ("rows", 4, True)
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


def test_time_behind_the_values_is_refused(tmp_path: Path) -> None:
    x = input_of([1, WIDTH, -1])
    model = model_of(op.relu(x), [x])
    with pytest.raises(UnsupportedModelError, match="frames lie along axis 2"):
        score_with(model, utterances(4), tmp_path)


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


@pytest.mark.parametrize("batch_size", [1, 3, 512])
@pytest.mark.parametrize(("left", "right"), [(0, 2), (2, 0), (3, 1), (4, 4)])
def test_context_windows_of_a_model_without_memory(left: int, right: int, batch_size: int, tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    results = score_with(
        affine_model([1, WIDTH]), given, tmp_path, batch_size=batch_size, left_context=left, right_context=right
    )
    for utterance, result in zip(given, results, strict=True):
        if utterance.num_frames:
            fed = with_edges(utterance.features["x"], left, right)
            assert_close(result.scores["score"], affine_scores(fed)[left + right :])
        assert len(result.scores["score"]) == utterance.num_frames


@pytest.mark.parametrize("batch_size", [0, 4])
@pytest.mark.parametrize(("left", "right"), [(0, 0), (0, 2), (2, 0), (1, 1), (4, 4)])
@pytest.mark.parametrize(("model", "reference"), [(splice_model, splice_scores), (decay_model, decay_scores)])
def test_context_windows_of_a_model_with_memory(
    model: Any, reference: Any, left: int, right: int, batch_size: int, tmp_path: Path
) -> None:
    given = utterances(*LENGTHS)
    results = score_with(model(), given, tmp_path, left_context=left, right_context=right, batch_size=batch_size)
    for utterance, result in zip(given, results, strict=True):
        if not utterance.num_frames:
            assert (result.scores["score"].shape, result.context_frames, result.num_requests) == ((0, SCORES), 0, 0)
            continue
        fed = with_edges(utterance.features["x"], left, right)
        assert_close(result.scores["score"], reference(fed)[left + right :])
        assert (result.context_frames, result.num_requests) == (left + right, len(fed))


@pytest.mark.parametrize("shape", [[1, -1, WIDTH], [1, 4, WIDTH]])
def test_context_windows_of_a_time_axis(shape: list[int], tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    for utterance, result in zip(
        given, score_with(affine_model(shape), given, tmp_path, left_context=3, right_context=2), strict=True
    ):
        if utterance.num_frames:
            fed = with_edges(utterance.features["x"], 3, 2)
            assert_close(result.scores["score"], affine_scores(fed)[5:])


def test_variables_start_anew_with_each_utterance(tmp_path: Path) -> None:
    given = [Utterance(key, {"x": frames(4)}, 4) for key in "abc"]
    results = score_with(decay_model(), given, tmp_path)
    for result in results:
        assert_close(result.scores["score"], decay_scores(frames(4)))


def test_a_model_with_variables_is_made_to_take_one_frame(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    zeros = op.broadcast(
        op.constant(np.float32(0)),
        op.concat([op.gather(op.shape_of(x), integers(0), integers(0)), integers(SCORES)], 0),
    )
    state = op.read_value(zeros, "state", np.float32, ov.PartialShape([-1, SCORES]))
    score = op.add(op.multiply(state, op.constant(np.float32(0.5))), op.matmul(x, op.constant(WEIGHTS), False, False))
    model = model_of(score, [x], [op.assign(score, "state")])
    for result in score_with(model, utterances(4, 3), tmp_path):
        length = result.num_frames
        assert_close(result.scores["score"], decay_scores(frames(length, 0 if length == 4 else 1)))


def test_variables_for_several_utterances_are_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="cannot take batch size 1") as caught:
        score_with(decay_model((4, WIDTH)), utterances(3), tmp_path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["lstm_mem", "tdnn_al"])
def test_shipped_models_with_memory_meet_their_references(name: str) -> None:
    features = dict(kaldiio.load_ark(str(ROOT / "data" / name / "features.ark")))
    references = dict(kaldiio.load_ark(str(ROOT / "data" / name / "scores_f32.ark")))
    given = [Utterance(key, {"input": value}, len(value)) for key, value in features.items()]
    results = score_with(ROOT / "models" / f"{name}.xml", given)
    assert [result.key for result in results] == list(references)
    for result in results:
        assert_close(result.scores["output"], references[result.key], 1e-4)


def test_notes_tell_of_mending_and_of_missing_windows(tmp_path: Path) -> None:
    scorer = make_scorer(splice_model(), utterances(3)[0], tmp_path)
    assert scorer.memory_frames == 2
    assert scorer.notes[0].startswith("graph mended in 1 place,")
    assert "-cw_l 1 -cw_r 1" in scorer.notes[1]
    kept = make_scorer(splice_model(), utterances(3)[0], tmp_path, mend=False, left_context=1)
    assert kept.notes == ()


def test_plan_text(tmp_path: Path) -> None:
    scorer = make_scorer(affine_model([1, WIDTH]), utterances(3)[0], tmp_path, requests=1)
    assert (
        plan_text(scorer.plan, scorer.fits) == "512 frames per request, utterances together; 1 infer request; "
        "inputs x [6]"
    )


# --- graphs that look along time, though their input is [T, D]


@pytest.mark.parametrize("batch_size", [0, 1, 3])
def test_a_graph_that_looks_along_a_free_time_axis_gets_whole_utterances(batch_size: int, tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    results = score_with(running_sum_model([-1, WIDTH]), given, tmp_path, batch_size=batch_size)
    for utterance, result in zip(given, results, strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]).cumsum(0))
        assert result.num_requests == int(utterance.num_frames > 0)


def test_a_graph_that_looks_along_a_fixed_time_axis_gets_pieces(tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    for utterance, result in zip(given, score_with(running_sum_model([4, WIDTH]), given, tmp_path), strict=True):
        single = affine_scores(utterance.features["x"])
        pieces = [single[start : start + 4].cumsum(0) for start in range(0, len(single), 4)]
        assert_close(result.scores["score"], np.concatenate(pieces) if pieces else single)


@pytest.mark.parametrize("distance", [1, 20, 60])
def test_a_look_far_ahead_or_back_is_noticed(distance: int, tmp_path: Path) -> None:
    """Before: ``y[t] = x[t] + x[t - distance]``, zeros in front."""
    for side in (0, 1):
        x = input_of([-1, WIDTH])
        pads = [integers(distance, 0), integers(0, 0)][:: 1 - 2 * side]
        padded = op.pad(x, pads[0], pads[1], "constant", op.constant(np.float32(0)))
        begin, end = (0, -distance) if side == 0 else (distance, 2**31 - 1)
        moved = op.slice(padded, integers(begin), integers(end), integers(1), integers(0))
        given = utterances(90, 3)
        for utterance, result in zip(given, score_with(model_of(op.add(x, moved), [x]), given, tmp_path), strict=True):
            value = utterance.features["x"]
            expected = value.copy()
            if side == 0:
                expected[distance:] += value[:-distance]
            else:
                expected[:-distance] += value[distance:]
            assert_close(result.scores["score"], expected)


def test_a_recurrent_sequence_along_the_first_axis(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    generator = np.random.default_rng(5)
    weights = (generator.standard_normal((1, SCORES, WIDTH)) / 3).astype(np.float32)
    recurrent = (generator.standard_normal((1, SCORES, SCORES)) / 3).astype(np.float32)
    bias = np.zeros((1, SCORES), np.float32)
    length = op.reshape(op.gather(op.shape_of(x), integers(0), integers(0)), integers(1), False)
    sequence = op.rnn_sequence(
        op.unsqueeze(x, integers(0)),
        op.constant(np.zeros((1, 1, SCORES), np.float32)),
        length,
        op.constant(weights),
        op.constant(recurrent),
        op.constant(bias),
        SCORES,
        "forward",
    )
    score = op.squeeze(sequence.output(0), integers(0, 1))
    given = utterances(6, 1, 3)
    for utterance, result in zip(given, score_with(model_of(score, [x]), given, tmp_path), strict=True):
        state, rows = np.zeros(SCORES), []
        for frame in utterance.features["x"].astype(np.float64):
            state = np.tanh(weights[0] @ frame + recurrent[0] @ state)
            rows.append(state)
        assert_close(result.scores["score"], np.array(rows))


def test_a_batch_is_not_taken_for_time() -> None:
    features = dict(kaldiio.load_ark(str(ROOT / "data" / "dnn_digits" / "features.ark")))
    value = next(iter(features.values()))
    with_zeros = value.copy()
    with_zeros[0] = 0
    for matrix in (value, with_zeros, np.zeros_like(value), value * 1e3):
        scorer = make_scorer(ROOT / "models" / "dnn_digits.xml", Utterance("a", {"input": matrix}, len(matrix)))
        assert (scorer.plan.mode, scorer.plan.block) == ("rows", 512)


def test_a_batch_of_scores_with_a_big_range_is_not_taken_for_time(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    weights = WEIGHTS * np.array([1e-6, 1, 1e6], np.float32)
    score = op.exp(op.divide(op.matmul(x, op.constant(weights), False, False), op.constant(np.float32(1e6))))
    scorer = make_scorer(model_of(score, [x]), utterances(50)[0], tmp_path)
    assert scorer.plan.mode == "rows"


def test_infinite_features_do_not_hide_that_frames_depend_on_each_other(tmp_path: Path) -> None:
    value = frames(5)
    value[:] = np.nan
    scorer = make_scorer(running_sum_model([-1, WIDTH]), Utterance("a", {"x": value}, 5), tmp_path)
    assert scorer.plan.mode == "utterance"


# --- several inputs and outputs


def two_inputs(frame_shape: list[int], vector_shape: list[int]) -> ov.Model:
    x, ivector = input_of(frame_shape), input_of(vector_shape, "ivector")
    return model_of(op.add(affine(x), ivector), [x, ivector])


@pytest.mark.parametrize(
    ("frame_shape", "vector_shape"),
    [([1, 6], [1, 3]), ([-1, 6], [-1, 3]), ([1, -1, 6], [1, 3]), ([1, -1, 6], [1, 1, 3]), ([1, 4, 6], [1, 3]),
     ([1, 6], [3]), ([1, -1, 6], [3]), ([-1, -1, 6], [-1, 1, 3])],
)  # fmt: skip
def test_a_vector_beside_frames(frame_shape: list[int], vector_shape: list[int], tmp_path: Path) -> None:
    vectors = frames(3, 9, SCORES)
    given = [
        Utterance(f"u{i}", {"x": frames(length, i), "ivector": vectors[i]}, length)
        for i, length in enumerate((5, 1, 9))
    ]
    for i, result in enumerate(score_with(two_inputs(frame_shape, vector_shape), given, tmp_path)):
        assert_close(result.scores["score"], affine_scores(given[i].features["x"]) + vectors[i])


def test_a_vector_for_each_frame_follows_the_frames_and_in_a_time_axis_stands_for_the_middle(tmp_path: Path) -> None:
    value, vectors = frames(7), frames(7, 9, SCORES)
    given = [Utterance("a", {"x": value, "ivector": vectors}, 7)]
    (rows,) = score_with(two_inputs([1, 6], [1, 3]), given, tmp_path)
    assert_close(rows.scores["score"], affine_scores(value) + vectors)
    (whole,) = score_with(two_inputs([1, -1, 6], [1, 3]), given, tmp_path)
    assert_close(whole.scores["score"], affine_scores(value) + vectors[3])
    (pieces,) = score_with(two_inputs([1, 4, 6], [1, 3]), given, tmp_path)
    assert_close(pieces.scores["score"], affine_scores(value) + vectors[[1, 1, 1, 1, 5, 5, 5]])


@pytest.mark.parametrize("kind", ["utterance", "speaker", "online"])
def test_two_inputs_and_two_outputs(kind: str) -> None:
    folder = ROOT / "data" / "two_inputs"
    features = dict(kaldiio.load_ark(str(folder / "features.ark")))
    ivectors = dict(kaldiio.load_ark(str(folder / f"ivectors_{kind}.ark")))
    given = []
    for key, value in features.items():
        vector = ivectors[key.split("-")[0] if kind == "speaker" else key]
        if kind == "online":
            vector = vector.repeat(10, axis=0)[: len(value)]
        given.append(Utterance(key, {"features": value, "ivector": vector}, len(value)))
    expected = {name: dict(kaldiio.load_ark(str(folder / f"{name}_{kind}.ark"))) for name in ("score", "bottleneck")}
    for result in score_with(ROOT / "models" / "two_inputs.xml", given, batch_size=7):
        assert set(result.scores) == {"score", "bottleneck"}
        for name, scores in result.scores.items():
            assert_close(scores, expected[name][result.key], 2e-6)


@pytest.mark.parametrize("name", ["score", "score:0", "affinetransform8:0", "output:0"])
def test_names_of_an_output(name: str, tmp_path: Path) -> None:
    if name == "output:0":
        given, model = utterances(3), affine_model([1, WIDTH])
        model.outputs[0].get_tensor().set_names({"output:0"})
        path = tmp_path / "named.xml"
        ov.save_model(model, path)
    else:
        path = ROOT / "models" / "dnn_digits.xml"
        given = [Utterance("a", {"input": frames(3, 0, 440)}, 3)]
    (all_outputs,) = score_with(path, given)
    (named,) = score_with(path, given, outputs=(name,))
    assert list(named.scores) == list(all_outputs.scores)
    (name,) = named.scores
    np.testing.assert_array_equal(named.scores[name], all_outputs.scores[name])


def test_two_names_of_one_output_give_two_ports() -> None:
    first = Utterance("a", {"input": frames(3, 0, 440)}, 3)
    outputs = ("score", "affinetransform8:0")
    scorer = make_scorer(ROOT / "models" / "dnn_digits.xml", first, outputs=outputs)
    assert [port.name for port in scorer.runner.outputs] == ["score", "score"]
    (result,) = scorer.score([first])
    assert result.scores["score"].shape == (3, 120)


def test_inner_layers_of_a_split_beside_the_score(tmp_path: Path) -> None:
    x = input_of([1, WIDTH])
    split = op.split(affine(x), op.constant(np.int64(1)), SCORES)
    split.set_friendly_name("parts")
    model = model_of(op.add(split.output(0), split.output(2)), [x])
    outputs = ("parts:1", "score", "parts:2")
    (result,) = score_with(model, utterances(5), tmp_path, outputs=outputs)
    single = affine_scores(frames(5))
    assert list(result.scores) == list(outputs)
    assert_close(result.scores["parts:1"], single[:, 1:2])
    assert_close(result.scores["score"], single[:, :1] + single[:, 2:])
    assert_close(result.scores["parts:2"], single[:, 2:])
    with pytest.raises(UnknownNameError, match="layer 'parts' has 3 outputs; say which"):
        score_with(model, utterances(5), tmp_path, outputs=("parts",))


def test_outputs_without_names_of_one_layer_are_kept_apart(tmp_path: Path) -> None:
    x = input_of([1, WIDTH])
    split = op.split(affine(x), op.constant(np.int64(1)), SCORES)
    split.set_friendly_name("parts")
    model = ov.Model([op.result(split.output(index)) for index in range(SCORES)], [x])
    (result,) = score_with(model, utterances(5), tmp_path)
    assert len(result.scores) == SCORES
    assert_close(np.hstack(list(result.scores.values())), affine_scores(frames(5)))


def test_a_model_is_left_as_loaded_when_outputs_are_added(tmp_path: Path) -> None:
    path = tmp_path / "model.xml"
    ov.save_model(splice_model(), path)
    options = ScorerOptions(model=str(path), outputs=("memory",))
    loaded = load(options)
    with pytest.raises(UnknownNameError, match="the model has no layer or tensor 'memory'"):
        open_model(loaded, options)
    count = len(loaded.model.get_ops()) if loaded.model else 0
    open_model(loaded, ScorerOptions(model=str(path)))
    assert loaded.model is not None
    assert len(loaded.model.get_ops()) == count


def test_one_model_file_is_needed() -> None:
    with pytest.raises(UsageError, match="found neither"):
        load(ScorerOptions())
    with pytest.raises(UsageError, match="found both"):
        load(ScorerOptions(model="a.xml", blob="b.blob"))


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


# --- devices and blobs


@pytest.mark.parametrize("device", ["AUTO:CPU", "MULTI:CPU", "HETERO:CPU"])
@pytest.mark.parametrize(("make", "reference"), [(affine_model, affine_scores), (splice_model, splice_scores)])
def test_devices_over_the_cpu(device: str, make: Any, reference: Any, tmp_path: Path) -> None:
    model = make([1, WIDTH]) if make is affine_model else make()
    given = utterances(*LENGTHS)
    for utterance, result in zip(
        given, score_with(model, given, tmp_path, device=DeviceSettings(device), batch_size=4), strict=True
    ):
        assert_close(result.scores["score"], reference(utterance.features["x"]))


def test_a_precision_that_the_device_does_not_have_is_noted(tmp_path: Path) -> None:
    abilities = ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    for precision, ability in (("bf16", "BF16"), ("f16", "FP16")):
        settings = DeviceSettings(precision=precision)  # type: ignore[arg-type]
        scorer = make_scorer(affine_model([1, WIDTH]), utterances(3)[0], tmp_path, device=settings)
        assert bool(scorer.notes) == (ability not in abilities)


def export(model: ov.Model, first: Utterance | None, folder: Path, **options: Any) -> str:
    scorer = make_scorer(model, first, folder, **options)
    export_blob(scorer.compiled, folder / "model.blob", DeviceSettings())
    return str(folder / "model.blob")


def score_blob(blob: str, given: list[Utterance], **options: Any) -> list[Any]:
    chosen = ScorerOptions(blob=blob, **options)
    return list(prepare_scorer(open_model(load(chosen), chosen), chosen, given[0]).score(given))


@pytest.mark.parametrize("with_features", [False, True])
@pytest.mark.parametrize(
    ("make", "reference", "options"),
    [
        (lambda: affine_model([1, WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, WIDTH]), affine_scores, {"batch_size": 4, "fixed_batch": True}),
        (lambda: affine_model([WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, -1, WIDTH]), affine_scores, {}),
        (lambda: affine_model([1, 4, WIDTH]), affine_scores, {}),
        (splice_model, splice_scores, {}),
        (decay_model, decay_scores, {}),
        (lambda: running_sum_model([-1, WIDTH]), lambda x: affine_scores(x).cumsum(0), {}),
        (lambda: affine_model([1, WIDTH], np.float16), affine_scores, {}),
    ],
)
def test_a_blob_scores_as_its_model(
    make: Any, reference: Any, options: dict[str, Any], with_features: bool, tmp_path: Path
) -> None:
    given = [Utterance(f"u{n}", {"x": np.round(frames(n, n) * 8).astype(np.float32) / 8}, n) for n in (5, 1, 9)]
    blob = export(make(), given[0] if with_features else None, tmp_path, **options)
    for utterance, result in zip(given, score_blob(blob, given), strict=True):
        assert_close(result.scores["score"], reference(utterance.features["x"]))


def test_a_blob_keeps_its_batch_and_layout(tmp_path: Path) -> None:
    given = utterances(5)
    blob = export(affine_model([1, WIDTH]), given[0], tmp_path, batch_size=4, fixed_batch=True)
    assert len(score_blob(blob, given, batch_size=4)) == 1
    with pytest.raises(UsageError, match=r"-bs 8: the blob .*model.blob was exported for requests of 4 frames"):
        score_blob(blob, given, batch_size=8)
    with pytest.raises(UsageError, match="a blob keeps the layout it was exported with"):
        score_blob(blob, given, layout="[NC]")


def test_a_blob_with_several_inputs_and_outputs(tmp_path: Path) -> None:
    features = dict(kaldiio.load_ark(str(ROOT / "data" / "two_inputs" / "features.ark")))
    ivectors = dict(kaldiio.load_ark(str(ROOT / "data" / "two_inputs" / "ivectors_utterance.ark")))
    given = [
        Utterance(key, {"features": features[key], "ivector": ivectors[key]}, len(features[key])) for key in features
    ]
    path = ROOT / "models" / "two_inputs.xml"
    scorer = make_scorer(path, given[0])
    export_blob(scorer.compiled, tmp_path / "two.blob", DeviceSettings())
    blob = str(tmp_path / "two.blob")
    for ours, theirs in zip(score_blob(blob, given), score_with(path, given), strict=True):
        assert list(ours.scores) == ["score", "bottleneck"]
        for name, scores in ours.scores.items():
            np.testing.assert_array_equal(scores, theirs.scores[name])
    (result, *_) = score_blob(blob, given, outputs=("bottleneck",))
    assert {name: matrix.shape for name, matrix in result.scores.items()} == {"bottleneck": (37, 16)}
    with pytest.raises(UnknownNameError, match="the blob has no output 'botleneck'; did you mean 'bottleneck'"):
        score_blob(blob, given, outputs=("botleneck",))


def test_blobs_made_elsewhere_that_cannot_be_fed(tmp_path: Path) -> None:
    core = ov.Core()
    for name, model in (("half", affine_model([1, WIDTH], np.float16)), ("rows", decay_model((4, WIDTH)))):
        export_blob(core.compile_model(model, "CPU"), tmp_path / f"{name}.blob", DeviceSettings())
    with pytest.raises(UnsupportedModelError, match=r"half.blob: input 'x' takes f16"):
        score_blob(str(tmp_path / "half.blob"), utterances(3))
    with pytest.raises(UnsupportedModelError, match=r"rows.blob: has variables for 4 utterances at a time"):
        score_blob(str(tmp_path / "rows.blob"), utterances(3))


def test_scale_factors_of_a_gna_device_come_from_the_first_utterance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is no plugin to compile for, so what it would be asked is looked at."""
    asked: list[DeviceSettings] = []

    def refuse(core: ov.Core, model: ov.Model, settings: DeviceSettings) -> ov.CompiledModel:
        asked.append(settings)
        raise DeviceError("no such device")

    monkeypatch.setattr(scorer_module, "compile_model", refuse)
    value = np.zeros((3, WIDTH), np.float32)
    value[1, 2] = -8
    given = [GnaSettings(), GnaSettings(scale_factors={"x": 3.0})]
    for gna in given:
        with pytest.raises(DeviceError, match="no such device"):
            device = DeviceSettings("HETERO:GNA_SW_EXACT,CPU", gna=gna)
            make_scorer(affine_model([1, WIDTH]), Utterance("a", {"x": value}, 3), tmp_path, device=device)
    assert [dict(settings.gna.scale_factors) for settings in asked] == [{"x": 2048.0}, {"x": 3.0}]
