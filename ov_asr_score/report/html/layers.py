"""The page of a comparison of layers: the first layer below the limit, a chart, and all layers.

Tests: tests/report/test_html_suite_and_layers.py
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TextIO

from ov_asr_score.report.console.layers import LayerComparison
from ov_asr_score.report.html import charts, page
from ov_asr_score.report.html.page import Html, KeyFigure, PageVerdict, Section

_COLUMNS = ("layer", "number", "type", "SNR, dB", "RMS error", "largest error", "RMS value", "shape", "not finite")


def write_layers_page(file: TextIO, comparison: LayerComparison) -> None:
    """Write the page of a comparison to an open text file. Passes OSError on."""
    first, limit = comparison.first_below, comparison.limit
    said = f"first layer below {limit:g} dB: {first}" if first else f"all layers reach {limit:g} dB"
    verdict = PageVerdict(first is None, "OK" if first is None else "Failed", [said])
    subject = f"layers of {comparison.reference.get('model', '')}"
    page.write_page(file, subject, verdict, list(_figures(comparison)), _sections(comparison))


def _figures(comparison: LayerComparison) -> Iterator[KeyFigure]:
    ratios = [(layer.signal_to_noise, layer.name) for layer in comparison.layers]
    if ratios:
        worst, name = min(ratios)
        yield KeyFigure("lowest SNR, dB", page.number(worst), name)
        yield KeyFigure("last layer, dB", page.number(ratios[-1][0]), ratios[-1][1])
    yield KeyFigure("layers", f"{len(ratios):,}")
    yield KeyFigure("utterances", f"{comparison.utterances:,}", f"{comparison.frames:,} frames")


def _sections(comparison: LayerComparison) -> Iterator[Section]:
    chart = charts.layer_noise([layer.signal_to_noise for layer in comparison.layers], comparison.limit)
    caption = Html("Signal-to-noise ratio <small>layers in order</small>")
    rows = [
        (
            layer.name,
            index,
            layer.type,
            float(layer.signal_to_noise),
            layer.rms,
            float(layer.largest),
            layer.reference_rms,
            "×".join("?" if length is None else str(length) for length in layer.shape),
            layer.broken,
        )
        for index, layer in enumerate(comparison.layers, start=1)
    ]
    yield Section(
        "Layer by layer", page.join([page.figure(chart, caption), page.table(_COLUMNS, rows, filters="Filter")])
    )
    unlike = [
        *(f"only in the reference: {name}" for name in comparison.only_in_reference),
        *(f"only in the compared model: {name}" for name in comparison.only_in_other),
        *(f"of different shapes: {name}" for name in comparison.incomparable),
    ]
    yield Section("Notes", page.lines("note", [*comparison.notes, *unlike]))
    parts = [
        page.facts("Reference", comparison.reference),
        page.facts("Compared", comparison.other),
        page.facts("Versions", {"ov-asr-score": comparison.tool_version, **comparison.versions}),
    ]
    yield Section(
        "Settings and versions", page.join([page.command_line(comparison.command or []), page.columns(parts)])
    )
