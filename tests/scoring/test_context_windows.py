"""Context windows and variables, against a plain loop over frames."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import openvino as ov
import pytest

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.runtimes import OLDEST_RUNTIME
from tests.scoring.tiny_models import (
    SCORES,
    WEIGHTS,
    WIDTH,
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
    score_with,
    splice_model,
    splice_scores,
    utterances,
    with_edges,
)

ROOT = Path(__file__).parents[2]
LENGTHS = (5, 0, 1, 9, 2)


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


@pytest.mark.parametrize("batch_size", [0, 1, 4])
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
        assert result.context_frames == left + right
        assert result.num_requests == len(fed) or (batch_size != 1 and result.num_requests < len(fed))


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


@pytest.mark.skipif(OLDEST_RUNTIME, reason="the CPU plugin of OpenVINO 2023.3 takes no variables of free shape")
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
    kept = make_scorer(splice_model(), utterances(3)[0], tmp_path, repair_graph=False, left_context=1)
    assert kept.notes == ()
