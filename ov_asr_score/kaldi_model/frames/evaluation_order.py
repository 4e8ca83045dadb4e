"""In which order the nodes of a network are computed, and what each of them reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Set
from math import lcm
from typing import TypeAlias

from ov_asr_score.errors import UnsupportedModelError, unreachable
from ov_asr_score.kaldi_model.dependency import IndexBlock, Nothing
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

Place: TypeAlias = tuple[str, int]
"""A node and its index x (0 but for nodes behind a DistributeComponent)."""

_LARGEST_X = 1000


def read_places(descriptor: Descriptor, x: int) -> Iterator[tuple[Place, int | None]]:
    """Each place that a descriptor reads, with its time offset (None where the frame is rounded or fixed)."""
    match descriptor:
        case NodeRef():
            yield (descriptor.name, x), 0
        case Append() | Sum() | Switch():
            for part in descriptor.parts:
                yield from read_places(part, x)
        case Scale() | IfDefined():
            yield from read_places(descriptor.source, x)
        case Const():
            return
        case Offset():
            for place, offset in read_places(descriptor.source, x + descriptor.x):
                yield place, None if offset is None else offset + descriptor.t
        case Failover():
            yield from read_places(descriptor.first, x)
            yield from read_places(descriptor.second, x)
        case Round():
            for place, _ in read_places(descriptor.source, x):
                yield place, None
        case ReplaceIndex():
            for place, offset in read_places(descriptor.source, descriptor.value if descriptor.variable == "x" else x):
                yield place, None if descriptor.variable == "t" else offset
        case _:
            raise unreachable(descriptor)


def input_places(network: KaldiNetwork, place: Place) -> list[tuple[Place, int | None]]:
    """The places that a place reads directly, with the time offsets of its descriptor (not of its component)."""
    name, x = place
    node = network.node(name)
    match node:
        case None | InputNode():
            return []
        case DimRangeNode():
            return [((node.source, x), 0)]
        case OutputNode():
            return list(read_places(node.input, x))
        case ComponentNode():
            dependency = network.components[node.component].reads
            if isinstance(dependency, Nothing):
                return []
            if isinstance(dependency, IndexBlock):
                x //= dependency.num_blocks
            return list(read_places(node.input, x))
    raise unreachable(node)


def reads_itself(network: KaldiNetwork, place: Place) -> bool:
    """Whether a place reads other frames of its own."""
    return any(source == place for source, _ in input_places(network, place))


def is_recurrent(network: KaldiNetwork, group: Sequence[Place]) -> bool:
    """Whether the places of a group (one at least) depend on themselves at other frames, and form a loop over time."""
    return len(group) > 1 or reads_itself(network, group[0])


def evaluation_order(network: KaldiNetwork, outputs: Iterable[str]) -> list[tuple[Place, ...]]:
    """Groups of places in an order in which they can be computed; places of one group depend on each other.

    A group of one place that does not read itself is the usual case. Tarjan's strongly connected components, without
    recursion, as networks are deeper than Python's stack of calls likes. Raises UnsupportedModelError for a node that
    is read at ever larger x. Reason: there is no end to that, and no input at any x but 0.
    """
    reads: dict[Place, list[Place]] = {}
    number: dict[Place, int] = {}
    lowest: dict[Place, int] = {}
    stack: list[Place] = []
    on_stack: set[Place] = set()
    groups: list[tuple[Place, ...]] = []
    for output in outputs:
        if (output, 0) in number:
            continue
        work: list[tuple[Place, int]] = [((output, 0), 0)]
        while work:
            place, position = work.pop()
            if position == 0:
                if abs(place[1]) > _LARGEST_X:
                    raise UnsupportedModelError(
                        f"{network.source}: node '{place[0]}' is read at index x = {place[1]}; expected at most "
                        f"{_LARGEST_X}, so that the computation comes to an end"
                    )
                number[place] = lowest[place] = len(number)
                stack.append(place)
                on_stack.add(place)
                reads[place] = list(dict.fromkeys(read for read, _ in input_places(network, place)))
            for index in range(position, len(reads[place])):
                read = reads[place][index]
                if read not in number:
                    work += [(place, index + 1), (read, 0)]
                    break
                if read in on_stack:
                    lowest[place] = min(lowest[place], number[read])
            else:
                if lowest[place] == number[place]:
                    at = stack.index(place)
                    groups.append(tuple(stack[at:]))
                    on_stack.difference_update(stack[at:])
                    del stack[at:]
                if work:
                    caller = work[-1][0]
                    lowest[caller] = min(lowest[caller], lowest[place])
    return groups


def modulus(network: KaldiNetwork, outputs: Sequence[str] = ()) -> int:
    """Number of frames to which Kaldi's programs round up chunks.

    As ``Nnet::Modulus`` (nnet3/nnet-nnet.cc, nnet-descriptor.h), after nnet3-compute has removed the nodes that none of
    ``outputs`` (all of the network by default) needs. It does not look into Round and ReplaceIndex.
    """
    wanted = outputs or [node.name for node in network.outputs]
    used = {name for group in evaluation_order(network, wanted) for name, _ in group}
    return _joint_modulus(network, used, into_rounds=False)


def time_period(network: KaldiNetwork) -> int:
    """Number of frames by which inputs and outputs may be moved together without changing the scores."""
    return _joint_modulus(network, {node.name for node in network.nodes}, into_rounds=True)


def _joint_modulus(network: KaldiNetwork, used: Set[str], *, into_rounds: bool) -> int:
    result = 1
    for node in network.nodes:
        if isinstance(node, ComponentNode | OutputNode) and node.name in used:
            for step in _moduli(node.input, into_rounds):
                result = lcm(result, step)
    return result


def _moduli(descriptor: Descriptor, into_rounds: bool) -> Iterator[int]:
    match descriptor:
        case Append() | Sum():
            for part in descriptor.parts:
                yield from _moduli(part, into_rounds)
        case Switch():
            yield len(descriptor.parts)
            for part in descriptor.parts:
                yield from _moduli(part, into_rounds)
        case Round():
            yield descriptor.modulus
            if into_rounds:
                yield from _moduli(descriptor.source, into_rounds)
        case ReplaceIndex():
            if into_rounds:
                yield from _moduli(descriptor.source, into_rounds)
        case Scale() | IfDefined() | Offset():
            yield from _moduli(descriptor.source, into_rounds)
        case Failover():
            yield from _moduli(descriptor.first, into_rounds)
            yield from _moduli(descriptor.second, into_rounds)
