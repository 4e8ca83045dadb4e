"""Comparison of two profiles, A and B: the change of each layer, as plain data and a table."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.console import Console

from ov_asr_score.profiling import LayerTime
from ov_asr_score.report.console.run import render_facts, render_table
from ov_asr_score.report.files.profile_reader import Profile

MAX_LISTED = 20


@dataclass(frozen=True, slots=True)
class LayerChange:
    """One layer in two runs: total microseconds, 0 where it did not run."""

    name: str
    before: float
    after: float
    kind: str  # type and implementation, both implementations where they differ
    runs_in: str  # "both", "A" or "B"

    @property
    def change(self) -> float:
        """Additional microseconds of B."""
        return self.after - self.before

    @property
    def ratio(self) -> float:
        """Time of B divided by that of A; infinite for a layer that only B has."""
        return ratio_of(self.before, self.after)


@dataclass(frozen=True, slots=True)
class ProfileComparison:
    """All layers, largest change first; times of B are multiplied by ``scale`` to match the number of frames of A."""

    layers: tuple[LayerChange, ...]
    frames: tuple[int, int]  # 0: unknown
    scale: float
    notes: tuple[str, ...]

    @property
    def before(self) -> float:
        """Total microseconds of A."""
        return sum(layer.before for layer in self.layers)

    @property
    def after(self) -> float:
        """Total microseconds of B, scaled."""
        return sum(layer.after for layer in self.layers)

    @property
    def ratio(self) -> float:
        """Total time of B divided by that of A."""
        return ratio_of(self.before, self.after)


def ratio_of(before: float, after: float) -> float:
    """``after / before``; 1 if both are 0, infinite if only ``before`` is."""
    if before > 0:
        return after / before
    return math.inf if after > 0 else 1.0


def compare_profiles(before: Profile, after: Profile) -> ProfileComparison:
    """The layers of two profiles matched by name; times of ``after`` are scaled to equal frames, if both are known."""
    notes, scale = [], 1.0
    frames = before.frames, after.frames
    if all(frames) and frames[0] != frames[1]:
        scale = frames[0] / frames[1]
        notes.append(f"A scored {frames[0]:,} frames and B {frames[1]:,}: times of B are multiplied by {scale:.4g}")
    elif not all(frames):
        notes.append("the number of frames is not known for both runs: times are compared without scaling")
    ours, theirs = _by_name(before.layers), _by_name(after.layers)
    layers = [_change(name, ours.get(name, ()), theirs.get(name, ()), scale) for name in ours | theirs]
    if not ours.keys() & theirs.keys():
        notes.append("A and B have no layer in common: these are probably profiles of different models")
    layers.sort(key=lambda layer: -abs(layer.change))
    return ProfileComparison(tuple(layers), frames, scale, tuple(notes))


def slowdowns(comparison: ProfileComparison, limit: float, least_share: float) -> list[str]:
    """A message for each ratio above ``limit``: of the total, and of layers with ``least_share`` of A's time."""
    messages = []
    if comparison.ratio > limit:
        messages.append(f"all layers take {comparison.ratio:.3f} times as long, more than the limit of {limit:g}")
    for layer in comparison.layers:
        if layer.runs_in == "both" and layer.before >= least_share * comparison.before and layer.ratio > limit:
            messages.append(
                f"layer '{layer.name}' takes {layer.ratio:.3f} times as long, more than the limit of {limit:g}"
            )
    return messages


def render_profile_comparison(comparison: ProfileComparison, console: Console, *, verbose: bool = False) -> None:
    """Print totals and layers, largest change first; ``verbose``: all layers."""
    added, removed = (_num(comparison.layers, where) for where in ("B", "A"))
    totals = {
        "A": f"{comparison.before / 1e3:,.3f} ms in {_num(comparison.layers, 'both') + removed} layers",
        "B": f"{comparison.after / 1e3:,.3f} ms in {_num(comparison.layers, 'both') + added} layers",
        "B / A": f"{comparison.ratio:.3f}",
        "only in A": removed or None,
        "only in B": added or None,
    }
    render_facts(console, "Time of all layers", totals)
    listed = comparison.layers if verbose else comparison.layers[:MAX_LISTED]
    rows = [
        (
            f"{layer.change / 1e3:+,.3f}",
            {"both": f"{layer.ratio:.3f}", "A": "only A", "B": "only B"}[layer.runs_in],
            f"{layer.before / 1e3:,.3f}",
            f"{layer.after / 1e3:,.3f}",
            f"{layer.name} ({layer.kind})",
        )
        for layer in listed
    ]
    columns = ("B - A ms", "B / A", "A ms", "B ms", "layer (type, implementation)")
    render_table(console, "Layers, largest change first", columns, rows)
    if len(listed) < len(comparison.layers):
        console.print(f"  and {len(comparison.layers) - len(listed)} more", markup=False)
    for note in comparison.notes:
        console.print(f"note: {note}", style="yellow", markup=False, soft_wrap=True)


def _by_name(layers: Iterable[LayerTime]) -> dict[str, list[LayerTime]]:
    by_name: dict[str, list[LayerTime]] = {}
    for layer in layers:
        if layer.calls:
            by_name.setdefault(layer.name, []).append(layer)
    return by_name


def _change(name: str, before: Sequence[LayerTime], after: Sequence[LayerTime], scale: float) -> LayerChange:
    types = " -> ".join(dict.fromkeys(layer.type for layer in (*before, *after)))
    forms = " -> ".join(dict.fromkeys("/".join(layer.exec_type for layer in side) for side in (before, after) if side))
    ours, theirs = (sum(layer.real_microseconds for layer in side) for side in (before, after))
    runs_in = "both" if before and after else "A" if before else "B"
    return LayerChange(name, ours, theirs * scale, f"{types}, {forms}", runs_in)


def _num(layers: Iterable[LayerChange], runs_in: str) -> int:
    return sum(layer.runs_in == runs_in for layer in layers)
