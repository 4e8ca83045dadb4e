"""The CSV reports of a run."""

from __future__ import annotations

import csv
import io

import numpy as np

from ov_asr_score.comparison import compare_scores
from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.data.run import RunReport, RunTotals, UtteranceReport
from ov_asr_score.report.files.run_csv import LAYER_COLUMNS, UTTERANCE_COLUMNS, CsvReportWriter
from tests.places import ROOT

DOCUMENT = ROOT / "docs" / "report-format.md"


def rows(file: io.StringIO) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(file.getvalue())))


def test_layers_csv() -> None:
    file = io.StringIO()
    writer = CsvReportWriter(file, of_layers=True)
    writer.utterance(UtteranceReport("utt1", 2, 0, 1, 0.5, {"scores": 3}))
    layers = [
        LayerTime('a, "b"', "FullyConnected", "brgemm", "EXECUTED", 300.0, 250.0, 4),
        LayerTime("relu", "Eltwise", "jit", "EXECUTED", 100.0, 100.0, 4),
    ]
    totals = RunTotals(utterances=2, frames=12, resumed_frames=2)
    writer.finish(RunReport("1", layers=layers, totals=totals))
    first, second = rows(file)
    assert first == dict(
        zip(
            LAYER_COLUMNS,
            ('a, "b"', "FullyConnected", "brgemm", "4", "300.000", "75.000", "250.000", "0.750000", "10"),
            strict=True,
        )
    )
    assert (second["layer"], second["share"]) == ("relu", "0.250000")


def test_utterances_csv_with_and_without_reference() -> None:
    file = io.StringIO()
    writer = CsvReportWriter(file, of_layers=False)
    scores, reference = np.zeros((2, 2), np.float32), np.array([[0.5, 0], [0, np.nan]], np.float32)
    difference = compare_scores(scores, reference, threshold=1e-4)
    writer.utterance(UtteranceReport("u\udcff,1", 2, 4, 1, 0.25, {"a": 2, "b": 3}, {"a": difference}))
    writer.finish(RunReport("1"))
    first, second = rows(file)
    assert (first["utterance"], first["output"], first["scores"]) == ("u\\xff,1", "a", "2")
    assert (first["max_error"], first["over_threshold"], first["mismatches"]) == ("inf", "1", "1")
    assert (second["output"], second["frames"], second["context_frames"]) == ("b", "2", "4")
    assert float(second["seconds"]) == 0.25
    assert second["max_error"] == second["mismatches"] == ""


def test_csv_columns_are_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8").split("## CSV\n")[1].split("\n## ")[0]
    cells = [line.split("|")[1] for line in text.splitlines() if line.startswith("| `")]
    documented = [name.strip(" `") for cell in cells for name in cell.split(",")]
    assert documented == [*LAYER_COLUMNS, *UTTERANCE_COLUMNS]
