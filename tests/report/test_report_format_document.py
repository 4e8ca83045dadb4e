"""docs/report-format.md names exactly the fields that are written, and its example is what the code writes."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score import KaldiOptions
from ov_asr_score.comparison import ClassError, ErrorLocation, compare_scores, measure_scores
from ov_asr_score.job import ScoreJob, run_job
from ov_asr_score.kaldi_io import TableWriter
from ov_asr_score.ports import PortInfo
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.data.gna import GnaLayerReport, GnaReport, PlacedLayer
from ov_asr_score.report.data.run import RunReport, RunTotals, UtteranceReport, as_dict
from ov_asr_score.report.data.words import WordTotals
from ov_asr_score.report.files.run_json import JsonReportWriter
from tests.kaldi_texts import WIDTH, acoustic_nnet3, spliced_nnet3, write_model

DOCUMENT = Path(__file__).parents[2] / "docs" / "report-format.md"


def example_report() -> str:
    scores = np.array([[-1.5, -0.25], [-2.0, -0.75]], np.float32)
    reference = np.array([[-1.5, -0.25], [-2.0, -0.25]], np.float32)
    difference = compare_scores(scores, reference, key="utt1")
    report = RunReport(
        "0.1.0",
        command=["ov-asr-score", "score", "-m", "model.xml", "-i", "feats.ark", "-r", "reference.ark"],
        model={"path": "model.xml", "kind": "OpenVINO IR"},
        device={
            "device": "CPU",
            "runs_on": ["CPU"],
            "name": "Intel(R) Xeon(R) Processor @ 2.50GHz",
            "precision": "f32",
            "precision_requested": "f32",
            "properties": {"NUM_STREAMS": "1"},
        },
        inputs=[PortInfo("input", "input", 0, ("input",), (None, 40), "f32", "")],
        outputs=[PortInfo("output", "output", 0, ("output",), (None, 2), "f32", "")],
        plan={
            "mode": "utterance",
            "frames_per_request": 0,
            "utterances_per_request": 1,
            "requests": 2,
            "streams": 1,
            "stateful": False,
            "left_context": 0,
            "right_context": 0,
            "summary": "a whole utterance per request; 2 infer requests; inputs input [40]",
            "reason": "the time axis is free: a whole utterance per request",
            "inputs": [{"name": "input", "takes": "time", "width": 40, "layout": "NTC", "layout_from": "by sizes"}],
        },
        versions={"openvino": "2026.4.0", "numpy": "2.4.6", "python": "3.11.9", "platform": "Linux x86_64"},
        totals=RunTotals(1, 2, 0, 1, 0.5, 0.0025, 0.001, 0.0, 0.25),
        layers=[LayerTime("affine1", "FullyConnected", "brgemm_avx512_f32", "EXECUTED", 119.0, 119.0, 1)],
        placement=[PlacedLayer("softmax", "Softmax", "CPU", 1, "GNA has no softmax (its input is 'affine')")],
        gna=GnaReport(
            2,
            30.0,
            (GnaLayerReport("affine1", "affine", 32, 2048.0, 16384.0, 33554432.0, 4, 0, 80.5, 0.0001, 0.00025),),
            "",
            (),
        ),
        limit_messages=["max error 0.5 exceeds --max-error 0.001"],
        verdict="failed",
    )
    report.add_difference("utt1", "output", difference)
    report.measures["output"] = measure_scores(scores, reference)
    report.add_failure("utt2", "feats.ark: utterance 'utt2' at byte 1042: expected FM, DM or CM, found 'FX'")
    file = io.StringIO()
    with JsonReportWriter(file) as writer:
        writer.utterance(UtteranceReport("utt1", 2, 0, 1, 0.0025, {"output": 2}, {"output": difference}))
        writer.finish(report)
    return file.getvalue()


def documented_fields(section: str) -> set[str]:
    text = DOCUMENT.read_text(encoding="utf-8")
    body = re.split(r"^##+ ", text.split(f"# {section}\n")[1], flags=re.MULTILINE)[0]
    first_cells = re.findall(r"^\| (`.*?) \|", body, flags=re.MULTILINE)
    return {name for cell in first_cells for name in re.findall(r"`(\w+)`", cell)}


def test_example_matches_written_report() -> None:
    found = re.findall(r"```json\n(.*?)```", DOCUMENT.read_text(encoding="utf-8"), flags=re.DOTALL)
    assert found == [example_report()]


def test_documented_fields_match_report_fields() -> None:
    report = json.loads(example_report())
    objects = {
        "The report": report,
        "Utterance": report["utterances"][0],
        "Difference": report["comparison"]["output"],
        "Measures": report["measures"]["output"],
        "Totals": report["totals"],
        "Device": report["device"],
        "Plan": report["plan"],
        "Port": report["inputs"][0],
        "Layer": report["layers"][0],
        "Placed layer": report["placement"][0],
        "GNA": report["gna"],
        "GNA layer": report["gna"]["layers"][0],
        "Worst": report["worst"][0],
        "Failure": report["failures"][0],
        "Words": as_dict(WordTotals()),
    }
    for section, fields in objects.items():
        assert documented_fields(section) == set(fields), section


def test_real_run_has_documented_sections(tiny_model: str, tmp_path: Path) -> None:
    features = {"utt1": np.zeros((2, 4), dtype=np.float32)}
    with TableWriter(f"{tmp_path}/features.ark") as writer:
        for key, matrix in features.items():
            writer.write(key, matrix)
    run_job(ScoreJob(model=tiny_model, inputs=[f"{tmp_path}/features.ark"], report=f"{tmp_path}/report.json"))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert set(report) == documented_fields("The report")
    assert set(report["device"]) == documented_fields("Device")
    assert set(report["plan"]) == documented_fields("Plan")
    assert set(report["model"]) == {"path", "kind"}


def test_kaldi_run_reports_conversion(tmp_path: Path) -> None:
    model = write_model(tmp_path / "final.mdl", acoustic_nnet3(spliced_nnet3()))
    with TableWriter(f"{tmp_path}/features.ark") as writer:
        writer.write("utt1", np.zeros((2, WIDTH), dtype=np.float32))
    kaldi = KaldiOptions(frames_per_chunk=50)
    run_job(ScoreJob(model=model, inputs=[f"{tmp_path}/features.ark"], kaldi=kaldi, report=f"{tmp_path}/report.json"))
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert set(report["model"]) == documented_fields("Model")
    assert set(report["model"]["conversion"]) == documented_fields("Conversion")


@pytest.mark.parametrize("field", ErrorLocation.__slots__)
def test_worst_location_fields_are_documented(field: str) -> None:
    line = re.search(r"^\| `worst` \| object or null.*$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert line is not None
    assert f"`{field}`" in line[0]


@pytest.mark.parametrize("field", ClassError.__slots__)
def test_worst_class_fields_are_documented(field: str) -> None:
    line = re.search(r"^\| `worst_classes` .*$", DOCUMENT.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert line is not None
    assert f"`{field}`" in line[0]
