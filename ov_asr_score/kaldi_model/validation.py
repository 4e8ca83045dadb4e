"""Checks that a network of nnet3 fits together, as ``Nnet::Check`` (nnet3/nnet-nnet.cc) does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import assert_never

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.dependencies import Nothing, component_dependency
from ov_asr_score.kaldi_model.dims import component_dims, descriptor_dim, node_dim
from ov_asr_score.kaldi_model.network import (
    Append,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    IfDefined,
    InputNode,
    KaldiNetwork,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)


def check_network(network: KaldiNetwork) -> None:
    """Nothing. Raises ModelFormatError for a node that refers to nothing, and for widths that do not fit."""
    if not network.inputs or not network.outputs:
        raise ModelFormatError(f"{network.source}: expected at least one input-node and one output-node")
    if network.generation != 3:
        return
    names = {node.name for node in network.nodes}
    for component in network.components.values():
        if min(_known_dims(network, component.name)) < 1:
            raise ModelFormatError(
                f"{network.source}: component '{component.name}' at byte {component.offset} ({component.type}): "
                "expected widths of 1 or more"
            )
    for node in network.nodes:
        place = f"{network.source}: node '{node.name}' at byte {network.node_offsets.get(node.name, 0)}"
        match node:
            case InputNode():
                if node.dim < 1:
                    raise ModelFormatError(f"{place}: expected a dim of 1 or more, found {node.dim}")
            case DimRangeNode():
                _check_known(place, names, node.source)
                width = node_dim(network, node.source)
                if node.offset < 0 or node.dim < 1 or node.offset + node.dim > width:
                    raise ModelFormatError(
                        f"{place}: columns {node.offset} to {node.offset + node.dim - 1} of '{node.source}', "
                        f"which has {width}"
                    )
            case ComponentNode():
                if node.component not in network.components:
                    raise ModelFormatError(f"{place}: component '{node.component}' is not in the file")
                _check_descriptor(network, place, names, node.input)
                component = network.components[node.component]
                expected, found = component_dims(component)[0], descriptor_dim(network, node.input)
                if expected != found and not isinstance(component_dependency(component), Nothing):
                    raise ModelFormatError(
                        f"{place}: component '{component.name}' ({component.type}) expects {expected} columns, "
                        f"its input has {found}"
                    )
            case OutputNode():
                _check_descriptor(network, place, names, node.input)
            case _:
                assert_never(node)


def _known_dims(network: KaldiNetwork, name: str) -> tuple[int, int]:
    component = network.components[name]
    try:
        return component_dims(component)
    except (KeyError, IndexError, ValueError, TypeError) as error:
        raise ModelFormatError(
            f"{network.source}: component '{name}' at byte {component.offset} ({component.type}): "
            "expected fields that tell its widths, found others; the file is damaged"
        ) from error


def _check_known(place: str, names: set[str], name: str) -> None:
    if name not in names:
        raise ModelFormatError(f"{place}: reads '{name}', which is no node of the network")


def _check_descriptor(network: KaldiNetwork, place: str, names: set[str], descriptor: Descriptor) -> None:
    for part in _walk(descriptor):
        if isinstance(part, NodeRef):
            _check_known(place, names, part.name)
            if isinstance(network.node(part.name), OutputNode):
                raise ModelFormatError(f"{place}: reads the output node '{part.name}'")
    for part in _walk(descriptor):
        parts: tuple[Descriptor, ...] = ()
        if isinstance(part, Sum | Switch):
            parts = part.parts
        elif isinstance(part, Failover):
            parts = (part.first, part.second)
        widths = {descriptor_dim(network, inner) for inner in parts}
        if len(widths) > 1:
            raise ModelFormatError(
                f"{place}: parts of {type(part).__name__} have different widths: {', '.join(map(str, sorted(widths)))}"
            )


def _walk(descriptor: Descriptor) -> Iterator[Descriptor]:
    yield descriptor
    match descriptor:
        case Append() | Sum() | Switch():
            for part in descriptor.parts:
                yield from _walk(part)
        case Failover():
            yield from _walk(descriptor.first)
            yield from _walk(descriptor.second)
        case Offset() | Scale() | IfDefined() | Round() | ReplaceIndex():
            yield from _walk(descriptor.source)
        case NodeRef() | Const():
            pass
        case _:
            assert_never(descriptor)
