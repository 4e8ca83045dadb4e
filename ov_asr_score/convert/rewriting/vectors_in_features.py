"""A network whose i-vectors are columns of the features, so that each frame brings the one that it is computed with.

    Append(Offset(input, -1), input, ReplaceIndex(ivector, t, 0))
    ->  Append(Offset(input/features, -1), input/features, input/ivector)

where the node ``input`` has the features and behind them the i-vector. Kaldi's looped computation, too, lets the layers
at frame t see another i-vector than those at other frames (nnet3/nnet-compile-looped.cc, ``ModifyNnetIvectorPeriod``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ov_asr_score.errors import UnsupportedModelError, unreachable
from ov_asr_score.kaldi_model.descriptors import format_descriptor
from ov_asr_score.kaldi_model.frames.evaluation_order import read_places
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
    Node,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)

IVECTOR = "ivector"
_FEATURES_PART, _IVECTOR_PART = "input/features", "input/ivector"


def ivector_dim(network: KaldiNetwork) -> int | None:
    """Columns of the i-vectors that an nnet3 network takes; None for one without."""
    return next((node.dim for node in network.inputs if node.name == IVECTOR), None)


def vectors_in_features(network: KaldiNetwork) -> KaldiNetwork:
    """The network with the columns of ``ivector`` behind those of ``input``; the same one if it has no i-vectors.

    Raises UnsupportedModelError where the i-vector, or another node, is read at one fixed frame in another way. Kaldi:
    ``ModifyNnetIvectorPeriod`` ends with an error, or the looped compilation finds no loop.
    """
    dims = {node.name: node.dim for node in network.inputs}
    if IVECTOR not in dims or "input" not in dims:
        return network
    parts: list[Node] = [
        DimRangeNode(_FEATURES_PART, "input", 0, dims["input"]),
        DimRangeNode(_IVECTOR_PART, "input", dims["input"], dims[IVECTOR]),
    ]
    names = {"input": _FEATURES_PART, IVECTOR: _IVECTOR_PART}
    steady = _steady_nodes(network)
    nodes: list[Node] = []
    for node in network.nodes:
        match node:
            case InputNode(name="input"):
                nodes += [InputNode("input", dims["input"] + dims[IVECTOR]), *parts]
            case InputNode(name="ivector"):
                continue
            case ComponentNode() | OutputNode():
                nodes.append(replace(node, input=_renamed(network, node.name, node.input, names, steady)))
            case DimRangeNode():
                nodes.append(replace(node, source=names.get(node.source, node.source)))
            case _:
                nodes.append(node)
    return replace(network, nodes=tuple(nodes))


def _steady_nodes(network: KaldiNetwork) -> frozenset[str]:
    """Nodes that are computed from nothing but i-vectors."""
    steady = {IVECTOR}
    grown = True
    while grown:
        grown = False
        for node in network.nodes:
            if node.name in steady or isinstance(node, InputNode):
                continue
            sources = (
                {node.source}
                if isinstance(node, DimRangeNode)
                else {name for (name, _), _ in read_places(node.input, 0)}
            )
            if sources and sources <= steady:
                steady.add(node.name)
                grown = True
    return frozenset(steady)


def _renamed(
    network: KaldiNetwork, place: str, descriptor: Descriptor, names: Mapping[str, str], steady: frozenset[str]
) -> Descriptor:
    """The descriptor with other names of inputs, and without ReplaceIndex around what is computed from i-vectors.

    Kaldi: ``ModifyNnetIvectorPeriod`` puts Round in its place, or ends with an error.
    """

    def renamed(inner: Descriptor) -> Descriptor:
        return _renamed(network, place, inner, names, steady)

    match descriptor:
        case NodeRef():
            return NodeRef(names.get(descriptor.name, descriptor.name))
        case Const():
            return descriptor
        case Append() | Sum() | Switch():
            return replace(descriptor, parts=tuple(renamed(part) for part in descriptor.parts))
        case Failover():
            return Failover(renamed(descriptor.first), renamed(descriptor.second))
        case ReplaceIndex(variable="t"):
            sources = {name for (name, _), _ in read_places(descriptor.source, 0)}
            if descriptor.value or not sources <= steady:
                raise UnsupportedModelError(
                    f"{network.source}: cannot be scored in chunks: '{place}' reads "
                    f"{format_descriptor(descriptor)}; expected ReplaceIndex(…, t, 0) of i-vectors alone"
                )
            return renamed(descriptor.source)
        case Offset() | Scale() | IfDefined() | Round() | ReplaceIndex():
            return replace(descriptor, source=renamed(descriptor.source))
    raise unreachable(descriptor)
