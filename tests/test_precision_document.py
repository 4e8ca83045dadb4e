"""docs/precision.md has figures for every shipped model."""

from __future__ import annotations

import re
from pathlib import Path

from benchmarks.precision_errors import BEGIN, DOCUMENT, END, SUBJECTS

ROOT = Path(__file__).resolve().parent.parent


def test_every_shipped_model_is_measured() -> None:
    shipped = {path for pattern in ("*.xml", "*/final.mdl", "*/final.nnet") for path in (ROOT / "models").glob(pattern)}
    assert {ROOT / subject.model for subject in SUBJECTS} == shipped


def test_table_has_every_model_and_precision() -> None:
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    for subject in SUBJECTS:
        for precision in ("bf16", "f16 weights", "int8"):
            row = rf"^\| `{re.escape(subject.model)}`[^|]* \| {precision} \| [\d.e-]+ \| [\d.e-]+ \|"
            assert re.search(row, table, re.MULTILINE), (subject.model, precision)
