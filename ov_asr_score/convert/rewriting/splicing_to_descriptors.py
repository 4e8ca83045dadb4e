"""Layers that splice frames, rewritten as descriptors that append frames, so that all splicing is done in one way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

import numpy as np

from ov_asr_score.kaldi_model.dependency import Offsets
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Descriptor,
    DimRangeNode,
    FieldValue,
    IntArray,
    KaldiNetwork,
    Node,
    NodeRef,
    Offset,
)


def lower_splicing(network: KaldiNetwork) -> KaldiNetwork:
    """The same network with plain matrix products for TdnnComponent and descriptors for nnet2's splicing components.

    Names of nodes stay. Sources: nnet3/nnet-tdnn-component.cc, nnet2/nnet-component.cc.
    """
    components = dict(network.components)
    nodes: list[Node] = []
    for node in network.nodes:
        if isinstance(node, ComponentNode):
            nodes += _lower_node(node, network.components[node.component], components)
        else:
            nodes.append(node)
    return replace(network, nodes=tuple(nodes), components=components)


def _lower_node(node: ComponentNode, component: Component, components: dict[str, Component]) -> list[Node]:
    match component.type:
        case "TdnnComponent":
            offsets = [int(offset) for offset in cast(IntArray, component.fields["TimeOffsets"])]
            components[component.name] = _tdnn_product(component)
            return [replace(node, input=spliced(node.input, offsets))]
        case "SpliceMaxComponent":
            offsets = [int(offset) for offset in cast(IntArray, component.fields["Context"])]
            fields: Mapping[str, FieldValue] = {**component.fields, "Context": np.array(offsets, np.int32)}
            components[component.name] = replace(component, fields=fields, reads=Offsets())
            return [replace(node, input=spliced(node.input, offsets))]
        case "SpliceComponent":
            return _lower_splice(node, component, components)
    return [node]


def _tdnn_product(component: Component) -> Component:
    bias = np.asarray(component.fields["BiasParams"], np.float32)
    weights = component.fields["LinearParams"]
    if bias.size:
        fields: dict[str, FieldValue] = {"LinearParams": weights, "BiasParams": bias}
        return replace(component, type="AffineComponent", fields=fields, reads=Offsets())
    return replace(component, type="LinearComponent", fields={"Params": weights}, reads=Offsets())


def _lower_splice(node: ComponentNode, component: Component, components: dict[str, Component]) -> list[Node]:
    """The last ``ConstComponentDim`` columns are not spliced: they come once, from the first frame of the context."""
    offsets = [int(offset) for offset in cast(IntArray, component.fields["Context"])]
    constant = int(cast(int, component.fields.get("ConstComponentDim", 0)))
    dim = int(cast(int, component.fields["InputDim"]))
    width = (dim - constant) * len(offsets) + constant
    fields: dict[str, FieldValue] = {"Dim": width, "InputDim": width, "OutputDim": width}
    components[component.name] = replace(component, type="NoOpComponent", fields=fields, reads=Offsets())
    if not constant:
        return [replace(node, input=spliced(node.input, offsets))]
    source, before = _as_node(node, dim, components)
    frames = DimRangeNode(f"{node.name}.spliced", source, 0, dim - constant)
    once = DimRangeNode(f"{node.name}.constant", source, dim - constant, constant)
    parts = Append((spliced(NodeRef(frames.name), offsets), spliced(NodeRef(once.name), [min(offsets)])))
    return [*before, frames, once, replace(node, input=parts)]


def _as_node(node: ComponentNode, dim: int, components: dict[str, Component]) -> tuple[str, list[Node]]:
    if isinstance(node.input, NodeRef):
        return node.input.name, []
    name = f"{node.name}.input"
    components[name] = Component(name, "NoOpComponent", {"Dim": dim}, 0)
    return name, [ComponentNode(name, name, node.input)]


def spliced(source: Descriptor, offsets: list[int]) -> Descriptor:
    """The frames of ``source`` at t + each of ``offsets``, side by side."""
    parts = tuple(Offset(source, offset) if offset else source for offset in offsets)
    return parts[0] if len(parts) == 1 else Append(parts)
