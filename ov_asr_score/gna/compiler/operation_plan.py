"""The operations of a graph: which sums stay 32 bits wide, and which are reduced to 16 bits by a function.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.compiler.graph_draft import GraphDraft, has_wide_sums, operands
from ov_asr_score.gna.compiler.value_ranges import ValueRange, narrow_reach
from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Convolution,
    Diagonal,
    Float32Array,
    Function,
    Layer,
    Permute,
    ProductLayer,
    SumLayer,
)

Kind = Literal["affine", "diagonal", "product", "convolution", "transpose"]

_RISING = {"identity", "sigmoid", "tanh", "softsign", "exp", "log", "sign", "relu", "leaky_relu", "clamp"}
"""Monotone functions: they may be exchanged with a maximum."""


@dataclass(frozen=True, slots=True, eq=False)
class PlannedOperation:
    """One operation: ``output`` = ``function`` of the sums, as 16-bit values; without a function, the int32 sums.

    ``value`` is the value of the graph that the sums represent, before the function. Sums are

    - affine: ``weights`` [M, K] · input + ``biases``;
    - diagonal: ``weights`` [K] ⊙ input + ``biases``, or + the sums of ``base`` as an earlier step left them.
      Without ``input`` they are those of ``base``;
    - product: input ⊙ ``factor``;
    - convolution: as ``layer`` says.

    transpose only rearranges 16-bit values.
    """

    kind: Kind
    name: str
    value: str
    output: str
    size: int
    input: str = ""
    function: Function | None = None
    parameters: tuple[float, ...] = ()
    weights: Float32Array | None = None
    biases: Float32Array | None = None
    base: str = ""
    factor: str = ""
    layer: Layer | None = None

    @property
    def is_wide(self) -> bool:
        """Whether the output is int32 sums."""
        return self.function is None and self.kind != "transpose"

    @property
    def reads(self) -> tuple[str, ...]:
        """The 16-bit values that the operation reads."""
        return tuple(value for value in (self.input, self.factor) if value)


@dataclass(slots=True)
class _Demand:
    """The forms in which readers need a value of 32-bit sums."""

    wide: bool = False
    narrow: bool = False
    activations: list[Activation] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Choice:
    """The side of a sum whose 32-bit sums it starts from, and the side that is added to them."""

    base: str
    added: str
    sign: int


def plan_steps(draft: GraphDraft, ranges: Mapping[str, ValueRange], transposes: bool) -> tuple[PlannedOperation, ...]:
    """The operations of a lowered graph, in order; ``transposes``: transpositions are allowed."""
    choices = {
        layer.output: _choose(draft, layer, ranges) for layer in draft.layers.values() if isinstance(layer, SumLayer)
    }
    fused = {value for value, choice in choices.items() if _is_scaling(draft, choice.added)}
    demands = _demands(draft, choices, fused)
    steps: list[PlannedOperation] = []
    absorbed = {choices[value].added for value in fused}
    taken: set[str] = set()
    for layer in draft.ordered_layers():
        if layer.output in absorbed or layer.output in taken:
            continue
        if isinstance(layer, Permute):
            steps.extend(_permute(layer, transposes))
        elif isinstance(layer, Activation):
            if not has_wide_sums(draft.layers.get(layer.input)):
                ones = np.ones(draft.sizes[layer.input], np.float32)
                step = PlannedOperation(
                    "diagonal", layer.name, layer.input, layer.output, len(ones), layer.input, weights=ones
                )
                steps.append(_with_function(step, layer))
        elif isinstance(layer, Convolution) and not has_wide_sums(layer):
            steps.append(_pooled(draft, layer, taken))
        elif has_wide_sums(layer):
            steps.extend(_formed(_sums(draft, layer, choices, fused), demands[layer.output]))
    return tuple(steps)


def _choose(draft: GraphDraft, layer: SumLayer, ranges: Mapping[str, ValueRange]) -> _Choice:
    left, right = (has_wide_sums(draft.layers.get(value)) for value in (layer.left, layer.right))
    if layer.sign < 0 or not right:
        return _Choice(layer.left, layer.right, layer.sign)
    if not left:
        return _Choice(layer.right, layer.left, 1)
    # The side with the smaller rounding error becomes 16 bits: scalings lose nothing, small values little.
    for base, added in ((layer.left, layer.right), (layer.right, layer.left)):
        if _is_scaling(draft, added):
            return _Choice(base, added, 1)
    sides = sorted((layer.left, layer.right), key=lambda value: narrow_reach(ranges[value]))
    return _Choice(sides[1], sides[0], 1)


def _is_scaling(draft: GraphDraft, value: str) -> bool:
    """Whether the value is a scaling without biases that only one sum reads."""
    layer = draft.layers.get(value)
    if not isinstance(layer, Diagonal) or (layer.biases is not None and np.any(layer.biases)):
        return False
    return len(draft.users()[value]) == 1 and value not in draft.kept_values()


def _demands(draft: GraphDraft, choices: Mapping[str, _Choice], fused: set[str]) -> dict[str, _Demand]:
    demands = {value: _Demand() for value in draft.sizes}
    for layer in draft.layers.values():
        if isinstance(layer, SumLayer):
            choice = choices[layer.output]
            demands[choice.base].wide = True
            if layer.output not in fused:
                demands[choice.added].narrow = True
            continue
        for value in operands(layer):
            if isinstance(layer, Activation):
                demands[value].activations.append(layer)
            else:
                demands[value].narrow = True
    for port in draft.outputs:
        demands[port.value].wide = True
    for memory in draft.memories:
        demands[memory.stored].narrow = True
    return demands


def _sums(draft: GraphDraft, layer: Layer, choices: Mapping[str, _Choice], fused: set[str]) -> PlannedOperation:
    value, size = layer.output, draft.sizes[layer.output]
    match layer:
        case Affine():
            return PlannedOperation(
                "affine", layer.name, value, value, size, layer.input, weights=layer.weights, biases=layer.biases
            )
        case Diagonal():
            return PlannedOperation(
                "diagonal", layer.name, value, value, size, layer.input, weights=layer.weights, biases=layer.biases
            )
        case ProductLayer():
            return PlannedOperation("product", layer.name, value, value, size, layer.left, factor=layer.right)
        case SumLayer():
            choice = choices[value]
            added = draft.layers.get(choice.added)
            if value in fused and isinstance(added, Diagonal):
                weights, source = added.weights * np.float32(choice.sign), added.input
            else:
                weights, source = np.full(size, choice.sign, np.float32), choice.added
            return PlannedOperation(
                "diagonal", layer.name, value, value, size, source, weights=weights, base=choice.base
            )
        case _:
            return PlannedOperation("convolution", layer.name, value, value, size, operands(layer)[0], layer=layer)


def _formed(sums: PlannedOperation, demand: _Demand) -> list[PlannedOperation]:
    """The step, and further ones if its sums are needed in several forms."""
    forms = len(demand.activations) + demand.narrow + demand.wide
    if forms == 1 and not demand.wide:
        return [_with_function(sums, demand.activations[0]) if demand.activations else _narrowed(sums)]
    steps = [sums]
    tap = PlannedOperation("diagonal", sums.name, sums.value, sums.value, sums.size, base=sums.value)
    steps.extend(_with_function(tap, activation) for activation in demand.activations)
    if demand.narrow:
        steps.append(_narrowed(tap))
    return steps


def _narrowed(step: PlannedOperation) -> PlannedOperation:
    return _changed(step, step.name, step.output, "identity", ())


def _with_function(step: PlannedOperation, activation: Activation) -> PlannedOperation:
    numbers = tuple(float(np.asarray(number).reshape(-1)[0]) for number in activation.parameters)
    return _changed(step, activation.name, activation.output, activation.function, numbers)


def _changed(
    step: PlannedOperation, name: str, output: str, function: Function, parameters: tuple[float, ...]
) -> PlannedOperation:
    return PlannedOperation(
        step.kind,
        name,
        step.value,
        output,
        step.size,
        step.input,
        function,
        parameters,
        step.weights,
        step.biases,
        step.base,
        step.factor,
        step.layer,
    )


def _pooled(draft: GraphDraft, layer: Convolution, taken: set[str]) -> PlannedOperation:
    """A convolution with pooling, whose output is 16 bits; a monotone function behind it is computed before."""
    step = PlannedOperation(
        "convolution", layer.name, layer.output, layer.output, draft.sizes[layer.output], layer.input, layer=layer
    )
    users = draft.users()[layer.output]
    if len(users) == 1 and isinstance(users[0], Activation) and layer.output not in draft.kept_values():
        slopes = users[0].parameters[:1] if users[0].function == "leaky_relu" else ()
        if users[0].function in _RISING and all(np.all(np.asarray(slope) >= 0) for slope in slopes):
            taken.add(users[0].output)
            return _with_function(step, users[0])
    return _narrowed(step)


def _permute(layer: Permute, transposes: bool) -> list[PlannedOperation]:
    size = layer.rows * layer.columns
    small, large = sorted((layer.rows, layer.columns))
    if transposes and small <= 8 and large % 8 == 0:
        return [PlannedOperation("transpose", layer.name, layer.output, layer.output, size, layer.input, layer=layer)]
    order: NDArray[np.int64] = np.arange(size).reshape(layer.rows, layer.columns).T.reshape(-1)
    weights = np.eye(size, dtype=np.float32)[order]
    return [
        _narrowed(
            PlannedOperation("affine", layer.name, layer.output, layer.output, size, layer.input, weights=weights)
        )
    ]
