"""Scale factors (float · factor = integer) of sums and values of a graph, as precise as the device's integers allow.

A 16-bit value gets the factor that its range allows, or a smaller one: the product of the factors of a matrix and its
input is limited by the int32 sums, and the total error is least if both share it evenly. Sums may saturate where the
function behind them is flat, so the sums of a sigmoid need not reach further than where it flattens.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log2

import numpy as np

from ov_asr_score.gna.compiler.graph_draft import GraphDraft, is_identity, operands
from ov_asr_score.gna.compiler.layouts import ValueLayout
from ov_asr_score.gna.compiler.operation_plan import PlannedOperation
from ov_asr_score.gna.compiler.value_ranges import Float64Array, ValueRange, narrow_reach, wide_reach
from ov_asr_score.gna.graphs.float_graph import Concat, Convolution, Crop, Permute

_LAST_SUM = 0.99 * 2**31
_LAST_VALUE = 32752.0
LAST_WEIGHT = {8: 127 * 255.0, 16: 32767.0}
"""Largest weight by number of bits; with 8 bits it includes the largest row multiplier."""

_BENDS = {"sigmoid": 32.0, "tanh": 16.0}
"""Input beyond which a function is flat, to 16 bits of precision."""

STRAIGHT = frozenset({"identity", "relu", "leaky_relu", "clamp", "abs"})
"""Piecewise linear functions."""
_LAST_SLOPE = 32766

_LEAST_SCALE, _FINE_MULTIPLIER, _FINE_SUM = 512.0, 40.0, 256.0
_WRAPS_BEYOND = 512


@dataclass(frozen=True, slots=True, eq=False)
class ScaleFactors:
    """``classes`` by the root of a scale class (see layouts); ``sums`` of the int32 sums of steps, by step_key."""

    classes: dict[str, float]
    sums: dict[str, float]
    layouts: Mapping[str, ValueLayout]

    def of_value(self, value: str) -> float:
        """Scale factor of a 16-bit value (of its first block)."""
        return self.classes[self.layouts[value].blocks[0].root]

    def of_elements(self, value: str) -> Float64Array:
        """Scale factor of each element of a 16-bit value, [K]."""
        return np.concatenate([np.full(block.size, self.classes[block.root]) for block in self.layouts[value].blocks])


def step_key(step: PlannedOperation) -> str:
    """Name of the sums of a step: its value if the output is 32 bits wide, else a name of their own."""
    return step.output if step.is_wide else f"{step.output}|sums"


def _with_whole_slope(sums_scale: float, value_scale: float) -> float:
    """``sums_scale`` reduced so that the slope from sums to values is one that a segment can represent."""
    slope = value_scale / sums_scale
    shift = max((8 * code for code in range(1, 5) if slope * 2.0 ** (8 * code) <= _LAST_SLOPE), default=0)
    return value_scale * 2.0**shift / ceil(slope * 2.0**shift) if shift else sums_scale


def is_selection(step: PlannedOperation) -> bool:
    """Whether all weights are zero or one."""
    if step.kind not in ("affine", "diagonal") or step.weights is None:
        return False
    first = step.weights[:1]  # the first row decides for most matrices
    return all(bool(np.all((part == 0) | (part == 1))) for part in (first, step.weights))


def weight_bits_of(step: PlannedOperation, weight_bits: int) -> int:
    """Bits of the weights of a step: 16 unless it is a matrix product that does more than select elements."""
    return weight_bits if step.kind == "affine" and not is_selection(step) else 16


def find_scale_factors(
    draft: GraphDraft,
    steps: Sequence[PlannedOperation],
    layouts: Mapping[str, ValueLayout],
    ranges: Mapping[str, ValueRange],
    input_scales: Mapping[str, float],
    weight_bits: int,
) -> ScaleFactors:
    """Scale factors of all ``steps``; ``input_scales`` are those of the inputs, by value."""
    finder = _Finder(draft, steps, layouts, ranges, input_scales, weight_bits)
    return ScaleFactors(finder.classes, finder.sums, layouts)


def class_conflicts(
    draft: GraphDraft,
    layouts: Mapping[str, ValueLayout],
    ranges: Mapping[str, ValueRange],
    input_scales: Mapping[str, float],
) -> set[str]:
    """Inputs whose scale factor conflicts with that of their scale class, so that they need a rescaled copy."""
    reaches: dict[str, float] = {}
    for value in _made_narrow(draft, layouts):
        root = layouts[value].blocks[0].root
        reaches[root] = max(reaches.get(root, 0.0), _reach_of_made(draft, ranges, value))
    conflicts = set()
    fixed: dict[str, float] = {}
    for value, scale in input_scales.items():
        root = layouts[value].blocks[0].root
        other = fixed.setdefault(root, scale)
        unsuitable = root in reaches and not _LEAST_SCALE <= scale * reaches[root] <= _LAST_VALUE
        if abs(scale - other) > 1e-6 * scale or unsuitable:
            conflicts.add(value)
    return conflicts


def _made_narrow(draft: GraphDraft, layouts: Mapping[str, ValueLayout]) -> list[str]:
    """Values that operations compute as 16 bits, except copies (of the same class as everything they read)."""
    made = []
    for value, layer in draft.layers.items():
        own = {block.root for block in layouts[value].blocks}
        sources = {block.root for source in operands(layer) for block in layouts[source].blocks}
        only_copies = isinstance(layer, Permute) or is_identity(layer) or value in draft.chosen
        if not isinstance(layer, Concat | Crop) and (own != sources or not only_copies):
            made.append(value)
    return made


def _reach_of_made(draft: GraphDraft, ranges: Mapping[str, ValueRange], value: str) -> float:
    """The largest absolute value that 16 bits must hold: that of a FakeQuantize, or the expected one."""
    return draft.peaks[value] if value in draft.peaks else narrow_reach(ranges[value])


class _Finder:
    def __init__(
        self,
        draft: GraphDraft,
        steps: Sequence[PlannedOperation],
        layouts: Mapping[str, ValueLayout],
        ranges: Mapping[str, ValueRange],
        input_scales: Mapping[str, float],
        weight_bits: int,
    ) -> None:
        self.draft, self.steps, self.layouts, self.ranges = draft, steps, layouts, ranges
        self.weight_bits = weight_bits
        self.classes: dict[str, float] = {}
        self.fixed = {layouts[value].blocks[0].root for value in input_scales}
        self.reaches: dict[str, float] = {}
        for value in _made_narrow(draft, layouts):
            root = layouts[value].blocks[0].root
            self.reaches[root] = max(self.reaches.get(root, 0.0), _reach_of_made(draft, ranges, value))
        for layout in layouts.values():
            for block in layout.blocks:
                self.classes.setdefault(block.root, _LAST_VALUE / self.reaches.get(block.root, 1.0))
        for value, scale in draft.fixed_scales.items():
            if value in layouts and layouts[value].blocks[0].root not in self.fixed:
                self.classes[layouts[value].blocks[0].root] = scale
                self.fixed.add(layouts[value].blocks[0].root)
        for value, scale in input_scales.items():
            self.classes[layouts[value].blocks[0].root] = scale
        self.needs = self._needs()
        for step in steps:
            if step.kind in ("affine", "convolution"):
                self._share(step)
        self.sums: dict[str, float] = {}
        for _ in range(8):
            changed = [self._sums_of(step) for step in steps]
            if not any(changed):
                break
        self.fixed = set(self.classes)
        for step in steps:
            self._sums_of(step)

    def _needs(self) -> dict[str, float]:
        """The largest absolute value that the sums of each step must hold."""
        needs: dict[str, float] = {}
        for step in self.steps:
            values = self.ranges[step.value]
            need = self.draft.peaks.get(step.value, 0.0) * 4 or wide_reach(values)
            if step.function in _BENDS:
                need = min(need, _BENDS[step.function])
            elif step.function in ("identity", "relu", "clamp", "leaky_relu"):
                slope = step.parameters[0] if step.function == "leaky_relu" else 1.0
                need = min(need, self._reach_of(step.output) / max(min(1.0, abs(slope)), 1e-3))
            if step.biases is not None:
                need = max(need, float(np.max(np.abs(step.biases), initial=0.0)))
            if isinstance(step.layer, Convolution) and step.layer.biases is not None:
                need = max(need, float(np.max(np.abs(step.layer.biases), initial=0.0)))
            needs[step_key(step)] = need
        for step in reversed(self.steps):  # values added to sums must fit, too
            if step.base and step.base in needs:
                needs[step.base] = max(needs[step.base], needs[step_key(step)])
        return needs

    def _reach_of(self, value: str) -> float:
        return self.reaches.get(self.layouts[value].blocks[0].root, np.inf)

    def _weights(self, step: PlannedOperation) -> tuple[Float64Array, Float64Array]:
        """The weights [M, K] as float64, and the scale factors of the K inputs."""
        if isinstance(step.layer, Convolution):
            weights = step.layer.filters.astype(np.float64)
            return weights, np.full(weights.shape[1], self.classes[self._root(step.input)])
        weights = np.zeros((1, 1)) if step.weights is None else step.weights.astype(np.float64)
        scales = np.concatenate(
            [np.full(block.size, self.classes[block.root]) for block in self.layouts[step.input].blocks]
        )
        return np.atleast_2d(weights), scales

    def _root(self, value: str) -> str:
        return self.layouts[value].blocks[0].root

    def _share(self, step: PlannedOperation) -> None:
        """Lower the scale factors of the inputs of a matrix until its weights get an even share of the sums."""
        room = _LAST_SUM / self.needs[step_key(step)]
        weights, _ = self._weights(step)
        usual = self.ranges[step.input].rms
        blocks = [(self._root(step.input), slice(None))]
        if step.kind == "affine":
            ends = np.cumsum([0, *(block.size for block in self.layouts[step.input].blocks)])
            blocks = [
                (block.root, slice(ends[i], ends[i + 1])) for i, block in enumerate(self.layouts[step.input].blocks)
            ]
        for root in dict.fromkeys(root for root, _ in blocks):
            part = np.concatenate([weights[:, columns] for name, columns in blocks if name == root], axis=1)
            inputs = np.concatenate([usual[columns] for name, columns in blocks if name == root])
            largest = float(np.max(np.abs(part), initial=0.0))
            if root in self.fixed or largest == 0.0:
                continue
            if weight_bits_of(step, self.weight_bits) == 8:
                even = room * largest / (127 * _FINE_MULTIPLIER)
                if weights.shape[1] > _WRAPS_BEYOND:  # 8-bit products are summed in int32 before the multiplier
                    even = min(even, _LAST_SUM / (127 * min(weights.shape[1], 4096) * self.reaches.get(root, 1.0)))
            else:
                even = float(np.sqrt(room * np.sqrt(np.mean(part**2)) / max(np.sqrt(np.mean(inputs**2)), 1e-9)))
            least = _LEAST_SCALE / self.reaches.get(root, 1.0)
            self.classes[root] = min(self.classes[root], max(even, least))

    def _sums_of(self, step: PlannedOperation) -> bool:
        """Set the scale factor of the sums of a step; whether that changed one of its inputs."""
        key = step_key(step)
        room = _LAST_SUM / self.needs[key]
        if step.kind == "product":
            return self._product(step, room)
        if step.base:
            self.sums[key] = self.sums[step.base]
            return self._added(step)
        if step.kind == "transpose":
            return False
        weights, scales = self._weights(step)
        largest = float(np.max(np.abs(weights) / (scales if step.kind != "convolution" else scales[0]), initial=0.0))
        most = LAST_WEIGHT[weight_bits_of(step, self.weight_bits)]
        scale = min(room, most / largest if largest else most * scales[0])
        scale = self._multiple(key, scale)
        if step.function is not None and is_selection(step) and scale > scales[0]:
            scale = scales[0] * 2.0 ** floor(log2(scale / scales[0]))  # a power of two, so that rescaling is exact
        elif step.function in STRAIGHT:
            scale = _with_whole_slope(scale, self.classes[self._root(step.output)])
        self.sums[key] = scale
        return False

    def _multiple(self, key: str, scale: float) -> float:
        """``scale`` of sums reduced to a multiple of the scale factor of the values added to them."""
        for step in self.steps:
            if step.base == key and step.input:
                added = self.classes[self._root(step.input)]
                largest = float(np.max(np.abs(step.weights), initial=0.0)) if step.weights is not None else 1.0
                scale = min(scale, LAST_WEIGHT[16] * added / max(largest, 1e-9))
                if scale >= added:
                    scale = floor(scale / added) * added
        return scale

    def _product(self, step: PlannedOperation, room: float) -> bool:
        roots = [self._root(step.input), self._root(step.factor)]
        scale = self.classes[roots[0]] * self.classes[roots[1]]
        free = [root for root in dict.fromkeys(roots) if root not in self.fixed]
        self.sums[step_key(step)] = scale
        if scale <= room or not free:
            return False
        root = max(free, key=lambda name: self.classes[name] * self.reaches.get(name, 1.0))
        self.classes[root] *= room / scale
        return True

    def _added(self, step: PlannedOperation) -> bool:
        """Keep the weights of values that are added to sums precise, and whole numbers if possible."""
        if not step.input or step.weights is None:
            return False
        root = self._root(step.input)
        scale = self.sums[step.base]
        usual = float(np.max(np.abs(step.weights), initial=0.0))
        weight = scale / self.classes[root] * usual
        if root in self.fixed or weight == 0.0:
            return False
        if weight < _FINE_SUM:
            self.classes[root] = scale * usual / _FINE_SUM
            return True
        if np.all(np.abs(step.weights) == usual) and abs(weight - round(weight)) > 1e-6 * weight and weight < 8192:
            self.classes[root] = scale * usual / np.ceil(weight)
            return True
        return False
