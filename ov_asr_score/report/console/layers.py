"""The report of a comparison of layers: plain data, JSON, and a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console

from ov_asr_score.report.console.run import render_facts, render_line, render_table
from ov_asr_score.report.data.run import as_dict

FORMAT = "ov-asr-score-layers"
FORMAT_VERSION = 1
_SHOWN_NAMES = 5


@dataclass(frozen=True, slots=True)
class LayerDifference:
    """The difference of one layer between both sides, over all utterances.

    ``shape`` is that of a request, with None for lengths that differ between requests. ``signal_to_noise`` is in
    decibels: infinite if both sides are equal, minus infinity if there are ``broken`` values, which are NaN or not
    finite on one side. ``rms`` and ``largest`` refer to the differences, ``reference_rms`` to the reference values.
    """

    name: str
    type: str
    shape: tuple[int | None, ...]
    values: int
    signal_to_noise: float
    rms: float
    largest: float
    reference_rms: float
    broken: int


@dataclass(frozen=True, slots=True)
class LayerComparison:
    """Differences of layers in the order of computation; ``first_below`` is the first one below ``limit`` decibels.

    ``incomparable`` layers have values of different shapes. ``groups`` is the number of passes over the utterances.
    """

    reference: Mapping[str, object]  # model, device, precision
    other: Mapping[str, object]
    limit: float
    utterances: int
    frames: int
    layers: tuple[LayerDifference, ...]
    first_below: str | None
    only_in_reference: tuple[str, ...]
    only_in_other: tuple[str, ...]
    incomparable: tuple[str, ...]
    groups: int
    notes: tuple[str, ...]
    total_seconds: float
    command: Sequence[str] | None
    tool_version: str
    versions: Mapping[str, str]

    @property
    def verdict(self) -> Literal["ok", "failed"]:
        """``ok`` if no layer is below the limit."""
        return "ok" if self.first_below is None else "failed"


def layers_as_dict(comparison: LayerComparison) -> dict[str, object]:
    """The comparison as dicts, lists, strings and numbers, NaN and infinities as strings."""
    return {"format": FORMAT, "format_version": FORMAT_VERSION, **as_dict(comparison)}


def render_layers(comparison: LayerComparison, console: Console) -> None:
    """Print both sides, the layers in order, and the verdict."""
    render_facts(console, "Reference", comparison.reference)
    render_facts(console, "Compared", comparison.other)
    spread = f"{comparison.utterances:,} utterances with {comparison.frames:,} frames"
    spread += f", layers in {comparison.groups} groups" if comparison.groups > 1 else ""
    columns = ("SNR dB", "rms error", "largest", "rms value", "shape", "", "layer")
    title = f"Layers in order, over {spread}"
    render_table(console, title, columns, [_row(layer, comparison.limit) for layer in comparison.layers])
    for what, names in (
        ("only in the reference", comparison.only_in_reference),
        ("only in the compared model", comparison.only_in_other),
        ("of different shapes", comparison.incomparable),
    ):
        if names:
            more = ", …" if len(names) > _SHOWN_NAMES else ""
            render_line(
                console,
                f"{len(names):,} layer{'s' if len(names) > 1 else ''} {what}: {', '.join(names[:_SHOWN_NAMES])}{more}",
            )
    for note in comparison.notes:
        render_line(console, f"note: {note}", "yellow")
    render_line(console, verdict_text(comparison), "green" if comparison.verdict == "ok" else "bold red")


def verdict_text(comparison: LayerComparison) -> str:
    """The verdict in one line, with the first layer below the limit."""
    limit, layers = f"{comparison.limit:g} dB", comparison.layers
    if comparison.first_below is None:
        return f"ok: all {len(layers):,} layers reach {limit}"
    below = [layer for layer in layers if not layer.signal_to_noise >= comparison.limit]
    first = below[0]
    broken = f", {first.broken:,} values not finite" if first.broken else ""
    rest = f"; {len(below):,} of {len(layers):,} layers are" if len(below) > 1 else ""
    return f"failed: {first.name} is the first layer below {limit}: {first.signal_to_noise:.2f} dB{broken}{rest}"


def _row(layer: LayerDifference, limit: float) -> tuple[str, ...]:
    return (
        f"{layer.signal_to_noise:.1f}",
        f"{layer.rms:.3g}",
        f"{layer.largest:.3g}",
        f"{layer.reference_rms:.3g}",
        "[" + ",".join("?" if axis is None else str(axis) for axis in layer.shape) + "]" if layer.shape else "-",
        "" if layer.signal_to_noise >= limit else "<<",
        f"{layer.name} ({layer.type})",
    )
