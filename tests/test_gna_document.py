"""docs/gna.md has figures for the shipped models, and they are current."""

from __future__ import annotations

import re

import pytest

from benchmarks.gna_errors import BEGIN, DOCUMENT, END, PICTURE, SUBJECTS, WAYS, error_of


def rms_in_table(model: str, way: str) -> float:
    table = DOCUMENT.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    row = re.search(rf"^\| `{re.escape(model)}` \| {re.escape(way)} \| [\d.e-]+ \| ([\d.e-]+) \|", table, re.MULTILINE)
    assert row is not None, (model, way)
    return float(row[1])


def test_table_has_every_model_and_mode() -> None:
    assert PICTURE.is_file()
    assert all(rms_in_table(subject.model, way) > 0 for subject in SUBJECTS for way in WAYS)


@pytest.mark.parametrize("way", WAYS)
def test_table_errors_are_current(way: str) -> None:
    # Integers are the same everywhere; the floats that scales are made from may differ in their last bits.
    assert error_of(SUBJECTS[0], WAYS[way]).rms == pytest.approx(rms_in_table(SUBJECTS[0].model, way), rel=0.1)
