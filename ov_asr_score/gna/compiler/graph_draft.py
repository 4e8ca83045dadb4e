"""A graph while it is being rewritten: who makes a value, who uses it, layers put in order again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from ov_asr_score.gna.graphs.graph import (
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
    Product,
    Sum,
)


def operands(layer: Layer) -> tuple[str, ...]:
    """The values that a layer reads."""
    match layer:
        case Sum() | Product():
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
        case Sum() | Product():
            left, right = (new if value == old else value for value in (layer.left, layer.right))
            return replace(layer, left=left, right=right)
        case Concat():
            return replace(layer, inputs=tuple(new if value == old else value for value in layer.inputs))
        case Constant():
            return layer
        case _:
            return replace(layer, input=new) if layer.input == old else layer


def has_wide_sums(layer: Layer | None) -> bool:
    """Does the device compute this layer as int32 sums, which may be kept as they are?"""
    match layer:
        case Affine() | Diagonal() | Sum() | Product():
            return True
        case Convolution():
            return layer.pool_window == 1 and layer.pool_stride == 1
        case _:
            return False


@dataclass(slots=True)
class GraphDraft:
    """``layers`` by the value that they make, in any order; ``fixed_scales`` are scale factors that values must have.

    ``unused`` values are made for nobody, ``rescaled`` ones to have another scale factor than what they are copies of,
    ``chosen`` ones by matrix products that only choose elements.

    ``peaks`` are the greatest absolute values that something else than the weights tells (FakeQuantize, measurements).
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
        """The layers that read a value, once for each; values that nobody reads have an empty list."""
        found: dict[str, list[Layer]] = {value: [] for value in self.sizes}
        for layer in self.layers.values():
            for value in dict.fromkeys(operands(layer)):
                found[value].append(layer)
        return found

    def kept_values(self) -> set[str]:
        """Values that outputs or memories need."""
        return {port.value for port in self.outputs} | {memory.stored for memory in self.memories}

    def add(self, layer: Layer, size: int) -> str:
        """The value that a new layer makes."""
        self.layers[layer.output] = layer
        self.sizes[layer.output] = size
        return layer.output

    def new_value(self, name: str) -> str:
        """A name that no value has, beginning with ``name``."""
        number = 2
        found = name
        while found in self.sizes:
            found, number = f"{name}_{number}", number + 1
        return found

    def rename(self, old: str, new: str) -> None:
        """Let all that read ``old`` (layers, outputs, memories) read ``new`` instead."""
        self.layers = {value: with_operand(layer, old, new) for value, layer in self.layers.items()}
        self.outputs = tuple(replace(port, value=new) if port.value == old else port for port in self.outputs)
        self.memories = tuple(
            replace(memory, stored=new) if memory.stored == old else memory for memory in self.memories
        )

    def drop_unused(self) -> None:
        """Take out the layers and memories that no output depends on."""
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
        """The layers so that each comes after those that it reads from, otherwise in the order they are in."""
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
        """The graph as it is now."""
        return GnaGraph(self.ordered_layers(), self.inputs, self.outputs, self.memories, dict(self.sizes))


def draft_of(graph: GnaGraph) -> GraphDraft:
    """A draft that begins as ``graph``."""
    return GraphDraft(
        {layer.output: layer for layer in graph.layers},
        graph.inputs,
        graph.outputs,
        graph.memories,
        dict(graph.sizes),
    )


def is_identity(layer: Layer) -> bool:
    """Does the layer only hand on its input?"""
    return isinstance(layer, Activation) and layer.function == "identity"
