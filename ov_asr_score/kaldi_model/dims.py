"""Widths of components, nodes and descriptors. Sources: ``InputDim`` and ``OutputDim`` of Kaldi's components."""

from __future__ import annotations

from ov_asr_score.errors import unreachable
from ov_asr_score.kaldi_model.components.component_type import Dims, stated_dims
from ov_asr_score.kaldi_model.components.fields import Fields
from ov_asr_score.kaldi_model.components.type_table import find_type
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    Generation,
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

FIELD_ERRORS = (KeyError, IndexError, ValueError, TypeError, ZeroDivisionError)
"""What is raised for fields that are missing, of another kind, or out of range."""


def component_dims(component: Component, generation: Generation) -> Dims:
    """Width of the input and of the output of a component of a network of that generation.

    A component of another generation than its network is one of nnet3, in whose types networks are rewritten. Raises
    one of ``FIELD_ERRORS`` for fields that do not determine the widths.
    """
    if component.nested and "InputDim" not in component.fields:
        chain = component.nested[0]
        return component_dims(chain[0], generation)[0], component_dims(chain[-1], generation)[1]
    kind = find_type(generation, component.type) or find_type(3, component.type)
    return (kind.dims if kind else stated_dims)(Fields(component))


def node_dim(network: KaldiNetwork, name: str) -> int:
    """Width of a node."""
    node = network.node(name)
    match node:
        case InputNode() | DimRangeNode():
            return node.dim
        case ComponentNode():
            return component_dims(network.components[node.component], network.generation)[1]
        case OutputNode():
            return descriptor_dim(network, node.input)
        case None:
            raise KeyError(name)
    raise unreachable(node)


def descriptor_dim(network: KaldiNetwork, descriptor: Descriptor) -> int:
    """Width of what a descriptor gives; that of the first part where all parts must have the same."""
    match descriptor:
        case NodeRef():
            return node_dim(network, descriptor.name)
        case Append():
            return sum(descriptor_dim(network, part) for part in descriptor.parts)
        case Const():
            return descriptor.dim
        case Sum() | Switch():
            return descriptor_dim(network, descriptor.parts[0])
        case Failover():
            return descriptor_dim(network, descriptor.first)
        case Offset() | Scale() | IfDefined() | Round() | ReplaceIndex():
            return descriptor_dim(network, descriptor.source)
    raise unreachable(descriptor)
