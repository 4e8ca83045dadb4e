"""Tables, JSON and plot of benchmark results."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest

from benchmarks.measuring.machine import Machine, this_machine, usable_cores
from benchmarks.measuring.small_jobs import Memory, Small
from benchmarks.measuring.turns import Spread, Target, ratios, spread
from benchmarks.reports.plot import write_plot
from benchmarks.reports.results import Results, SubjectResult, write_json
from benchmarks.reports.table import BEGIN, END, grid, markdown, number, readme_section, update_readme

FIGURES = {"old 1": [100.0, 110.0], "score": [1500.0, 1430.0], "bound": [1600.0, 1500.0], "peak": [4e11, 5e11]}
TARGETS = (Target("score", "bound", 0.92), Target("score", "old 1", 14.5), Target("bound", "old 1"))


@pytest.fixture
def results() -> Results:
    subject = SubjectResult(
        name="net",
        figures=FIGURES,
        spreads={name: spread(values) for name, values in FIGURES.items()},
        ratios=ratios(FIGURES, TARGETS),
        start_seconds={"score": Spread(0.5, 0.4, 0.6)},
        frames={"score": 3000},
        notes={"bound": "512 frames per request"},
    )
    machine = Machine("A CPU", 2, 2**33, "2026.4.1", "3.12.0", "Linux x86_64", True, "2026-01-02", 0.1)
    small = [Small("20 utterances", Spread(0.8, 0.7, 1.2), 1.0), Small("help", Spread(0.1, 0.1, 0.1))]
    memory = [Memory("net", (10**8, 10**9), (150_000_000, 210_000_000), (1.0, 9.0))]
    return Results("quick", machine, 2, 12.0, [subject], small, memory)


def test_grid_columns_are_aligned() -> None:
    lines = grid(["a", "long"], [["1", "2"], ["wider", "x"]])
    assert lines == ["| a     | long |", "|-------|------|", "| 1     | 2    |", "| wider | x    |"]


def test_ratio_with_its_range() -> None:
    assert number(Spread(2.614, 2.55, 2.7)) == "2.61 [2.55, 2.70]"
    assert number(Spread(12.0, 9.0, 14.04)) == "12.0 [9.0, 14.0]"


def test_tables_are_complete(results: Results) -> None:
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in markdown(results).splitlines()]
    assert ["score", "1,465 [1,430, 1,500] frames/s", "0.50 s", ""] in rows
    assert ["bound", "1,550 [1,500, 1,600] frames/s", "", "512 frames per request"] in rows
    assert ["peak", "450 [400, 500] GFLOP/s", "", ""] in rows
    assert ["score / bound", "0.95 [0.94, 0.95]", ">= 0.92", "yes"] in rows
    assert ["score / old 1", "14.0 [13.0, 15.0]", ">= 14.5", "no"] in rows
    assert ["20 utterances", "0.80 [0.70, 1.20] s", "<= 1 s", "yes"] in rows
    assert ["net", "150 MB", "210 MB", "+60 MB", "<= 50 MB", "no"] in rows


def test_readme_has_ratios_with_targets_only(results: Results) -> None:
    text = readme_section(results)
    assert "score / bound" in text
    assert "bound / old 1" not in text
    assert "GFLOP" not in text
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines()]
    assert ["model", "old 1", "score", "bound"] in rows
    assert ["net", "105", "1,465", "1,550"] in rows


def test_readme_section_is_replaced(results: Results, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n", encoding="utf-8")
    update_readme(readme, results)
    once = readme.read_text(encoding="utf-8")
    assert once.startswith(f"before\n{BEGIN}\nA CPU, 2 cores")
    assert once.endswith(f"{END}\nafter\n")
    assert "old\n" not in once
    update_readme(readme, results)
    assert readme.read_text(encoding="utf-8") == once


def test_readme_without_markers_is_refused(results: Results, tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("text\n", encoding="utf-8")
    with pytest.raises(ValueError, match="expected the lines <!-- benchmark: begin -->"):
        update_readme(readme, results)
    assert readme.read_text(encoding="utf-8") == "text\n"


def test_json_has_figures_and_verdicts(results: Results, tmp_path: Path) -> None:
    write_json(tmp_path / "results.json", results)
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert content["machine"]["cpu"] == "A CPU"
    assert content["subjects"][0]["figures"] == FIGURES
    assert [ratio["reached"] for ratio in content["subjects"][0]["ratios"]] == [True, False, None]
    assert content["memory"][0]["peaks"] == [150_000_000, 210_000_000]


@pytest.mark.skipif(not find_spec("matplotlib"), reason="matplotlib is not installed")
def test_plot_is_a_picture(results: Results, tmp_path: Path) -> None:
    write_plot(tmp_path / "one.png", results)
    two = replace(results, subjects=results.subjects * 2)
    write_plot(tmp_path / "two.png", two)
    one, more = ((tmp_path / name).read_bytes() for name in ("one.png", "two.png"))
    assert one.startswith(b"\x89PNG")
    assert more[16:24] != one[16:24]  # another height


def test_this_machine() -> None:
    machine = this_machine()
    assert machine.cores == usable_cores() >= 1
    assert machine.cpu
    assert machine.openvino.count(".") == 2
    assert machine.memory > 10**8
