"""Layers that are folded into the matrix product next to them: same scores, fewer operations.

Only exact rewrites: a scale and offset behind an affine layer or a convolution, one that only an affine layer reads
(but not where missing frames are replaced by zeros), and two affine layers whose joint matrix is smaller.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ov_asr_score.convert.layers.affine import affine_component
from ov_asr_score.convert.layers.elementwise import scale_offset_component
from ov_asr_score.convert.layers.layer import AffineForm, ScaleOffsetForm
from ov_asr_score.convert.layers.linear_forms import as_affine, as_scale_offset
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.kaldi_model.dependency import Offsets
from ov_asr_score.kaldi_model.descriptors import appended_parts
from ov_asr_score.kaldi_model.frames.evaluation_order import read_places
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Descriptor,
    DimRangeNode,
    KaldiNetwork,
    Node,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
)


def fold_network(network: KaldiNetwork, keep: frozenset[str] = frozenset()) -> KaldiNetwork:
    """The network with neighbouring layers folded; nodes named in ``keep`` and their values stay.

    The node that remains of two keeps the name of the later one. Works on networks whose splicing is in descriptors.
    """
    folding = _Folding(network, keep)
    while folding.fold_one():
        pass
    used = {node.component for node in folding.nodes.values() if isinstance(node, ComponentNode)}
    components = {name: component for name, component in folding.components.items() if name in used}
    return replace(network, nodes=tuple(folding.nodes.values()), components=components)


class _Folding:
    """The network while it is being rewritten, and the readers of each node."""

    def __init__(self, network: KaldiNetwork, keep: frozenset[str]) -> None:
        self.generation = network.generation
        self.nodes: dict[str, Node] = {node.name: node for node in network.nodes}
        self.components: dict[str, Component] = dict(network.components)
        self.keep = keep
        names = [node.component for node in network.nodes if isinstance(node, ComponentNode)]
        self.shared = frozenset(name for name in names if names.count(name) > 1)
        self.readers: dict[str, set[str]] = {}
        self._affine: dict[str, AffineForm | None] = {}
        self._scale: dict[str, ScaleOffsetForm | None] = {}
        for node in network.nodes:
            self._note_reader(node)
        self._pending = [node.name for node in network.nodes if isinstance(node, ComponentNode)]

    def _note_reader(self, node: Node) -> None:
        match node:
            case ComponentNode() | OutputNode():
                for (name, _), _ in read_places(node.input, 0):
                    self.readers.setdefault(name, set()).add(node.name)
            case DimRangeNode():
                self.readers.setdefault(node.source, set()).add(node.name)

    def fold_one(self) -> bool:
        """Join two nodes into one, and say whether there were two to join."""
        while self._pending:
            node = self.nodes.get(self._pending[0])
            if isinstance(node, ComponentNode) and self._fold_into(node):
                return True
            self._pending.pop(0)
        return False

    def _fold_into(self, node: ComponentNode) -> bool:
        if node.component in self.shared or self._is_time_layer(node):
            return False
        source = self._source(node, node.input)
        affine, scale = self.affine(node.component), self.scale(node.component)
        if source is not None and scale is not None and not _is_identity(scale):
            joint = self._scaled(self.components[source.component], scale)
            if joint is not None:
                self._join(node, source, replace(joint, name=node.component), source.input)
                return True
        if affine is None:
            return False
        if source is not None:
            inner = self.affine(source.component)
            if inner is not None and self._is_worth(affine, inner):
                weights = affine[0].astype(np.float64) @ inner[0]
                bias = affine[0].astype(np.float64) @ inner[1] + affine[1]
                self._join(node, source, affine_component(node.component, weights, bias), source.input)
                return True
        return self._fold_scales_of_parts(node, affine)

    def _fold_scales_of_parts(self, node: ComponentNode, affine: AffineForm) -> bool:
        """Fold one node of scales and offsets into the columns of the affine layer that reads it."""
        columns = _columns(node.input, self._widths())
        if columns is None:
            return False
        for name in dict.fromkeys(name for name, _, _ in columns):
            source = self._source(node, NodeRef(name))
            scale = None if source is None else self.scale(source.component)
            if source is None or scale is None or self._is_time_layer(source):
                continue
            weights, bias = affine[0].astype(np.float64), affine[1].astype(np.float64)
            for part, start, stop in columns:
                if part == name:
                    bias = bias + weights[:, start:stop] @ scale[1]
                    weights[:, start:stop] *= scale[0]
            joint = affine_component(node.component, weights, bias)
            self._join(node, source, joint, _substituted(node.input, name, source.input))
            return True
        return False

    def _widths(self) -> Mapping[str, int]:
        widths = {}
        for node in self.nodes.values():
            if isinstance(node, ComponentNode):
                form = self.scale(node.component)
                if form is not None:
                    widths[node.name] = len(form[0])
                elif (affine := self.affine(node.component)) is not None:
                    widths[node.name] = len(affine[1])
        return widths

    def _source(self, node: ComponentNode, descriptor: Descriptor) -> ComponentNode | None:
        """The component node that ``descriptor`` names, if ``node`` is the only one that reads it."""
        if not isinstance(descriptor, NodeRef) or descriptor.name in self.keep:
            return None
        source = self.nodes[descriptor.name]
        if not isinstance(source, ComponentNode) or source.component in self.shared or source.name == node.name:
            return None
        return source if self.readers.get(source.name, set()) == {node.name} else None

    def _join(self, node: ComponentNode, source: ComponentNode, component: Component, descriptor: Descriptor) -> None:
        for readers in self.readers.values():
            readers.discard(node.name)
            readers.discard(source.name)
        del self.nodes[source.name]
        self.components[node.component] = component
        joined = replace(node, input=descriptor)
        self.nodes[node.name] = joined
        self._note_reader(joined)
        self._affine.pop(node.component, None)
        self._scale.pop(node.component, None)

    def _is_time_layer(self, node: ComponentNode) -> bool:
        return self.components[node.component].reads != Offsets()

    def affine(self, name: str) -> AffineForm | None:
        """Weights and bias of a component that is one full matrix; None for any other."""
        if name not in self._affine:
            component = self.components[name]
            # Elementwise layers are diagonal matrices; as matrices they would only cost.
            self._affine[name] = None if self.scale(name) is not None else as_affine(self.generation, component)
        return self._affine[name]

    def scale(self, name: str) -> ScaleOffsetForm | None:
        """Scale and offset of a component that works on each column separately; None for any other."""
        if name not in self._scale:
            self._scale[name] = as_scale_offset(self.generation, self.components[name])
        return self._scale[name]

    def _scaled(self, component: Component, scale: ScaleOffsetForm) -> Component | None:
        """``component`` followed by ``scale``, as one component."""
        factors, offsets = scale[0].astype(np.float64), scale[1].astype(np.float64)
        layer = find_layer(self.generation, component.type)
        if layer is not None and layer.scaled is not None:
            return layer.scaled(component, factors, offsets)
        affine = self.affine(component.name)
        if affine is not None:
            weights = factors[:, None] * affine[0]
            return affine_component(component.name, weights, factors * affine[1] + offsets)
        inner = self.scale(component.name)
        if inner is not None and len(inner[0]) == len(factors):
            joint = (factors * inner[0]).astype(np.float32), (factors * inner[1] + offsets).astype(np.float32)
            return scale_offset_component(component.name, *joint, component.offset)
        return None

    def _is_worth(self, outer: AffineForm, inner: AffineForm) -> bool:
        (rows, middle), columns = outer[0].shape, inner[0].shape[1]
        return bool(rows * columns <= rows * middle + middle * columns)


def _is_identity(scale: ScaleOffsetForm) -> bool:
    return bool((scale[0] == 1).all() and (scale[1] == 0).all())


def _columns(descriptor: Descriptor, widths: Mapping[str, int]) -> list[tuple[str, int, int]] | None:
    """Node, first and last column of each part of an Append, as far as all widths before it are known."""
    parts: list[tuple[str, int, int]] = []
    start = 0
    for part in appended_parts(descriptor):
        name = _plain_source(part)
        if name is None or name not in widths:
            break
        parts.append((name, start, start + widths[name]))
        start += widths[name]
    names = [name for name, _, _ in parts]
    every = [name for (name, _), _ in read_places(descriptor, 0)]
    # A node that is also read in a part that was not understood must stay.
    usable = [part for part in parts if every.count(part[0]) == names.count(part[0])]
    return usable or None


def _plain_source(descriptor: Descriptor) -> str | None:
    while isinstance(descriptor, Offset | ReplaceIndex):
        descriptor = descriptor.source
    return descriptor.name if isinstance(descriptor, NodeRef) else None


def _substituted(descriptor: Descriptor, name: str, by: Descriptor) -> Descriptor:
    match descriptor:
        case NodeRef():
            return by if descriptor.name == name else descriptor
        case Append():
            return Append(tuple(_substituted(part, name, by) for part in descriptor.parts))
        case Offset():
            return Offset(_substituted(descriptor.source, name, by), descriptor.t, descriptor.x)
        case ReplaceIndex():
            return ReplaceIndex(_substituted(descriptor.source, name, by), descriptor.variable, descriptor.value)
    return descriptor
