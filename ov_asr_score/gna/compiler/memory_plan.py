"""The order of operations and of the copies between them, and the place of every value in the memory image.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ov_asr_score.gna.compiler.graph_draft import GraphDraft
from ov_asr_score.gna.compiler.layouts import ValueLayout
from ov_asr_score.gna.compiler.operation_plan import PlannedOperation
from ov_asr_score.gna.graphs.float_graph import Concat, Constant, Crop
from ov_asr_score.gna.model import BUFFER_ALIGNMENT


@dataclass(frozen=True, slots=True)
class Copying:
    """Copies the 16-bit value ``source`` into ``target``, from element ``start`` on.

    ``target`` is a concatenation, the read value of a memory, or a value that only this copy makes.
    """

    source: str
    target: str
    start: int = 0


Action: TypeAlias = PlannedOperation | Copying

Place: TypeAlias = tuple[str, int]
"""A buffer, and the element of it at which a value begins."""


@dataclass(frozen=True, slots=True, eq=False)
class MemoryPlan:
    """``actions`` in order; ``narrow`` holds the places of 16-bit values, ``wide`` the buffers of int32 sums.

    ``offsets`` and ``num_bytes`` are bytes by buffer; constants have no buffer here. ``size`` is the number of bytes
    of the read-write part.
    """

    actions: tuple[Action, ...]
    narrow: dict[str, Place]
    wide: dict[str, str]
    offsets: dict[str, int]
    num_bytes: dict[str, int]
    size: int


def aligned(count: int, unit: int) -> int:
    """``count`` rounded up to a multiple of ``unit``."""
    return -(-count // unit) * unit


def plan_memory(
    draft: GraphDraft,
    steps: Sequence[PlannedOperation],
    layouts: Mapping[str, ValueLayout],
    num_vectors: int,
    extents: Mapping[str, int],
    reuse: bool,
) -> MemoryPlan:
    """Places of all values; ``extents`` are the elements of a value that an operation reads, where it reads more.

    ``reuse`` lets buffers that are not needed at the same time share memory.
    """
    planner = _Planner(draft, steps, layouts)
    actions = planner.actions
    lives = planner.lives(actions)
    sizes = planner.sizes(num_vectors, extents)
    offsets, size = _offsets(lives, sizes, planner.lasting, len(actions), reuse)
    return MemoryPlan(tuple(actions), planner.narrow, planner.wide, offsets, sizes, size)


class _Planner:
    def __init__(
        self, draft: GraphDraft, steps: Sequence[PlannedOperation], layouts: Mapping[str, ValueLayout]
    ) -> None:
        self.draft, self.steps, self.layouts = draft, steps, layouts
        self.makers = {step.output: step for step in steps if not step.is_wide}
        self.members: dict[str, list[tuple[Concat, int]]] = {}
        self.outputs = {port.value for port in draft.outputs}
        for layer in draft.layers.values():
            if isinstance(layer, Concat):
                element = 0
                for value in layer.inputs:
                    self.members.setdefault(value, []).append((layer, layouts[layer.output].position(element)))
                    element += draft.sizes[value]
        self.narrow: dict[str, Place] = {}
        self.wide = {step.output: f"sums of {step.output}" for step in steps if step.is_wide}
        self.actions = self._ordered()
        self.lasting = {f"input {port.value}" for port in draft.inputs}
        self.lasting |= {f"memory {memory.read}" for memory in draft.memories}
        for step in steps:  # outputs are read after the last operation
            if step.output in self.outputs:
                self.lasting.add(self.wide[step.output] if step.is_wide else self.place(step.output)[0])

    def _is_direct(self, value: str) -> bool:
        """Whether the value can be written directly to its place in a concatenation."""
        is_made = value in self.makers or isinstance(self.draft.layers.get(value), Concat)
        return is_made and len(self.members.get(value, ())) == 1 and value not in self.outputs

    def _ordered(self) -> list[Action]:
        actions: list[Action] = []
        ready: set[str] = set()

        def make_ready(value: str) -> None:
            layer = self.draft.layers.get(value)
            if value in ready or layer is None:
                return
            ready.add(value)
            if isinstance(layer, Crop):
                make_ready(layer.input)
            elif isinstance(layer, Concat):
                element = 0
                for member in layer.inputs:
                    make_ready(member)
                    if not self._is_direct(member):
                        actions.append(Copying(member, value, self.layouts[value].position(element)))
                    element += self.draft.sizes[member]

        for step in self.steps:
            for value in step.reads:
                make_ready(value)
            actions.append(step)
        for memory in self.draft.memories:
            make_ready(memory.stored)
        in_place = self._in_place(actions)
        late: list[Action] = []
        for memory in self.draft.memories:
            if memory.stored in in_place and in_place[memory.stored] == memory.read:
                self.narrow[memory.stored] = (f"memory {memory.read}", 0)
            elif self._root(memory.stored) in {other.read for other in self.draft.memories}:
                # Old contents of memories are saved before any memory is written.
                aside = f"{memory.read}/next"
                self.narrow[aside] = (f"value {aside}", 0)
                actions.append(Copying(memory.stored, aside))
                late.append(Copying(aside, memory.read))
            else:
                late.append(Copying(memory.stored, memory.read))
        return actions + late

    def _root(self, value: str) -> str:
        layer = self.draft.layers.get(value)
        return self._root(layer.input) if isinstance(layer, Crop) else value

    def _in_place(self, actions: Sequence[Action]) -> dict[str, str]:
        """Values that can be written directly to a memory, because all readers of the memory come before."""
        memory_of: dict[str, str] = {}
        stored = [memory.stored for memory in self.draft.memories]
        for memory in self.draft.memories:
            value = memory.stored
            if value not in self.makers or self._is_direct(value) or value in self.outputs or stored.count(value) > 1:
                continue
            if any(self._root(other) == memory.read for other in stored):
                continue
            made = next(
                i
                for i, action in enumerate(actions)
                if isinstance(action, PlannedOperation) and action.output == value and not action.is_wide
            )
            last = max(
                (i for i, action in enumerate(actions) if memory.read in map(self._root, _reads(action))), default=-1
            )
            if last < made:
                memory_of[value] = memory.read
        return memory_of

    def place(self, value: str) -> Place:
        """The place of a 16-bit value."""
        if value in self.narrow:
            return self.narrow[value]
        layer = self.draft.layers.get(value)
        if isinstance(layer, Crop):
            buffer, start = self.place(layer.input)
            place = (buffer, start + self.layouts[layer.input].position(layer.start))
        elif self._is_direct(value):
            joint, element = self.members[value][0]
            buffer, start = self.place(joint.output)
            place = (buffer, start + element)
        elif any(memory.read == value for memory in self.draft.memories):
            place = (f"memory {value}", 0)
        elif any(port.value == value for port in self.draft.inputs):
            place = (f"input {value}", 0)
        elif isinstance(layer, Constant):
            place = (f"constant {value}", 0)
        else:
            place = (f"value {value}", 0)
        self.narrow[value] = place
        return place

    def lives(self, actions: Sequence[Action]) -> dict[str, tuple[int, int]]:
        """Indices of the first and last action that writes or reads each buffer."""
        lives: dict[str, tuple[int, int]] = {}
        for number, action in enumerate(actions):
            touched = [self.place(value)[0] for value in _reads(action)]
            if isinstance(action, Copying):
                touched.append(self.place(action.target)[0])
            else:
                touched.append(self.wide[action.output] if action.is_wide else self.place(action.output)[0])
                if action.base:
                    touched.append(self.wide[action.base])
            for buffer in touched:
                first, _ = lives.get(buffer, (number, number))
                lives[buffer] = (first, number)
        for port in self.draft.inputs:
            lives.setdefault(self.place(port.value)[0], (0, 0))
        return {buffer: life for buffer, life in lives.items() if not buffer.startswith("constant ")}

    def sizes(self, num_vectors: int, extents: Mapping[str, int]) -> dict[str, int]:
        """Bytes of each buffer."""
        sizes: dict[str, int] = {}

        def grow(buffer: str, count: int) -> None:
            sizes[buffer] = max(sizes.get(buffer, 0), aligned(count, BUFFER_ALIGNMENT))

        for value, (buffer, start) in self.narrow.items():
            extent = self.layouts[value].extent if value in self.layouts else 0
            grow(buffer, (start + aligned(max(extent, extents.get(value, 0)), 8)) * 2 * num_vectors)
        for action in self.actions:
            if isinstance(action, Copying):
                extent = aligned(self.layouts[action.source].extent, 8) if action.source in self.layouts else 0
                buffer, start = self.place(action.target)
                grow(buffer, (start + action.start + extent) * 2 * num_vectors)
            elif action.is_wide:
                grow(self.wide[action.output], aligned(action.size, 8) * 4 * num_vectors)
        return sizes


def _reads(action: Action) -> tuple[str, ...]:
    return (action.source,) if isinstance(action, Copying) else action.reads


def _offsets(
    lives: Mapping[str, tuple[int, int]], sizes: Mapping[str, int], lasting: set[str], count: int, reuse: bool
) -> tuple[dict[str, int], int]:
    """Byte offsets of buffers, and the end of the last one; ``reuse``: buffers not live together may overlap."""
    offsets: dict[str, int] = {}
    end = 0
    spans = {buffer: (-1, count) if buffer in lasting or not reuse else life for buffer, life in lives.items()}
    order = sorted(spans, key=lambda buffer: (spans[buffer][0] != -1, -sizes[buffer]))
    for buffer in order if reuse else spans:
        first, last = spans[buffer]
        taken = sorted(
            (offsets[other], offsets[other] + sizes[other])
            for other in offsets
            if spans[other][0] <= last and first <= spans[other][1]
        )
        place = 0
        for low, high in taken:
            if place + sizes[buffer] <= low:
                break
            place = max(place, high)
        offsets[buffer] = place
        end = max(end, place + sizes[buffer])
    return offsets, end
