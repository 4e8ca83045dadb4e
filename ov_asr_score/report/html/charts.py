"""Charts as SVG markup, drawn by matplotlib in the colours of the page.

Charts contain no user-supplied text: names are shown in the markup around them.

Tests: tests/report/html/test_run.py
"""

from __future__ import annotations

import io
import logging
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ov_asr_score.errors import MissingExtraError
from ov_asr_score.report.data.error_detail import ErrorHistogram, ErrorSeries, ScoreImages, bin_edges
from ov_asr_score.report.html.page import Html

# Placeholders for the colours of the page, which depend on light and dark mode.
_INK, _MUTED, _LINE, _BAD = "#010101", "#010102", "#010103", "#010104"
_SERIES = ("#010105", "#010106", "#010107", "#010108")
_STYLES = {
    _INK: "var(--ink)",
    _MUTED: "var(--muted)",
    _LINE: "var(--line)",
    _BAD: "var(--bad)",
    **{colour: f"var(--series-{index})" for index, colour in enumerate(_SERIES, start=1)},
}
_LOOK = {
    "axes.axisbelow": True,
    "axes.edgecolor": _LINE,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.labelcolor": _MUTED,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.facecolor": "none",
    "font.size": 10,
    "grid.color": _LINE,
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "legend.labelcolor": _MUTED,
    "svg.fonttype": "none",
    "text.color": _INK,
    "xtick.color": _LINE,
    "xtick.labelcolor": _MUTED,
    "ytick.color": _LINE,
    "ytick.labelcolor": _MUTED,
}
MAX_SERIES = len(_SERIES)


def import_matplotlib() -> Any:
    """The module ``matplotlib``, with warnings turned off. Raises MissingExtraError if it is not installed."""
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # it warns about fonts, which the browser chooses
    try:
        import matplotlib
        import matplotlib.backends.backend_svg
        import matplotlib.figure
    except ImportError as error:
        raise MissingExtraError(
            f"HTML reports need matplotlib, which cannot be imported ({error}); pip install 'ov-asr-score[report]'"
        ) from error
    return matplotlib


def error_histogram(histograms: Mapping[str, ErrorHistogram], threshold: float) -> Html:
    """Histogram of absolute errors on logarithmic axes, one outline per output; empty if there are no errors.

    A dashed line marks the ``threshold``; at most ``MAX_SERIES`` outputs are drawn.
    """
    shown = [histogram.counts for histogram in list(histograms.values())[:MAX_SERIES]]
    used = np.flatnonzero(sum(shown)) if shown else np.empty(0)
    if not used.size:
        return Html("")
    first, last = int(used[0]), int(used[-1]) + 1
    edges = bin_edges()[first : last + 1]
    with _figure("histogram", 10.0, 3.0) as (figure, chart):
        axes = figure.subplots()
        for counts, colour in zip(shown, _SERIES, strict=False):
            axes.stairs(counts[first:last], edges, fill=True, alpha=0.35 if len(shown) > 1 else 0.75, color=colour)
            axes.stairs(counts[first:last], edges, color=colour, linewidth=1.2)
        axes.set(xscale="log", yscale="log", xlabel="absolute error", ylabel="scores", ylim=(0.7, None))
        if edges[0] <= threshold <= edges[-1]:
            axes.axvline(threshold, color=_BAD, linestyle="--", linewidth=1.2)
            axes.text(
                threshold, 1.01, "threshold", color=_BAD, ha="center", va="bottom", transform=axes.get_xaxis_transform()
            )
        axes.tick_params(which="minor", length=0)
    return chart.markup


def error_along_time(series: ErrorSeries, name: str) -> Html:
    """RMS error along the frames of one utterance; red marks show where NaN or infinity do not agree."""
    with _figure(name, 5.2, 1.7) as (figure, chart):
        axes = figure.subplots()
        _draw_series(axes, series)
        axes.set_xlabel("frame")
    return chart.markup


