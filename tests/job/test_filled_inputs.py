"""Models with states, lengths and numbers in the jobs around scoring."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import pytest

from ov_asr_score.job import BenchJob, ScoreJob, run_bench, run_job
from ov_asr_score.job.comparing.compare_layers import run_layer_comparison
from ov_asr_score.job.inspect_model import inspect_model
from ov_asr_score.job.resume.run_identity import run_identity
from ov_asr_score.scoring.session import open_model_with_tables
from ov_asr_score.settings.device import DeviceSettings
from ov_asr_score.settings.model_jobs import CompareLayersJob
from tests.ov_model.filled_inputs.onnx_models import cell_model, features, length_model, lstm_model, wenet_model
from tests.tiny_model import write_table

FEATURES = {f"u{number}": features(length, number) for number, length in enumerate((7, 12, 3))}


@pytest.fixture(autouse=True)
def table(folder: Path) -> None:
    write_table("x.ark", FEATURES)


def write_model(model: Any, name: str = "model.onnx") -> str:
    onnx.save(model, name)
    return name


def test_inspect_says_what_needs_no_table() -> None:
    sections = dict(inspect_model(write_model(wenet_model())))
    assert sections["Inputs"] == {
        "chunk": "[1,?,4] f32",
        "offset": "[] i64; filled in with the number of rows of scores that the utterance has had so far",
        "att_cache": "[1,1,?,4] f32; a state, whose next is 'r_att_cache'",
    }
    assert "filled in with the number of frames" in str(dict(inspect_model(write_model(length_model())))["Inputs"])


def test_bench() -> None:
    report = run_bench(BenchJob(ScoreJob(model=write_model(wenet_model())), 0.5))
    assert report.chosen.median > 0
    assert any("'att_cache'" in note for note in report.notes)
    gain = write_model(length_model("gain", [], int(onnx.TensorProto.FLOAT)))
    for inputs in (["x.ark", "gain=value:2"], ["gain=value:2"]):
        report = run_bench(BenchJob(ScoreJob(model=gain, inputs=inputs), 0.5))
        assert report.chosen.median > 0
        assert "input 'gain' is filled in with 2" in report.notes


def test_layers_of_models_with_states() -> None:
    write_model(cell_model(), "a.onnx")
    write_model(cell_model(), "b.onnx")
    scoring = ScoreJob(model="a.onnx", inputs="x.ark")
    comparison = run_layer_comparison(CompareLayersJob(scoring, DeviceSettings(), "b.onnx"))
    assert comparison.layers
    assert all(layer.largest == 0 for layer in comparison.layers)
    assert comparison.only_in_reference == comparison.only_in_other == ()


@pytest.mark.parametrize("gains", [("1", "2"), ("1.0000001", "1.0000002")])
def test_a_run_with_other_values_is_another_run(gains: tuple[str, str]) -> None:
    write_model(length_model("gain", [], int(onnx.TensorProto.FLOAT)))
    one, other = (ScoreJob(model="model.onnx", inputs=["x.ark", f"gain=value:{gain}"]) for gain in gains)
    identities = [run_identity(job, open_model_with_tables(job).tables) for job in (one, other)]
    assert identities[0] != identities[1]
    assert run_identity(one, open_model_with_tables(one).tables) == identities[0]


def test_an_exported_model_keeps_its_states() -> None:
    write_model(lstm_model())
    run_job(ScoreJob(model="model.onnx", inputs="x.ark", outputs="direct.ark"))
    run_job(ScoreJob(model="model.onnx", inputs="x.ark", export_model="model.blob"))
    report = run_job(ScoreJob(import_model="model.blob", inputs="x.ark", references="direct.ark"))
    assert report.verdict == "ok"
