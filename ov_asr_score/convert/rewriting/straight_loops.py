"""Recurrences rewritten so that one loop can compute them: all delays in one direction, none of them rounded.

    a = f(Offset(b, -3)),  b = g(a, Offset(a, 2))   ->   a' = f(Offset(b, -1)),  b = g(Offset(a', -2), a')
    Round(a, 3)                                     ->   Switch(a, Offset(a, -1), Offset(a, -2))

where a' is a of two frames later.

Kaldi sorts such a computation by the sum of the offsets around a circle (nnet3/nnet-computation-graph.cc).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ov_asr_score.errors import unreachable
from ov_asr_score.kaldi_model.frames.evaluation_order import (
    Place,
    evaluation_order,
    input_places,
    is_recurrent,
    read_places,
)
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


def straighten_loops(network: KaldiNetwork, outputs: Sequence[str]) -> KaldiNetwork:
    """The same network with recurrences that a loop can compute, as far as they can be written so.

    Nodes of a recurrence with delays of both signs are moved in time; their names stay.
    """
    loops = [group for group in evaluation_order(network, outputs) if is_recurrent(network, group)]
    if not loops:
        return network
    members = {name: frozenset(place[0] for place in group) for group in loops for name, _ in group}
    network = replace(network, nodes=tuple(_without_rounds(node, members) for node in network.nodes))
    shifts: dict[str, int] = {}
    for group in loops:
        shifts |= _shifts(network, group)
    for node in network.nodes:
        if isinstance(node, DimRangeNode) and node.source in shifts:
            shifts[node.name] = shifts[node.source]
    if not any(shifts.values()):
        return network
    return replace(network, nodes=tuple(_moved_node(node, shifts) for node in network.nodes))


def _shifts(network: KaldiNetwork, group: Sequence[Place]) -> dict[str, int]:
    """How many frames ahead each node is computed; empty if the delays have one direction, or no common one."""
    inside = set(group)
    edges: list[tuple[str, str, int]] = []
    for place in group:
        for read, distance in input_places(network, place):
            if read in inside:
                if distance is None:
                    return {}
                edges.append((place[0], read[0], distance))
                if isinstance(network.node(place[0]), DimRangeNode):
                    edges.append((read[0], place[0], 0))
    if len({offset > 0 for _, _, offset in edges if offset}) < 2:
        return {}
    names = {name for name, _ in group}
    for direction in (1, -1):
        # For every node p that reads q at t + o: o + s(p) - s(q) <= 0. That is the longest way to each node.
        ways = dict.fromkeys(names, 0)
        for _ in names:
            for reader, source, offset in edges:
                ways[source] = max(ways[source], ways[reader] + direction * offset)
        if all(ways[reader] + direction * offset <= ways[source] for reader, source, offset in edges):
            return {name: direction * way for name, way in ways.items()}
    return {}


def _moved_node(node: Node, shifts: Mapping[str, int]) -> Node:
    match node:
        case ComponentNode() | OutputNode():
            return replace(node, input=_moved(node.input, shifts.get(node.name, 0), shifts))
        case InputNode() | DimRangeNode():
            return node
    raise unreachable(node)


def _moved(descriptor: Descriptor, offset: int, shifts: Mapping[str, int]) -> Descriptor:
    """``descriptor`` at ``offset`` frames later, if its nodes are computed ``shifts`` frames ahead."""
    match descriptor:
        case NodeRef():
            total = offset - shifts.get(descriptor.name, 0)
            return Offset(descriptor, total) if total else descriptor
        case Append() | Sum():
            return type(descriptor)(tuple(_moved(part, offset, shifts) for part in descriptor.parts))
        case Scale():
            return Scale(descriptor.factor, _moved(descriptor.source, offset, shifts))
        case IfDefined():
            return IfDefined(_moved(descriptor.source, offset, shifts))
        case Const():
            return descriptor
        case Offset():
            source = _moved(descriptor.source, offset + descriptor.t, shifts)
            return Offset(source, 0, descriptor.x) if descriptor.x else source
        case Failover():
            return Failover(_moved(descriptor.first, offset, shifts), _moved(descriptor.second, offset, shifts))
        case Switch():
            count = len(descriptor.parts)
            turns = (descriptor.parts[(index + offset) % count] for index in range(count))
            return Switch(tuple(_moved(part, offset, shifts) for part in turns))
        case Round():
            rest = offset % descriptor.modulus
            rounded = Round(_moved(descriptor.source, offset - rest, shifts), descriptor.modulus)
            return Offset(rounded, rest) if rest else rounded
        case ReplaceIndex(variable="t"):
            return replace(descriptor, source=_moved(descriptor.source, 0, shifts))
        case ReplaceIndex():
            return replace(descriptor, source=_moved(descriptor.source, offset, shifts))
    raise unreachable(descriptor)


def _without_rounds(node: Node, members: Mapping[str, frozenset[str]]) -> Node:
    if isinstance(node, ComponentNode) and node.name in members:
        return replace(node, input=_switched(node.input, members[node.name]))
    return node


def _switched(descriptor: Descriptor, loop: frozenset[str]) -> Descriptor:
    """A descriptor that takes turns where it rounded the time of a node of a loop."""
    match descriptor:
        case Append() | Sum() | Switch():
            return type(descriptor)(tuple(_switched(part, loop) for part in descriptor.parts))
        case Scale() | IfDefined() | Offset() | ReplaceIndex():
            return replace(descriptor, source=_switched(descriptor.source, loop))
        case Failover():
            return Failover(_switched(descriptor.first, loop), _switched(descriptor.second, loop))
        case Round():
            source = _switched(descriptor.source, loop)
            if any(name in loop for (name, _), _ in read_places(source, 0)):
                return Switch(tuple(_moved(source, -turn, {}) for turn in range(descriptor.modulus)))
            return replace(descriptor, source=source)
    return descriptor
