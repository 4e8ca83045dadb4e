"""Networks of nnet1 and nnet2: components one after the other, written as nodes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import cast

from ov_asr_score.errors import ModelFormatError, ShapeMismatchError
from ov_asr_score.kaldi_model.network import (
    WIDEST_LAYER,
    Component,
    ComponentNode,
    Generation,
    InputNode,
    KaldiNetwork,
    Node,
    NodeRef,
    OutputNode,
)


class EmptyChainError(ModelFormatError):
    """A network without components. As a feature transform it changes nothing (``Nnet::Feedforward``)."""


def chain_network(generation: Generation, components: Sequence[Component], source: str, binary: bool) -> KaldiNetwork:
    """The network from node ``input`` through the components, which name their widths, to node ``output``.

    Raises ModelFormatError when two components that follow each other do not fit (``Nnet::Read``, nnet/nnet-nnet.cc;
    ``Nnet::Check``, nnet2/nnet-nnet.cc), when there is none (``Nnet::InputDim``, ``GetLastComponent``), and for widths
    of 0 or beyond ``WIDEST_LAYER``.
    """
    if not components:
        raise EmptyChainError(f"{source}: expected at least one component, found none")
    for before, after in pairwise(components):
        width, expected = before.fields["OutputDim"], after.fields["InputDim"]
        if width != expected:
            raise ModelFormatError(
                f"{source}: component '{after.name}' at byte {after.offset} expects {expected} columns, "
                f"'{before.name}' before it gives {width}"
            )
    for component in components:
        widths = [cast(int, component.fields[name]) for name in ("InputDim", "OutputDim")]
        if min(widths) < 1 or max(widths) > WIDEST_LAYER:
            raise ModelFormatError(
                f"{source}: component '{component.name}' at byte {component.offset}: expected widths from 1 to "
                f"{WIDEST_LAYER}, found {widths[0]} and {widths[1]}"
            )
    nodes: list[Node] = [InputNode("input", cast(int, components[0].fields["InputDim"]))]
    for component in components:
        nodes.append(ComponentNode(component.name, component.name, NodeRef(nodes[-1].name)))
    nodes.append(OutputNode("output", NodeRef(nodes[-1].name)))
    return KaldiNetwork(
        generation,
        tuple(nodes),
        {component.name: component for component in components},
        source,
        binary=binary,
        node_offsets={component.name: component.offset for component in components},
    )


def concatenate_chains(first: KaldiNetwork, second: KaldiNetwork) -> KaldiNetwork:
    """``first`` (a feature transform) followed by ``second``, as ``nnet-concat`` joins them.

    Raises ShapeMismatchError when the output of the first is not as wide as the input of the second
    (``Component::Propagate``, nnet/nnet-component.h).
    """
    chain = [*_components(first, "transform."), *_components(second, "")]
    width, expected = _components(first, "")[-1].fields["OutputDim"], second.inputs[0].dim
    if width != expected:
        raise ShapeMismatchError(
            f"{first.source}: the feature transform gives {width} columns, {second.source} expects {expected}"
        )
    return chain_network(second.generation, chain, second.source, second.binary)


def _components(network: KaldiNetwork, prefix: str) -> list[Component]:
    nodes = [node for node in network.nodes if isinstance(node, ComponentNode)]
    return [_renamed(network.components[node.component], prefix) for node in nodes]


def _renamed(component: Component, prefix: str) -> Component:
    """The component and those inside of it with ``prefix`` before their names."""
    nested = tuple(tuple(_renamed(part, prefix) for part in chain) for chain in component.nested)
    return replace(component, name=f"{prefix}{component.name}", nested=nested)
