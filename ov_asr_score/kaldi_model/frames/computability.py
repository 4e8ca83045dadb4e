"""Which frames of which nodes can be computed from a window of input frames, and which of them the outputs need.

nnet3 answers the same question with its computation graph (nnet3/nnet-computation-graph.cc), frame by frame. Here it
is answered for all frames of a node at once: a node's frames are a boolean array over a span of time, and every
descriptor shifts and joins such arrays. Recurrences are followed until nothing changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import unreachable
from ov_asr_score.kaldi_model.dependency import (
    Dependency,
    FrameWindow,
    IndexBlock,
    Nothing,
    Offsets,
    Period,
)
from ov_asr_score.kaldi_model.frames.evaluation_order import Place, is_recurrent
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

Frames: TypeAlias = NDArray[np.bool_]
"""One flag per frame of a span."""


@dataclass(frozen=True, slots=True)
class Span:
    """Frames ``first`` to ``first + length - 1``: the stretch of time that is looked at."""

    first: int
    length: int

    @property
    def times(self) -> NDArray[np.int64]:
        """The frames t of the span [length]."""
        return np.arange(self.first, self.first + self.length)

    def at(self, frames: Frames, t: int) -> bool:
        """Whether frame ``t`` is set; what lies outside of the span is not."""
        return bool(0 <= t - self.first < self.length and frames[t - self.first])

    def shifted(self, frames: Frames, offset: int) -> Frames:
        """For each frame t what ``frames`` say at t + ``offset``."""
        moved = np.zeros_like(frames)
        if abs(offset) < self.length:
            if offset >= 0:
                moved[: self.length - offset] = frames[offset:]
            else:
                moved[-offset:] = frames[:offset]
        return moved

    def taken(self, frames: Frames, times: NDArray[np.int64]) -> Frames:
        """What ``frames`` say at each of ``times`` (any shape)."""
        index = times - self.first
        inside = (index >= 0) & (index < self.length)
        return np.asarray(inside & frames[np.clip(index, 0, self.length - 1)])

    def scattered(self, times: NDArray[np.int64]) -> Frames:
        """The frames that occur in ``times``."""
        frames = np.zeros(self.length, np.bool_)
        index = times - self.first
        frames[index[(index >= 0) & (index < self.length)]] = True
        return frames


class Simulation:
    """One window of input frames, and what follows from it.

    ``computable`` has for every place the frames that can be computed, ``needed`` those that the outputs need.
    """

    def __init__(self, network: KaldiNetwork, span: Span, input_frames: Mapping[str, Frames]) -> None:
        """Start with the frames of the inputs, by name, and nothing else computed."""
        self.span, self.input_frames = span, input_frames
        self.nodes = {node.name: node for node in network.nodes}
        self.dependencies: dict[str, Dependency] = {
            name: component.reads for name, component in network.components.items()
        }
        self.computable: dict[Place, Frames] = {}
        self.needed: dict[Place, Frames] = {}

    def nothing(self) -> Frames:
        """No frame."""
        return np.zeros(self.span.length, np.bool_)

    def everything(self) -> Frames:
        """All frames of the span."""
        return np.ones(self.span.length, np.bool_)

    # What can be computed

    def of_place(self, place: Place) -> Frames:
        """The frames of a place that can be computed from what is known so far."""
        name, x = place
        node = self.nodes[name]
        match node:
            case InputNode():
                return self.input_frames.get(name, self.nothing()) if x == 0 else self.nothing()
            case DimRangeNode():
                return self.of_descriptor(NodeRef(node.source), x)
            case OutputNode():
                return self.of_descriptor(node.input, x)
            case ComponentNode():
                return self._of_component(node, x)
        raise unreachable(node)

    def _of_component(self, node: ComponentNode, x: int) -> Frames:
        dependency = self.dependencies[node.component]
        match dependency:
            case Nothing():
                return self.everything()
            case IndexBlock():
                return self.of_descriptor(node.input, x // dependency.num_blocks)
        source = self.of_descriptor(node.input, x)
        match dependency:
            case Offsets():
                frames = self.everything()
                for offset in dependency.required:
                    frames &= self.span.shifted(source, offset)
                return frames
            case Period() | FrameWindow():
                at_steps = source & (self.span.times % dependency.step == 0)
                counts = np.concatenate([[0], np.cumsum(at_steps)])
                some = np.asarray(counts[self._ends(dependency)] > counts[self._starts(dependency)])
                if isinstance(dependency, FrameWindow):
                    some &= self.span.times % dependency.step == 0
                return some
        raise unreachable(dependency)

    def _starts(self, frames: Period | FrameWindow) -> NDArray[np.int64]:
        """For each frame of the span, the index in the span of the first frame that it needs [length]."""
        times = self.span.times
        first = times // frames.length * frames.length if isinstance(frames, Period) else times - frames.left
        return np.clip(first - self.span.first, 0, self.span.length)

    def _ends(self, frames: Period | FrameWindow) -> NDArray[np.int64]:
        """For each frame of the span, the index in the span behind the last frame that it needs [length]."""
        times = self.span.times
        if isinstance(frames, Period):
            behind = (times // frames.length + 1) * frames.length
        else:
            behind = times + frames.right + 1
        return np.clip(behind - self.span.first, 0, self.span.length)

    def of_descriptor(self, descriptor: Descriptor, x: int) -> Frames:
        """The frames for which a descriptor can be computed from what is known so far."""
        match descriptor:
            case NodeRef():
                known = self.computable.get((descriptor.name, x))
                return self.nothing() if known is None else known
            case Append() | Sum():
                frames = self.everything()
                for part in descriptor.parts:
                    frames &= self.of_descriptor(part, x)
                return frames
            case Scale():
                return self.of_descriptor(descriptor.source, x)
            case Const() | IfDefined():
                return self.everything()
            case Offset():
                return self.span.shifted(self.of_descriptor(descriptor.source, x + descriptor.x), descriptor.t)
            case Failover():
                return self.of_descriptor(descriptor.first, x) | self.of_descriptor(descriptor.second, x)
            case Switch():
                turn = self.span.times % len(descriptor.parts)
                parts = [self.of_descriptor(part, x) for part in descriptor.parts]
                return np.asarray(np.array(parts)[turn, np.arange(len(turn))])
            case Round():
                source = self.of_descriptor(descriptor.source, x)
                return self.span.taken(source, self.span.times // descriptor.modulus * descriptor.modulus)
            case ReplaceIndex(variable="t"):
                there = self.span.at(self.of_descriptor(descriptor.source, x), descriptor.value)
                return self.everything() if there else self.nothing()
            case ReplaceIndex():
                return self.of_descriptor(descriptor.source, descriptor.value)
        raise unreachable(descriptor)

    # What is needed

    def need_place(self, place: Place) -> None:
        """Mark what the needed frames of a place need in turn."""
        name, x = place
        node, wanted = self.nodes[name], self.needed[place]
        match node:
            case InputNode():
                pass
            case DimRangeNode():
                self.need(NodeRef(node.source), x, wanted)
            case OutputNode():
                self.need(node.input, x, wanted)
            case ComponentNode():
                self._need_component(node, x, wanted)

    def _need_component(self, node: ComponentNode, x: int, wanted: Frames) -> None:
        dependency, span = self.dependencies[node.component], self.span
        match dependency:
            case Nothing():
                return
            case IndexBlock():
                self.need(node.input, x // dependency.num_blocks, wanted)
                return
        frames = self.nothing()
        match dependency:
            case Offsets():
                for offset in (*dependency.required, *dependency.optional):
                    frames |= span.shifted(wanted, -offset)
            case Period() | FrameWindow():
                changes = np.zeros(span.length + 1, np.int64)
                np.add.at(changes, self._starts(dependency)[wanted], 1)
                np.add.at(changes, self._ends(dependency)[wanted], -1)
                frames = (np.cumsum(changes)[:-1] > 0) & (span.times % dependency.step == 0)
        self.need(node.input, x, frames & self.of_descriptor(node.input, x))

    def need(self, descriptor: Descriptor, x: int, wanted: Frames) -> None:
        """Mark the frames of nodes that ``descriptor`` reads for the frames ``wanted``, all of them computable."""
        match descriptor:
            case NodeRef():
                place = (descriptor.name, x)
                self.needed[place] = self.needed.get(place, self.nothing()) | wanted
            case Append() | Sum():
                for part in descriptor.parts:
                    self.need(part, x, wanted)
            case Scale():
                self.need(descriptor.source, x, wanted)
            case Const():
                pass
            case IfDefined():
                self.need(descriptor.source, x, wanted & self.of_descriptor(descriptor.source, x))
            case Offset():
                self.need(descriptor.source, x + descriptor.x, self.span.shifted(wanted, -descriptor.t))
            case Failover():
                first = self.of_descriptor(descriptor.first, x)
                self.need(descriptor.first, x, wanted & first)
                self.need(descriptor.second, x, wanted & ~first)
            case Switch():
                turn = self.span.times % len(descriptor.parts)
                for index, part in enumerate(descriptor.parts):
                    self.need(part, x, wanted & (turn == index))
            case Round():
                rounded = self.span.times // descriptor.modulus * descriptor.modulus
                self.need(descriptor.source, x, self.span.scattered(rounded[wanted]))
            case ReplaceIndex(variable="t"):
                if wanted.any():
                    self.need(descriptor.source, x, self.span.scattered(np.array([descriptor.value])))
            case ReplaceIndex():
                self.need(descriptor.source, descriptor.value, wanted)
            case _:
                raise unreachable(descriptor)


def frame_sets(
    network: KaldiNetwork,
    groups: Sequence[tuple[Place, ...]],
    span: Span,
    input_frames: Mapping[str, Frames],
    wanted: Mapping[str, Frames],
) -> Simulation:
    """What can be computed from ``input_frames``, and what the ``wanted`` frames of outputs need (both by node).

    ``groups`` come from ``evaluation_order``. Frames of outputs that cannot be computed are not needed.
    """
    simulation = Simulation(network, span, input_frames)
    computable = simulation.computable
    for group in groups:
        computable.update({place: simulation.nothing() for place in group})
        changed = True
        while changed:
            changed = False
            for place in group:
                frames = simulation.of_place(place)
                if not np.array_equal(frames, computable[place]):
                    computable[place], changed = frames, True
            changed = changed and is_recurrent(network, group)
    for name, frames in wanted.items():
        simulation.needed[(name, 0)] = frames & computable[(name, 0)]
    for group in reversed(groups):
        changed = True
        while changed:
            before = {place: simulation.needed.get(place) for place in group}
            for place in group:
                if place in simulation.needed:
                    simulation.need_place(place)
            changed = any(
                place in simulation.needed and not np.array_equal(simulation.needed[place], known)
                for place, known in ((place, simulation.nothing() if f is None else f) for place, f in before.items())
            )
    return simulation
