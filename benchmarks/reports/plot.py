"""A bar chart of frames per second of all contestants. Needs matplotlib."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measuring.turns import Spread
from benchmarks.models.subjects import IN_OPERATIONS
from benchmarks.reports.results import Results

_OURS, _OTHERS, _LIMIT = "#0b6e99", "#b0b7bd", "#d9a441"


def write_plot(path: Path, results: Results) -> None:
    """Write a PNG with one panel per model; bars from slowest to fastest, with their range."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    shown = [(subject.name, _bars(subject.spreads)) for subject in results.subjects]
    heights = [len(bars) + 1.5 for _, bars in shown]
    figure = Figure(figsize=(9, 0.32 * sum(heights) + 0.6), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(len(shown), 1, squeeze=False, height_ratios=heights)
    for panel, (title, bars) in zip(panels[:, 0], shown, strict=True):
        medians = [figures.median for _, figures in bars]
        below = [figures.median - figures.smallest for _, figures in bars]
        above = [figures.largest - figures.median for _, figures in bars]
        names = [name for name, _ in bars]
        panel.barh(names, medians, xerr=[below, above], color=[_color(name) for name in names], ecolor="#555555")
        for row, (_, figures) in enumerate(bars):
            panel.annotate(
                f"{figures.median:,.0f}", (figures.largest, row), (5, 0), textcoords="offset points", va="center",
                fontsize=8,
            )  # fmt: skip
        panel.set_title(title, loc="left", fontsize=10)
        panel.set_xlim(0, max(figures.largest for _, figures in bars) * 1.15)
        panel.spines[["top", "right"]].set_visible(False)
        panel.tick_params(labelsize=8)
        panel.xaxis.set_major_formatter("{x:,.0f}")
    machine = results.machine
    panels[-1, 0].set_xlabel(
        f"frames/s; {machine.cpu}, {machine.cores} cores, OpenVINO {machine.openvino}, {machine.date}", fontsize=8
    )
    figure.savefig(path)


def _bars(spreads: dict[str, Spread]) -> list[tuple[str, Spread]]:
    shown = [item for item in spreads.items() if item[0] not in IN_OPERATIONS]
    return sorted(shown, key=lambda item: item[1].median)


def _color(name: str) -> str:
    return _OURS if name.startswith("score") else _LIMIT if name.startswith("bound") else _OTHERS
