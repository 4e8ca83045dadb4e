"""Runs with static shapes, from the job to its report."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from ov_asr_score import ScoreJob, run_job
from ov_asr_score.kaldi_io import read_table
from ov_asr_score.settings.device import DeviceSettings
from tests.ov_model.filled_inputs.onnx_models import features, lstm_model, run_onnx, wenet_model
from tests.runtimes import OLDEST_RUNTIME
from tests.scoring.static.onnx_models import WIDTH, reference_scores, write_model
from tests.tiny_model import write_table

LENGTHS = {"a": 400, "b": 30, "c": 137, "d": 30}


def test_a_run_in_windows(folder: Path) -> None:
    arrays = {
        key: np.random.default_rng(length).standard_normal((length, WIDTH)).astype(np.float32)
        for key, length in LENGTHS.items()
    }
    write_table("x.ark", arrays)
    path = write_model("same", folder)
    job = ScoreJob(model=str(path), inputs="x.ark", outputs="score.ark", device=DeviceSettings(static=True))
    report = run_job(job)
    found = dict(read_table("ark:score.ark"))
    for key, values in arrays.items():
        np.testing.assert_allclose(found[key], reference_scores(path, values), rtol=0, atol=1e-5)
    assert "3 models with static shapes were compiled" in report.notes  # windows, 30 and 137 frames
    plan = report.plan
    assert plan is not None
    assert (plan["mode"], plan["frames_per_request"]) == ("utterance", 138)
    assert "windows of 138 frames, one per request, of which 5 + 5 are context" in str(plan["summary"])
    assert "static shapes were asked for" in str(plan["reason"])


def test_states_take_blocks_of_a_fixed_length(folder: Path) -> None:
    arrays = {key: features(length, number) for number, (key, length) in enumerate(LENGTHS.items())}
    model = lstm_model()
    onnx.save(model, "model.onnx")
    states = {name: np.zeros((1, 1, 5), np.float32) for name in ("h0", "c0")}
    write_table("x.ark", arrays)
    shapes: dict[str, tuple[int, ...]] = {"x": (1, 50, 4), "h0": (1, 1, 5)}
    report = run_job(
        ScoreJob(model="model.onnx", inputs="x.ark", outputs="out.ark", device=DeviceSettings(shapes=shapes))
    )
    for key, scores in read_table("ark:out.ark"):
        expected = np.squeeze(run_onnx(model, {"x": arrays[key][None], **states}))
        np.testing.assert_allclose(scores, expected, rtol=0, atol=1e-5)
    plan = report.plan
    assert plan is not None
    assert (plan["mode"], plan["frames_per_request"]) == ("blocks", 50)


@pytest.mark.skipif(OLDEST_RUNTIME, reason="its ONNX front end makes a layer whose shape stays free")
def test_caches_that_grow_are_empty_for_whole_utterances(folder: Path) -> None:
    arrays = {key: features(length, number) for number, (key, length) in enumerate(LENGTHS.items())}
    model = wenet_model()
    onnx.save(model, "model.onnx")
    write_table("x.ark", arrays)
    job = ScoreJob(model="model.onnx", inputs="x.ark", outputs="out.ark", device=DeviceSettings(static=True))
    assert "3 models with static shapes were compiled" in run_job(job).notes
    cache = np.zeros((1, 1, 0, 4), np.float32)
    for key, scores in read_table("ark:out.ark"):
        expected = run_onnx(model, {"chunk": arrays[key][None], "offset": np.array(0), "att_cache": cache})
        np.testing.assert_allclose(scores, np.squeeze(expected), rtol=0, atol=1e-5)
