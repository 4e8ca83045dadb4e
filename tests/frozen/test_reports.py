"""Reports are what they were, but for what was measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.frozen.reports import RECORDED, REPORTS, masked


@pytest.mark.parametrize("name", REPORTS)
def test_reports_are_what_they_were(name: str, tmp_path: Path) -> None:
    found = REPORTS[name](tmp_path)
    assert found == {file: (RECORDED / file).read_text(encoding="utf-8") for file in found}


def test_every_record_is_held() -> None:
    assert {path.name for path in RECORDED.iterdir()} == {
        *("suite.json", "suite.xml", "suite.md", "failing.json", "failing.xml", "failing.md"),
        *("score.json", "score.csv", "exceeded.json", "compare.json"),
    }


def test_figures_are_masked_and_facts_are_not() -> None:
    reasons = ["max error 0.5, expected at most 1e-4", "2,345 of 10 at 'utt-3'"]
    report = {"verdict": "ok", "frames": 3, "max_abs": 0.25, "versions": {"numpy": "2"}, "reasons": reasons}
    assert masked(report) == {
        "verdict": "ok",
        "frames": 3,
        "max_abs": "<number>",
        "versions": "<versions>",
        "reasons": ["max error <number>, expected at most 1e-4", "<number> of <number> at 'utt-3'"],
    }
