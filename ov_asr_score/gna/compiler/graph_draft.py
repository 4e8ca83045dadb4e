"""A graph under rewriting: which layer makes a value, which layers use it, and their order.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Concat,
    Constant,
    Convolution,
    Diagonal,
    GnaGraph,
    GraphPort,
    Layer,
    Memory,
    ProductLayer,
    SumLayer,
)


def operands(layer: Layer) -> tuple[str, ...]:
    """The values that a layer reads."""
    match layer:
        case SumLayer() | ProductLayer():
            return (layer.left, layer.right)
        case Concat():
            return layer.inputs
        case Constant():
            return ()
        case _:
            return (layer.input,)


def with_operand(layer: Layer, old: str, new: str) -> Layer:
    """The layer that reads ``new`` wherever it read ``old``."""
    match layer:
        case SumLayer() | ProductLayer():
            left, right = (new if value == old else value for value in (layer.left, layer.right))
            return replace(layer, left=left, right=right)
        case Concat():
            return replace(layer, inputs=tuple(new if value == old else value for value in layer.inputs))
        case Constant():
            return layer
        case _:
            return replace(layer, input=new) if layer.input == old else layer


def has_wide_sums(layer: Layer | None) -> bool:
    """Whether the device computes this layer as int32 sums, which may be kept that wide."""
    match layer:
        case Affine() | Diagonal() | SumLayer() | ProductLayer():
            return True
        case Convolution():
            return layer.pool_window == 1 and layer.pool_stride == 1
        case _:
            return False


@dataclass(slots=True)
class GraphDraft:
    """``layers`` by the value that they make, in any order; ``fixed_scales`` are prescribed scale factors of values.

    ``unused`` values have no reader, ``rescaled`` ones are copies with a different scale factor, and ``chosen`` ones
    are made by matrix products that only select elements. ``peaks`` are largest absolute values known from elsewhere
    than the weights (FakeQuantize, measurements).
    """

    layers: dict[str, Layer]
    inputs: tuple[GraphPort, ...]
    outputs: tuple[GraphPort, ...]
    memories: tuple[Memory, ...]
    sizes: dict[str, int]
    fixed_scales: dict[str, float] = field(default_factory=dict)
    peaks: dict[str, float] = field(default_factory=dict)
    unused: set[str] = field(default_factory=set)
    rescaled: set[str] = field(default_factory=set)
    chosen: set[str] = field(default_factory=set)

    def users(self) -> dict[str, list[Layer]]:
        """The layers that read each value, listed once each; values without readers have an empty list."""
        users: dict[str, list[Layer]] = {value: [] for value in self.sizes}
        for layer in self.layers.values():
            for value in dict.fromkeys(operands(layer)):
                users[value].append(layer)
        return users

    def kept_values(self) -> set[str]:
        """Values that outputs or memories read."""
        return {port.value for port in self.outputs} | {memory.stored for memory in self.memories}

    def add(self, layer: Layer, size: int) -> str:
        """Add a layer whose value has ``size`` elements; the name of the value."""
        self.layers[layer.output] = layer
        self.sizes[layer.output] = size
        return layer.output

    def new_value(self, name: str) -> str:
        """An unused name for a value, beginning with ``name``."""
        number = 2
        candidate = name
        while candidate in self.sizes:
            candidate, number = f"{name}_{number}", number + 1
        return candidate

    def rename(self, old: str, new: str) -> None:
        """Make all readers of ``old`` (layers, outputs, memories) read ``new`` instead."""
        self.layers = {value: with_operand(layer, old, new) for value, layer in self.layers.items()}
        self.outputs = tuple(replace(port, value=new) if port.value == old else port for port in self.outputs)
        self.memories = tuple(
            replace(memory, stored=new) if memory.stored == old else memory for memory in self.memories
        )

    def drop_unused(self) -> None:
        """Remove the layers and memories that no output depends on."""
        stored = {memory.read: memory.stored for memory in self.memories}
        needed: set[str] = set()
        waiting = [port.value for port in self.outputs]
        while waiting:
            value = waiting.pop()
            if value not in needed:
                needed.add(value)
                if value in self.layers:
                    waiting.extend(operands(self.layers[value]))
                elif value in stored:
                    waiting.append(stored[value])
        self.layers = {value: layer for value, layer in self.layers.items() if value in needed or value in self.unused}
        self.memories = tuple(memory for memory in self.memories if memory.read in needed)

    def ordered_layers(self) -> tuple[Layer, ...]:
        """The layers in topological order, which otherwise keeps their present order."""
        done: set[str] = set()
        ordered: list[Layer] = []
        for last in list(self.layers):
            waiting = [last]
            while waiting:
                value = waiting[-1]
                if value in done or value not in self.layers:
                    waiting.pop()
                    continue
                missing = [name for name in operands(self.layers[value]) if name in self.layers and name not in done]
                if missing:
                    waiting.extend(reversed(missing))
                else:
                    done.add(value)
                    ordered.append(self.layers[value])
                    waiting.pop()
        return tuple(ordered)

    def graph(self) -> GnaGraph:
        """The graph in its present state."""
        return GnaGraph(self.ordered_layers(), self.inputs, self.outputs, self.memories, dict(self.sizes))


def draft_of(graph: GnaGraph) -> GraphDraft:
    """A draft that starts as ``graph``."""
    return GraphDraft(
        {layer.output: layer for layer in graph.layers},
        graph.inputs,
        graph.outputs,
        graph.memories,
        dict(graph.sizes),
    )


def is_identity(layer: Layer) -> bool:
    """Whether the layer only passes its input on."""
    return isinstance(layer, Activation) and layer.function == "identity"
