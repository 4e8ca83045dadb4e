"""Static shapes: scores are those of onnxruntime, or of the free form, and what cannot be equal is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.blobs import export_blob
from ov_asr_score.errors import (
    DeviceError,
    OvAsrScoreError,
    ShapeMismatchError,
    UnknownNameError,
    UsageError,
)
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.plan import BlocksPlan, LockstepPlan, RowsPlan, UtterancePlan
from ov_asr_score.scoring.requests.static_runner import StaticRunner
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.static import static_opening, static_planning
from ov_asr_score.settings.device import DeviceSettings
from tests.scoring.static.onnx_models import BODIES, reference_scores, write_model
from tests.scoring.tiny_models import (
    SCORES,
    WIDTH,
    affine_model,
    affine_scores,
    assert_close,
    decay_model,
    decay_scores,
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

STATIC = DeviceSettings(static=True)
IN_WINDOWS = {"same": (5, 5), "every third": (6, 7), "valid": (0, 6), "causal": (12, 0)}
LENGTHS = (700, 131, 40, 1000, 257, 258, 259, 33)


def shaped(*shape: int) -> DeviceSettings:
    return DeviceSettings(shapes={"x": shape})


def compiled_shapes(scorer: Scorer) -> list[tuple[int, ...]]:
    assert isinstance(scorer.runner, StaticRunner)
    return [shapes[0] for shapes in scorer.runner.compiled_shapes]


def with_state(score_of: Any, shape: tuple[int, ...] = (1, -1, WIDTH)) -> ov.Model:
    """An LSTM whose state is kept in variables, and what follows it."""
    generator = np.random.default_rng(1)

    def weights(*lengths: int) -> Any:
        return op.constant((generator.standard_normal(lengths) / 2).astype(np.float32))

    x = input_of(shape)
    states = [op.read_value(op.constant(np.zeros((1, 1, SCORES), np.float32)), name) for name in ("h", "c")]
    arrays = weights(1, 4 * SCORES, WIDTH), weights(1, 4 * SCORES, SCORES), weights(1, 4 * SCORES)
    length = op.gather(op.shape_of(x), integers(1), op.constant(np.int64(0)))
    lstm = op.lstm_sequence(x, *states, length, *arrays, SCORES, "forward")
    # squeezing a state's empty axis makes a node of an output, as the variables take it
    kept = [op.squeeze(op.unsqueeze(lstm.output(place), integers(0)), integers(0)) for place in (1, 2)]
    sinks = [op.assign(state, name) for state, name in zip(kept, "hc", strict=True)]
    return model_of(score_of(op.squeeze(lstm.output(0), integers(1))), [x], sinks)


@pytest.mark.parametrize("device", [STATIC, shaped(1, 200, WIDTH)], ids=["static", "shape"])
@pytest.mark.parametrize("body", IN_WINDOWS)
def test_windows_give_the_scores_of_whole_utterances(body: str, device: DeviceSettings, tmp_path: Path) -> None:
    given = utterances(*LENGTHS)
    path = write_model(body, tmp_path)
    scorer = make_scorer(path, given[0], device=device)
    assert isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is not None
    windows = scorer.plan.windows
    assert (windows.left, windows.right) == IN_WINDOWS[body]
    assert not device.shapes or windows.frames == 200
    results = list(scorer.score(given))
    for result, utterance in zip(results, given, strict=True):
        assert_close(result.scores["score"], reference_scores(path, utterance.features["x"]))
    assert results[0].num_requests > 2
    shapes = compiled_shapes(scorer)
    longest = windows.frames + windows.alignment - 1
    assert len(set(shapes)) == len(shapes)
    assert all(shape[1] <= longest for shape in shapes)
    assert scorer.late_notes() == [f"{len(shapes)} models with static shapes were compiled"]


@pytest.mark.parametrize("body", sorted(BODIES.keys() - IN_WINDOWS.keys()))
def test_what_looks_at_the_whole_utterance_is_compiled_for_each_length(body: str, tmp_path: Path) -> None:
    given = utterances(300, 131, 300, 40)
    path = write_model(body, tmp_path)
    scorer = make_scorer(path, given[0], device=STATIC)
    assert isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is None
    assert "compiled for each length of utterances; static shapes were asked for" in scorer.plan.reason
    for result, utterance in zip(scorer.score(given), given, strict=True):
        assert_close(result.scores["score"], reference_scores(path, utterance.features["x"]))
    assert compiled_shapes(scorer) == [(1, 300, WIDTH), (1, 131, WIDTH), (1, 40, WIDTH)]
    with pytest.raises(UsageError, match="windows of 200 frames would not give the scores of whole utterances"):
        make_scorer(path, given[0], device=shaped(1, 200, WIDTH))


def test_windows_without_an_utterance_or_with_one_of_silence(tmp_path: Path) -> None:
    path = write_model("same", tmp_path)
    silence = utterances(300)[0]
    silence.features["x"][:] = 0.0
    for first in (None, silence):
        plan = make_scorer(path, first, device=STATIC).plan
        assert isinstance(plan, UtterancePlan) and plan.windows is not None
        assert (plan.windows.left, plan.windows.right) == IN_WINDOWS["same"]


def test_context_windows_are_cut_into_windows_too(tmp_path: Path) -> None:
    path = write_model("causal", tmp_path)
    (utterance,) = utterances(500)
    (result,) = score_with(path, [utterance], device=STATIC, left_context=7, right_context=4)
    (free,) = score_with(path, [utterance], left_context=7, right_context=4)
    assert_close(result.scores["score"], free.scores["score"])
    assert_close(result.scores["score"], reference_scores(path, with_edges(utterance.features["x"], 7, 4))[11:])


def test_outputs_with_rows_of_their_own(tmp_path: Path) -> None:
    x = input_of((1, -1, WIDTH))
    pooled = op.avg_pool(op.transpose(x, integers(0, 2, 1)), [2], [0], [0], [2], False, "floor")
    model = model_of(op.tanh(x), [x], more=[op.transpose(pooled, integers(0, 2, 1))])
    given = utterances(501, 40)
    scorer = make_scorer(model, given[0], tmp_path, device=STATIC)
    assert isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is not None
    assert scorer.plan.windows.factors == (1, 2)
    for result, utterance in zip(scorer.score(given), given, strict=True):
        values = utterance.features["x"]
        every, second = result.scores.values()
        assert_close(every, np.tanh(values))
        assert_close(second, values[: len(values) // 2 * 2].reshape(-1, 2, WIDTH).mean(axis=1))


def test_vectors_are_those_of_the_utterance(tmp_path: Path) -> None:
    x, vector = input_of((1, -1, WIDTH)), input_of((1, WIDTH), "vector")
    kernel = op.constant(np.random.default_rng(0).standard_normal((SCORES, WIDTH, 5)).astype(np.float32))
    turned = op.transpose(op.multiply(x, op.unsqueeze(vector, integers(1))), integers(0, 2, 1))
    score = op.transpose(op.convolution(turned, kernel, [1], [2], [2], [1]), integers(0, 2, 1))
    model = model_of(score, [x, vector])
    given = utterances(400)
    given[0].features["vector"] = np.arange(WIDTH, dtype=np.float32)  # type: ignore[index]
    (result,), (free,) = (score_with(model, given, tmp_path, device=device) for device in (STATIC, DeviceSettings()))
    assert_close(result.scores["score"], free.scores["score"])
    assert result.num_requests > 1


@pytest.mark.parametrize(("device", "rows"), [(STATIC, 512), (shaped(64, WIDTH), 64)], ids=["static", "shape"])
def test_rows_go_in_requests_of_one_size(device: DeviceSettings, rows: int, tmp_path: Path) -> None:
    given = utterances(100, 3, 700)
    scorer = make_scorer(affine_model((-1, WIDTH)), given[0], tmp_path, device=device)
    assert scorer.plan == RowsPlan(rows, pad=True, slots=scorer.plan.slots, reason="static shapes were asked for")
    assert scorer.compiled is not None
    assert scorer.compiled.input(0).get_partial_shape() == ov.PartialShape([rows, WIDTH])
    for result, utterance in zip(scorer.score(given), given, strict=True):
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]))


def test_rows_that_know_each_other_are_one_utterance(tmp_path: Path) -> None:
    given = utterances(50, 30)
    scorer = make_scorer(running_sum_model((-1, WIDTH)), given[0], tmp_path, device=STATIC)
    assert "(CumSum) may look at the whole utterance" in scorer.plan.reason
    for result, utterance in zip(scorer.score(given), given, strict=True):
        assert_close(result.scores["score"], np.cumsum(affine_scores(utterance.features["x"]), axis=0), 1e-4)
    assert compiled_shapes(scorer) == [(50, WIDTH), (30, WIDTH)]


@pytest.mark.parametrize("batch_size", [0, 1])
def test_a_model_with_variables_that_takes_a_frame_is_static(batch_size: int, tmp_path: Path) -> None:
    given = utterances(30, 7)
    for model, expected in ((decay_model(), decay_scores), (splice_model(), splice_scores)):
        scorer = make_scorer(model, given[0], tmp_path, device=STATIC, batch_size=batch_size)
        assert isinstance(scorer.plan, BlocksPlan if batch_size else LockstepPlan)
        assert scorer.compiled is not None
        assert all(port.get_partial_shape().is_static for port in scorer.compiled.inputs)
        for result, utterance in zip(scorer.score(given), given, strict=True):
            assert_close(result.scores["score"], expected(utterance.features["x"]))


@pytest.mark.parametrize(("device", "block"), [(STATIC, 64), (shaped(1, 50, WIDTH), 50)], ids=["static", "shape"])
def test_a_model_with_variables_takes_blocks(device: DeviceSettings, block: int, tmp_path: Path) -> None:
    model = with_state(op.tanh)
    given = utterances(130, 200, 17)
    scorer = make_scorer(model, given[0], tmp_path, device=device)
    assert isinstance(scorer.plan, LockstepPlan | BlocksPlan)
    assert scorer.plan.frames_per_request == block
    assert scorer.compiled is not None
    assert all(port.get_partial_shape().is_static for port in scorer.compiled.inputs)
    free = score_with(model, given, tmp_path)
    for result, wanted in zip(scorer.score(given), free, strict=True):
        assert_close(result.scores["score"], wanted.scores["score"])


def test_variables_that_do_not_hold_everything(tmp_path: Path) -> None:
    model = with_state(lambda score: op.add(score, op.reduce_mean(score, integers(1), True)))
    given = utterances(130, 100)
    scorer = make_scorer(model, given[0], tmp_path, device=STATIC)
    assert isinstance(scorer.plan, UtterancePlan) and not scorer.plan.stateful
    free = score_with(model, given, tmp_path)
    for result, wanted in zip(scorer.score(given), free, strict=True):
        assert_close(result.scores["score"], wanted.scores["score"])
    assert compiled_shapes(scorer) == [(1, 130, WIDTH), (1, 100, WIDTH)]
    with pytest.raises(UsageError, match="because the variables do not hold everything that later scores need"):
        make_scorer(model, given[0], tmp_path, device=shaped(1, 50, WIDTH))


def test_layers_without_states_that_look_far_back(tmp_path: Path) -> None:
    """The zeros before an utterance hide the gap in shorter ones."""
    kernel = op.constant(np.random.default_rng(0).standard_normal((SCORES, SCORES, 2)).astype(np.float32))

    def far_back(score: Any) -> Any:
        turned = op.transpose(score, integers(0, 2, 1))
        return op.transpose(op.convolution(turned, kernel, [1], [200], [0], [200]), integers(0, 2, 1))

    model = with_state(far_back)
    given = utterances(700, 100)
    scorer = make_scorer(model, given[0], tmp_path, device=STATIC)
    assert isinstance(scorer.plan, UtterancePlan) and not scorer.plan.stateful
    free = score_with(model, given, tmp_path)
    for result, wanted in zip(scorer.score(given), free, strict=True):
        assert_close(result.scores["score"], wanted.scores["score"])


@pytest.mark.parametrize(
    ("device", "kind", "message"),
    [
        (DeviceSettings(shapes={"y": (1, 2)}), UnknownNameError, "shapes: the model has no input 'y'"),
        (shaped(1, 200), ShapeMismatchError, r"shapes: input 'x' takes \[1,\?,6\], found \[1,200\]"),
        (shaped(2, 200, 6), ShapeMismatchError, r"takes \[1,\?,6\], found \[2,200,6\]"),
        (shaped(1, 200, 7), ShapeMismatchError, r"takes \[1,\?,6\], found \[1,200,7\]"),
        (shaped(1, 0, 6), ShapeMismatchError, "expected at least one frame, found 0"),
        (shaped(1, 10, 6), UsageError, "too short: scores look 5 frames back and 5 ahead; give at least 11"),
    ],
)
def test_shapes_that_cannot_be(
    device: DeviceSettings, kind: type[OvAsrScoreError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message) as caught:
        make_scorer(write_model("same", tmp_path), utterances(300)[0], device=device)
    assert set(caught.value.fields) == {"shapes"}


def test_a_blob_keeps_its_shapes(tmp_path: Path) -> None:
    model = affine_model((-1, WIDTH))
    model.reshape([64, WIDTH])
    blob = tmp_path / "rows.blob"
    export_blob(ov.Core().compile_model(model, "CPU"), blob, DeviceSettings())
    (utterance,) = utterances(100)

    def scorer_of(shapes: dict[str, tuple[int, ...]]) -> Scorer:
        options = ScorerOptions(blob=str(blob), device=DeviceSettings(shapes=shapes))
        return prepare_scorer(configure_model(load_model(options), options), options, utterance)

    (result,) = scorer_of({"x": (64, WIDTH)}).score([utterance])
    assert_close(result.scores["score"], affine_scores(utterance.features["x"]))
    with pytest.raises(ShapeMismatchError, match=r"shapes: input 'x' takes \[64,6\], found \[32,6\]"):
        scorer_of({"x": (32, WIDTH)})
    with pytest.raises(UnknownNameError, match="shapes: the model has no input 'y'"):
        scorer_of({"y": (64, WIDTH)})


def test_an_utterance_that_is_too_short_is_named(tmp_path: Path) -> None:
    given = utterances(300, 2)
    scorer = make_scorer(write_model("valid", tmp_path), given[0], device=STATIC)
    with pytest.raises(DeviceError, match=r"utterance 'utt1': the model cannot take \[1,2,6\]"):
        list(scorer.score(given))
    skipped: list[str] = []
    scores = list(scorer.score([*given, *utterances(290, name="x")], on_skip=lambda key, _: skipped.append(key)))
    assert skipped == ["utt1"]
    assert [result.num_frames for result in scores] == [300, 290]


def test_a_model_of_several_lengths_is_not_exported(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs static shapes of several lengths"):
        make_scorer(write_model("same", tmp_path), None, device=STATIC, one_at_a_time=True)


def test_an_npu_gets_static_shapes_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_model("same", tmp_path)
    for module in (static_planning, static_opening):
        monkeypatch.setattr(module, "static_reason", lambda _: "NPU takes static shapes only")
    scorer = make_scorer(path, utterances(300)[0])
    assert scorer.plan.reason.endswith("; NPU takes static shapes only")
    assert compiled_shapes(scorer) == [(1, 138, WIDTH)]


@pytest.mark.parametrize(("letters", "shape"), [("NCT", (1, WIDTH, 200)), ("TNC", (200, 1, WIDTH))])
def test_shapes_have_the_axes_of_the_models_own_input(letters: str, shape: tuple[int, ...], tmp_path: Path) -> None:
    x = input_of([-1 if letter == "T" else WIDTH if letter == "C" else 1 for letter in letters])
    order = integers(*(letters.index(letter) for letter in "NCT"))
    kernel = op.constant(np.random.default_rng(0).standard_normal((SCORES, WIDTH, 5)).astype(np.float32))
    score = op.transpose(op.convolution(op.transpose(x, order), kernel, [1], [2], [2], [1]), integers(0, 2, 1))
    model = model_of(score, [x])
    given = utterances(500, 30)
    scorer = make_scorer(model, given[0], tmp_path, device=shaped(*shape), layout=f"[{letters}]")
    assert isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is not None
    assert scorer.plan.windows.frames == 200
    free = score_with(model, given, tmp_path, layout=f"[{letters}]")
    for result, wanted in zip(scorer.score(given), free, strict=True):
        assert_close(result.scores["score"], wanted.scores["score"])
    with pytest.raises(ShapeMismatchError, match=r"shapes: input 'x' takes \["):
        make_scorer(model, given[0], tmp_path, device=shaped(1, 200, WIDTH), layout=f"[{letters}]")


@pytest.mark.parametrize(("dtype", "width"), [(np.float32, 1), (np.int64, 2)])
def test_a_length_counts_frames_of_the_whole_utterance(dtype: Any, width: int, tmp_path: Path) -> None:
    x, length = input_of((1, -1, WIDTH)), input_of((1, width), "length", dtype=dtype)
    number = op.convert(op.slice(length, integers(0), integers(1), integers(1), integers(1)), "f32")
    frames_of = op.gather(op.shape_of(x), integers(1), op.constant(np.int64(0)))
    zero, one = (op.constant(np.int64(value)) for value in (0, 1))
    steps = op.range(zero, op.squeeze(frames_of, integers(0)), one, "f32")
    counts = op.convert(op.less(steps, number), "f32")
    model = model_of(op.multiply(op.tanh(x), op.unsqueeze(counts, integers(2))), [x, length])
    given = utterances(600, 600)
    for utterance, counted in zip(given, (600, 200), strict=True):
        utterance.features["length"] = np.full(width, counted, np.float32)  # type: ignore[index]
    scorer = make_scorer(model, given[0], tmp_path, device=STATIC)
    assert isinstance(scorer.plan, UtterancePlan) and scorer.plan.windows is None
    assert "input 'length' may be a length" in scorer.plan.reason
    for result, utterance, counted in zip(scorer.score(given), given, (600, 200), strict=True):
        expected = np.tanh(utterance.features["x"]) * (np.arange(600)[:, None] < counted)
        assert_close(result.scores["score"], expected.astype(np.float32))
