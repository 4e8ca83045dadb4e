"""Attention after an utterance of one frame, which the CPU plugin of OpenVINO 2026 computes wrongly."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import openvino as ov
import pytest

from ov_asr_score.device.attention_layers import FEW_FRAMES, has_attention
from ov_asr_score.device.blobs import export_blob
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.scoring.model_loading import configure_model, load_model
from ov_asr_score.scoring.scorer import prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.device import DeviceSettings
from tests.runtimes import OLDEST_RUNTIME
from tests.scoring.tiny_models import WIDTH, assert_close, input_of, integers, make_scorer, model_of, utterances

GENERATOR = np.random.default_rng(3)
WEIGHTS = [(GENERATOR.standard_normal((WIDTH, WIDTH)) / 2).astype(np.float32) for _ in range(3)]


def attention_model(frames: int = -1, step: int = 1) -> ov.Model:
    """x [1, T, WIDTH], of which each frame looks at every ``step``-th."""
    x = input_of([1, frames, WIDTH])
    some = op.strided_slice(x, integers(0, 0), integers(0, 0), integers(1, step), [1, 1], [1, 1])
    query, key, value = (
        op.matmul(part, op.constant(w), False, False) for part, w in zip((x, some, some), WEIGHTS, strict=True)
    )
    shares = op.softmax(op.matmul(query, key, False, True), -1)
    return model_of(op.matmul(shares, value, False, False), [x])


def attention_scores(x: Any, step: int = 1) -> Any:
    x = np.asarray(x, np.float64)
    query, key, value = (part @ w for part, w in zip((x, x[::step], x[::step]), WEIGHTS, strict=True))
    powers = np.exp(query @ key.T - np.max(query @ key.T, axis=1, keepdims=True))
    return powers / powers.sum(1, keepdims=True) @ value


def test_attention_is_found() -> None:
    assert has_attention(attention_model())
    assert not has_attention(attention_model(8))  # the number of keys is always the same
    x = input_of([1, -1, WIDTH])
    assert not has_attention(model_of(op.softmax(op.matmul(x, op.constant(WEIGHTS[0]), False, False), -1), [x]))


@pytest.mark.parametrize("step", [1, 4])
def test_a_short_utterance_does_not_spoil_those_behind_it(step: int, tmp_path: Path) -> None:
    given = utterances(1, 131, step, 300, FEW_FRAMES - 1, FEW_FRAMES, 1, 40, 200)
    scorer = make_scorer(attention_model(step=step), given[0], tmp_path)
    for utterance, result in zip(given, scorer.score(given), strict=True):
        assert_close(result.scores["score"], attention_scores(utterance.features["x"], step))


@pytest.mark.parametrize("device", ["AUTO", "AUTO:CPU", "MULTI:CPU", "HETERO:CPU", "BATCH:CPU"])
def test_devices_that_choose_the_cpu_are_right_too(device: str, tmp_path: Path) -> None:
    given = utterances(1, 131, 300, FEW_FRAMES, 1, 40, 200)
    without_cache = (
        "BATCH:CPU",
        "MULTI:CPU",
        *(["HETERO:CPU"] if OLDEST_RUNTIME else []),
    )  # plugins that fail with one
    cache = "" if device in without_cache else str(tmp_path / "cache")
    settings = DeviceSettings(device=device, cache_dir=cache)
    for _ in range(2):  # the second time from the cache
        scorer = make_scorer(attention_model(), given[0], tmp_path, device=settings)
        for utterance, result in zip(given, scorer.score(given), strict=True):
            assert_close(result.scores["score"], attention_scores(utterance.features["x"]))


def test_a_blob_is_right_for_requests_of_all_lengths(tmp_path: Path) -> None:
    given = utterances(1, 131, 300, 40)
    exported, blob = make_scorer(attention_model(), given[0], tmp_path, one_at_a_time=True), tmp_path / "model.blob"
    assert exported.compiled is not None
    export_blob(exported.compiled, blob, DeviceSettings())
    options = ScorerOptions(blob=str(blob))
    scorer = prepare_scorer(configure_model(load_model(options), options), options, given[0])
    for utterance, result in zip(given, scorer.score(given), strict=True):
        assert_close(result.scores["score"], attention_scores(utterance.features["x"]))
