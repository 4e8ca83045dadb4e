"""Layers that splice frames, rewritten as descriptors that append frames, so that all splicing is done in one way."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.convert.layers.layer import Lowered
from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.kaldi_model.network import ComponentNode, KaldiNetwork, Node


def lower_splicing(network: KaldiNetwork) -> KaldiNetwork:
    """The same network with descriptors for all splicing of components; names of nodes stay. Raises ModelFormatError.

    See the layers in layers/splicing.py that are ``lowered``.
    """
    components = dict(network.components)
    nodes: list[Node] = []
    for node in network.nodes:
        lowered = _lowered(network, node) if isinstance(node, ComponentNode) else None
        nodes += [node] if lowered is None else lowered.nodes
        components |= {} if lowered is None else lowered.components
    return replace(network, nodes=tuple(nodes), components=components)


def _lowered(network: KaldiNetwork, node: ComponentNode) -> Lowered | None:
    component = network.components[node.component]
    layer = find_layer(network.generation, component.type)
    return None if layer is None or layer.lowered is None else layer.lowered(node, component)
