"""Word errors as JSON and CSV; docs/report-format.md names all fields."""

from __future__ import annotations

import csv
import io
import json

from ov_asr_score.report.files.word_errors import COLUMNS, UtteranceTable, word_errors_json
from ov_asr_score.word_errors.alignment import EditCounts
from ov_asr_score.word_errors.totals import UtteranceErrors
from tests.command_line import ROOT
from tests.report.test_schemas import faults
from tests.report.word_error_reports import FIRST, LONG, SECOND, SWEPT, WORST, word_errors_report

SECTION = (
    (ROOT / "docs" / "report-format.md").read_text("utf-8").partition("## `wer --report`")[2].partition("\n## ")[0]
)


def test_json_keeps_to_its_schema() -> None:
    for hypotheses in ((FIRST,), (SWEPT,), (FIRST, SECOND)):
        written = json.loads(word_errors_json(word_errors_report(*hypotheses)))
        assert faults("word-errors", written) == []
    assert written["hypotheses"][1]["ser_percent"] == "nan"
    assert written["hypotheses"][0]["worst"][0]["alignment"][2] == [None, "a"]
    assert written["comparison"]["increase_percent"] == -0.5
    assert written["verdict"] == "ok"


def test_the_document_names_all_fields() -> None:
    written = json.loads(word_errors_json(word_errors_report(FIRST, SECOND)))
    parts = [written, written["hypotheses"][0], written["hypotheses"][0]["worst"][0], written["comparison"]]
    parts += [
        written["hypotheses"][0]["speakers"][0],
        written["comparison"]["sign_test"],
        written["hypotheses"][0]["words"],
    ]
    names = {name for part in parts for name in part}
    assert sorted(name for name in names if f"`{name}`" not in SECTION and f".{name}`" not in SECTION) == []
    assert [name for name in COLUMNS if f"`{name}`" not in SECTION] == []


def test_csv() -> None:
    file = io.StringIO()
    table = UtteranceTable(file)
    table.add("hyp.txt", WORST)
    table.add("hyp.txt", LONG)
    table.add("b\udcff", UtteranceErrors("k\udcfe", "", EditCounts(1), None, ()))
    rows = list(csv.reader(io.StringIO(file.getvalue())))
    assert rows == [
        list(COLUMNS),
        ["hyp.txt", "utt1", "ann", "3", "1", "1", "1", "9", "1", "2", "3"],
        ["hyp.txt", "utt2", "", "30000", "0", "1", "0", "", "", "", ""],
        ["b\\xff", "k\\xfe", "", "1", "0", "0", "0", "", "", "", ""],
    ]
