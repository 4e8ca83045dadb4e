"""Several inputs and outputs, and the names of layers."""

from __future__ import annotations

from pathlib import Path

import kaldiio
import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import UnknownNameError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.scoring.tiny_models import (
    SCORES,
    WIDTH,
    affine,
    affine_model,
    affine_scores,
    assert_close,
    frames,
    input_of,
    make_scorer,
    model_of,
    score_with,
    utterances,
)

ROOT = Path(__file__).parents[2]


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