def score_images(series: ErrorSeries, images: ScoreImages, name: str) -> Html:
    """RMS error along the frames, and below it images of reference, result and distance: classes over frames."""
    both = np.concatenate([images.reference.ravel(), images.scores.ravel()])
    finite = both[np.isfinite(both)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    extent = (-0.5, images.frames - 0.5, -0.5, images.classes - 0.5)
    shared = {"aspect": "auto", "origin": "lower", "extent": extent, "interpolation": "nearest"}
    with _figure(name, 10.0, 6.2) as (figure, chart):
        panels = figure.subplots(4, 2, sharex="col", width_ratios=(1, 0.012), height_ratios=(0.8, 1, 1, 1))
        _draw_series(panels[0, 0], series)
        panels[0, 1].set_axis_off()
        for (axes, bar), title, values in zip(
            panels[1:],
            ("reference", "result", "distance, |result − reference|"),
            (images.reference, images.scores, images.distance),
            strict=True,
        ):
            if values is images.distance:
                look: dict[str, Any] = {"cmap": "inferno", "vmin": 0}
            else:
                look = {"cmap": "viridis", "vmin": low, "vmax": high}
            picture = axes.imshow(np.ma.masked_invalid(values), **look, **shared)
            axes.set_title(title, loc="left", fontsize=10, color=_INK)
            axes.set_ylabel("class")
            axes.grid(visible=False)
            figure.colorbar(picture, cax=bar).outline.set_visible(False)
        panels[-1, 0].set_xlabel("frame")
    return chart.markup


def _draw_series(axes: Any, series: ErrorSeries) -> None:
    frames = np.arange(len(series.rms)) * series.step
    axes.fill_between(frames, np.nan_to_num(series.rms), step="mid", color=_SERIES[0], alpha=0.25, linewidth=0)
    axes.step(frames, series.rms, where="mid", color=_SERIES[0], linewidth=1.1)
    if series.broken:
        places = np.array(series.broken) * series.step
        axes.vlines(places, 0, 0.08, color=_BAD, linewidth=1.5, transform=axes.get_xaxis_transform())
    axes.set(ylabel="RMS error", xlim=(-0.5, max(series.frames - 0.5, 0.5)), ylim=(0, None))
    axes.grid(axis="x", visible=False)


def layer_noise(ratios: Sequence[float], limit: float | None = None, name: str = "layers") -> Html:
    """Signal-to-noise ratio in decibels of layers in order, numbered from 1, with a dashed line at ``limit``.

    Ratios that are not finite (no noise at all) leave a gap. ``name`` must be unique in the page.
    """
    finite = [ratio if math.isfinite(ratio) else math.nan for ratio in ratios]
    with _figure(name, 10.0, 2.6) as (figure, chart):
        axes = figure.subplots()
        axes.plot(range(1, len(finite) + 1), finite, color=_SERIES[0], marker="o", markersize=4, linewidth=1.3)
        if limit is not None:
            axes.axhline(limit, color=_BAD, linestyle="--", linewidth=1.2)
            axes.text(1.005, limit, "limit", color=_BAD, va="center", transform=axes.get_yaxis_transform())
        axes.set(xlabel="layer", ylabel="SNR, dB")
        axes.set_ylim(bottom=min([0.0, *(ratio for ratio in finite if ratio < 0)]))
        axes.xaxis.get_major_locator().set_params(integer=True)
    return chart.markup


class _Chart:
    """The markup of a figure, available after its ``with`` block."""

    markup = Html("")


class _figure:
    """Context of a figure of ``width`` x ``height`` inches and its chart; ``name`` must be unique in the page."""

    def __init__(self, name: str, width: float, height: float) -> None:
        matplotlib = import_matplotlib()
        self._name = name
        self._chart = _Chart()
        self._style = matplotlib.rc_context(_LOOK)
        self._style.__enter__()
        self._figure = matplotlib.figure.Figure(figsize=(width, height), layout="constrained")

    def __enter__(self) -> tuple[Any, _Chart]:
        return self._figure, self._chart

    def __exit__(self, *error: object) -> None:
        try:
            if error[0] is None:
                text = io.StringIO()
                self._figure.savefig(text, format="svg", metadata={"Date": None, "Creator": None})
                self._chart.markup = _inlined(text.getvalue(), self._name)
        finally:
            self._style.__exit__(None, None, None)


def _inlined(svg: str, name: str) -> Html:
    """An SVG file as part of a page: without header and metadata, with unique ids and the colours of the page."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'<g id="[^"]*"', "<g", svg)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)  # not needed in HTML, and looks like an external address
    svg = re.sub(r"font(-family)?: ?[^;\"]*'[^;\"]*;?", "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]*)"[^>]*>', r'<svg viewBox="\1" aria-hidden="true">', svg, count=1)
    # matplotlib derives ids from memory addresses and contents, so that charts may share them
    names = dict.fromkeys(re.findall(r'\bid="([^"]+)"', svg))
    places = {old: f"{name}-{place}" for place, old in enumerate(names)}
    svg = re.sub(r'\b(id="|href="#|url\(#)([^")]+)', lambda match: match[1] + places[match[2]], svg)
    for colour, style in _STYLES.items():
        svg = svg.replace(colour, style)
    return Html(svg.strip())
