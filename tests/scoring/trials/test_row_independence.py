"""Graphs that look along time though their input is [T, D], told from batches of frames."""

from __future__ import annotations

from pathlib import Path

import kaldiio
import numpy as np
import pytest

from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.plan import RowsPlan, UtterancePlan
from ov_asr_score.scoring.utterances.joining import Utterance
from tests.places import ROOT
from tests.scoring.tiny_models import (
    SCORES,
    WEIGHTS,
    WIDTH,
    affine,
    affine_scores,
    assert_close,
    frames,
    input_of,
    integers,
    make_scorer,
    model_of,
    running_sum_model,
    score_with,
    utterances,
)

LENGTHS = (5, 0, 1, 9, 2)


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


def test_scores_that_depend_on_the_number_of_frames(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    length = op.convert(op.gather(op.shape_of(x), integers(0), integers(0)), "f32")
    given = utterances(5, 60)
    results = score_with(model_of(op.divide(x, op.sqrt(length)), [x]), given, tmp_path)
    for utterance, result in zip(given, results, strict=True):
        assert_close(result.scores["score"], utterance.features["x"] / np.sqrt(utterance.num_frames))


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
        assert isinstance(scorer.plan, RowsPlan)
        assert scorer.plan.frames_per_request == 512


def test_a_batch_of_scores_with_a_big_range_is_not_taken_for_time(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    weights = WEIGHTS * np.array([1e-6, 1, 1e6], np.float32)
    score = op.exp(op.divide(op.matmul(x, op.constant(weights), False, False), op.constant(np.float32(1e6))))
    scorer = make_scorer(model_of(score, [x]), utterances(50)[0], tmp_path)
    assert isinstance(scorer.plan, RowsPlan)


def test_infinite_features_do_not_hide_that_frames_depend_on_each_other(tmp_path: Path) -> None:
    value = frames(5)
    value[:] = np.nan
    scorer = make_scorer(running_sum_model([-1, WIDTH]), Utterance("a", {"x": value}, 5), tmp_path)
    assert isinstance(scorer.plan, UtterancePlan)


def test_scores_that_depend_on_the_place_in_the_request_are_noticed(tmp_path: Path) -> None:
    places = np.arange(4 * SCORES, dtype=np.float32).reshape(4, SCORES)
    x = input_of([4, WIDTH])
    given = utterances(3, 6)
    model = model_of(op.add(affine(x), op.constant(places)), [x])
    for utterance, result in zip(given, score_with(model, given, tmp_path), strict=True):
        place = places[np.arange(utterance.num_frames) % 4]
        assert_close(result.scores["score"], affine_scores(utterance.features["x"]) + place)


def test_scores_that_depend_on_the_number_of_rows_are_noticed_among_small_frames(tmp_path: Path) -> None:
    x = input_of([-1, WIDTH])
    count = op.convert(op.gather(op.shape_of(x), integers(0), integers(0)), "f32")
    share = op.add(op.divide(x, op.sqrt(count)), op.constant(np.float32(1)))
    given = [Utterance(f"u{length}", {"x": 0.01 * frames(length, length)}, length) for length in (8, 5)]
    for utterance, result in zip(given, score_with(model_of(share, [x]), given, tmp_path), strict=True):
        expected = utterance.features["x"] / np.sqrt(utterance.num_frames) + 1
        assert_close(result.scores["score"], expected)
