"""How far from its own frame each node reads others: the arithmetic behind delays, memories and stretches of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import inf
from typing import TypeAlias

from ov_asr_score.errors import unreachable
from ov_asr_score.kaldi_model.dependency import (
    FrameWindow,
    IndexBlock,
    Nothing,
    Offsets,
    Period,
)
from ov_asr_score.kaldi_model.frames.evaluation_order import Place
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

Span: TypeAlias = tuple[int, int]
"""The first and the last frame that is read, relative to the frame that is computed."""


def reading_spans(network: KaldiNetwork, place: Place) -> Iterator[tuple[Place, Span | None]]:
    """Every place that a place reads and how far from its own frame; None for one fixed frame (ReplaceIndex)."""
    name, x = place
    node = network.node(name)
    match node:
        case None | InputNode():
            return
        case DimRangeNode():
            yield (node.source, x), (0, 0)
        case OutputNode():
            yield from _spans(node.input, x, (0, 0))
        case ComponentNode():
            yield from _component_spans(network, node, x)
        case _:
            raise unreachable(node)


def reading_distance(network: KaldiNetwork, groups: Sequence[tuple[Place, ...]]) -> int:
    """How many frames away from its own frame an output may read any node, through others in between.

    ``groups`` come from ``evaluation_order``; nodes of a recurrence count once. Of fixed frames (ReplaceIndex) it is
    the distance from frame 0.
    """
    distances: dict[Place, int] = {}
    for group in reversed(groups):
        start = max(distances.get(place, 0) for place in group)
        for place in group:
            node = network.node(place[0])
            fixed = _farthest_fixed(node.input) if isinstance(node, ComponentNode | OutputNode) else 0
            for source, span in reading_spans(network, place):
                distance = start + (fixed if span is None else max(abs(span[0]), abs(span[1])))
                distances[source] = max(distances.get(source, 0), distance)
    return max(distances.values(), default=0)


def network_reach(network: KaldiNetwork, groups: Sequence[tuple[Place, ...]]) -> tuple[int | None, int | None]:
    """How many frames of features before and after its own frame an output may depend on; None for any number.

    ``groups`` come from ``evaluation_order``. Unlike the contexts of Kaldi this counts what is read where it is there
    (IfDefined, Failover), and never too little.
    """
    unbounded = inf
    reach: dict[Place, tuple[float, float]] = {}
    for group in reversed(groups):
        left = max(reach.get(place, (0, 0))[0] for place in group)
        right = max(reach.get(place, (0, 0))[1] for place in group)
        inner = [span for place in group for source, span in reading_spans(network, place) if source in group]
        if inner:
            left = unbounded
            right = unbounded if any(span is None or span[1] > 0 for span in inner) else right
        for place in group:
            for source, span in reading_spans(network, place):
                before, after = reach.get(source, (0, 0))
                first, last = (-unbounded, unbounded) if span is None else span
                reach[source] = (max(before, left - first), max(after, right + last))
    reaches = [reach[place] for place in reach if place[0] == "input"]
    farthest = [max((side[index] for side in reaches), default=0.0) for index in (0, 1)]
    return tuple(None if side == unbounded else int(side) for side in farthest)  # type: ignore[return-value]


def component_periods(network: KaldiNetwork) -> list[int]:
    """Numbers of frames after which components repeat themselves: periods of statistics, strides of windows."""
    periods = []
    for node in network.nodes:
        if isinstance(node, ComponentNode):
            match network.components[node.component].reads:
                case Period(length, _):
                    periods.append(length)
                case FrameWindow(_, _, step):
                    periods.append(step)
    return periods


def _farthest_fixed(descriptor: Descriptor) -> int:
    """The largest number of a frame, without its sign, that ReplaceIndex reads in a descriptor."""
    match descriptor:
        case Append() | Sum() | Switch():
            return max(_farthest_fixed(part) for part in descriptor.parts)
        case Failover():
            return max(_farthest_fixed(descriptor.first), _farthest_fixed(descriptor.second))
        case ReplaceIndex(variable="t"):
            around = (descriptor.value, descriptor.value)
            spans = [span for _, span in _spans(descriptor.source, 0, around) if span is not None]
            inner = _farthest_fixed(descriptor.source)
            return max([inner, *(abs(frame) for span in spans for frame in span)])
        case NodeRef() | Const():
            return 0
        case Scale() | IfDefined() | Offset() | Round() | ReplaceIndex():
            return _farthest_fixed(descriptor.source)
    raise unreachable(descriptor)


def _component_spans(network: KaldiNetwork, node: ComponentNode, x: int) -> Iterator[tuple[Place, Span | None]]:
    dependency = network.components[node.component].reads
    match dependency:
        case Nothing():
            return
        case IndexBlock():
            yield from _spans(node.input, x // dependency.num_blocks, (0, 0))
        case Offsets():
            offsets = (*dependency.required, *dependency.optional)
            yield from _spans(node.input, x, (min(offsets), max(offsets)))
        case Period():
            # Any frame of the period that a frame lies in, wherever in it that frame stands.
            yield from _spans(node.input, x, (1 - dependency.length, dependency.length - 1))
        case FrameWindow():
            yield from _spans(node.input, x, (-dependency.left, dependency.right))
        case _:
            raise unreachable(dependency)


def _spans(descriptor: Descriptor, x: int, span: Span) -> Iterator[tuple[Place, Span | None]]:
    first, last = span
    match descriptor:
        case NodeRef():
            yield (descriptor.name, x), span
        case Append() | Sum() | Switch():
            for part in descriptor.parts:
                yield from _spans(part, x, span)
        case Scale() | IfDefined():
            yield from _spans(descriptor.source, x, span)
        case Const():
            return
        case Offset():
            yield from _spans(descriptor.source, x + descriptor.x, (first + descriptor.t, last + descriptor.t))
        case Failover():
            yield from _spans(descriptor.first, x, span)
            yield from _spans(descriptor.second, x, span)
        case Round():
            yield from _spans(descriptor.source, x, (first - descriptor.modulus + 1, last))
        case ReplaceIndex(variable="t"):
            for place, _ in _spans(descriptor.source, x, span):
                yield place, None
        case ReplaceIndex():
            yield from _spans(descriptor.source, descriptor.value, span)
        case _:
            raise unreachable(descriptor)
