"""Memory layouts of values, with which concatenations and crops become addresses instead of copies.

Every address that an operation works on is a multiple of 64 bytes. A concatenation therefore places each member at such
an address and leaves gaps, which a matrix product skips with weights of zero. A crop, in the same frame or from a
memory in a later one, then begins at such an address, too::

    input 40 │ gap 24 │ input 40 │ gap 24 │ …      three frames of 40 in a memory: a crop is an address

A value consists of blocks without gaps. Every block belongs to a scale class; all blocks of a class have the same scale
factor, because they are copies or parts of one another.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.graph_draft import GraphDraft, has_wide_sums, operands, with_operand
from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Concat,
    Crop,
    Diagonal,
    Layer,
    Permute,
    ProductLayer,
    SumLayer,
)
from ov_asr_score.gna.model import BUFFER_ALIGNMENT

MOST_INPUTS = 65528
"""Largest number of elements that an operation can read, a multiple of 8."""


Cuts: TypeAlias = dict[str, dict[int, str]]
"""By value the elements at which a block must begin, each with the crop that requires it ("": a concatenation)."""


@dataclass(frozen=True, slots=True)
class MemoryBlock:
    """``size`` consecutive elements of a value, at element ``start`` of its memory; ``root`` names the scale class."""

    start: int
    size: int
    root: str


@dataclass(frozen=True, slots=True, eq=False)
class ValueLayout:
    """The blocks of a value, in order."""

    blocks: tuple[MemoryBlock, ...]

    @property
    def extent(self) -> int:
        """Number of elements from the first to the last one, including gaps."""
        return self.blocks[-1].start + self.blocks[-1].size

    @property
    def is_contiguous(self) -> bool:
        """Whether there are no gaps."""
        return self.extent == sum(block.size for block in self.blocks)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Position of each element in the memory of the value, [K]."""
        return np.concatenate([np.arange(block.start, block.start + block.size) for block in self.blocks])

    def position(self, element: int) -> int:
        """Position of element number ``element``; the extent for the element past the last one."""
        for block in self.blocks:
            if element < block.size:
                return block.start + element
            element -= block.size
        return self.extent


def address_unit(num_vectors: int) -> int:
    """Number of 16-bit elements of ``num_vectors`` vectors between possible addresses, a multiple of 8."""
    bytes_each = 2 * num_vectors
    return max(8, BUFFER_ALIGNMENT // gcd(BUFFER_ALIGNMENT, bytes_each))


def lay_out(draft: GraphDraft, unit: int) -> dict[str, ValueLayout]:
    """Layouts of all values by name; ``unit`` is the distance of addresses (:func:`address_unit`).

    Adds layers to the draft for crops that cannot be addresses, and for values that must not have gaps. Raises
    UnsupportedModelError where a value with its gaps is larger than an operation can read.
    """
    while True:
        cuts = _all_cuts(draft)
        unaligned = _unaligned_crops(draft, cuts, unit)
        if unaligned:
            for name in unaligned:
                _crop_by_product(draft, name)
            continue
        layouts, classes = _layouts(draft, cuts, unit)
        if not _close_gaps(draft, layouts):
            break
    _unite_operands(draft, layouts, classes)
    layouts = {
        value: ValueLayout(tuple(replace(block, root=classes.root(block.root)) for block in layout.blocks))
        for value, layout in layouts.items()
    }
    for value, layout in layouts.items():
        if layout.extent > MOST_INPUTS:
            raise UnsupportedModelError(
                f"value '{value[:40]}': expected at most {MOST_INPUTS} elements, found {layout.extent} including the "
                "gaps between its concatenated parts; GNA cannot read so many at once"
            )
    return layouts


def _may_have_gaps(draft: GraphDraft, value: str) -> bool:
    """Whether the value is a concatenation, a crop or a memory, and may therefore have gaps."""
    return isinstance(draft.layers.get(value), Concat | Crop) or any(memory.read == value for memory in draft.memories)


def _all_cuts(draft: GraphDraft) -> Cuts:
    """The cuts of every value, propagated through crops, concatenations and memories until nothing changes."""
    cuts: Cuts = {value: {} for value in draft.sizes}
    changed = True

    def put(value: str, new_cuts: Iterable[tuple[int, str]]) -> None:
        nonlocal changed
        for position, origin in new_cuts:
            if 0 < position < draft.sizes[value] and position not in cuts[value]:
                cuts[value][position] = origin
                changed = True

    layers = draft.ordered_layers()
    while changed:
        changed = False
        for layer in layers:
            if isinstance(layer, Crop):
                put(layer.input, [(layer.start, layer.output)])
                put(layer.output, [(at - layer.start, origin) for at, origin in cuts[layer.input].items()])
                put(layer.input, [(at + layer.start, origin) for at, origin in cuts[layer.output].items()])
            elif isinstance(layer, Concat):
                start = 0
                for value in layer.inputs:
                    size = draft.sizes[value]
                    put(layer.output, [(start, ""), *((at + start, origin) for at, origin in cuts[value].items())])
                    put(
                        value,
                        [
                            (at - start, origin)
                            for at, origin in cuts[layer.output].items()
                            if start < at < start + size
                        ],
                    )
                    start += size
        for memory in draft.memories:
            put(memory.read, cuts[memory.stored].items())
            put(memory.stored, cuts[memory.read].items())
    return cuts


def _unaligned_crops(draft: GraphDraft, cuts: Cuts, unit: int) -> set[str]:
    """The crops that begin between two addresses, in a value that an operation writes without gaps."""
    return {
        origin
        for value, origins in cuts.items()
        if not _may_have_gaps(draft, value)
        for position, origin in origins.items()
        if position % unit and origin
    }


def _crop_by_product(draft: GraphDraft, value: str) -> None:
    """Replace a crop by a matrix product with ones and zeros."""
    crop = draft.layers[value]
    if not isinstance(crop, Crop):
        return
    draft.chosen.add(value)
    weights = np.eye(crop.size, draft.sizes[crop.input], crop.start, dtype=np.float32)
    draft.layers[value] = Affine(crop.name, crop.input, crop.output, weights)


class _ScaleClasses:
    """Disjoint sets of block names; the blocks of a set must have the same scale factor."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that represents the class of ``name``."""
        while name in self._above:
            name = self._above[name]
        return name

    def unite(self, one: str, other: str) -> None:
        """Merge the classes of two blocks."""
        one, other = self.root(one), self.root(other)
        if one != other:
            self._above[max(one, other)] = min(one, other)


def _block_name(value: str, index: int, is_memory: bool) -> str:
    """Name of block number ``index`` of a value that is no concatenation and no crop.

    The blocks of a memory are named separately, because each may hold a copy of another value; all blocks that an
    operation writes share one name, because an operation has a single scale factor.
    """
    return f"{value}|{index}" if is_memory else value


def _layouts(draft: GraphDraft, cuts: Cuts, unit: int) -> tuple[dict[str, ValueLayout], _ScaleClasses]:
    """The layouts that follow from ``cuts``, each block at a multiple of ``unit``, and the classes of the blocks."""
    blocks: dict[str, list[tuple[int, str]]] = {}  # by value: size and name of each block
    classes = _ScaleClasses()
    memories = {memory.read for memory in draft.memories}
    for value in draft.sizes:
        if isinstance(draft.layers.get(value), Concat | Crop):
            continue
        edges = [0, *sorted(cuts[value]), draft.sizes[value]]
        sizes = [edges[i + 1] - edges[i] for i in range(len(edges) - 1)]
        blocks[value] = [(size, _block_name(value, i, value in memories)) for i, size in enumerate(sizes)]
    for layer in draft.ordered_layers():
        if isinstance(layer, Concat):
            blocks[layer.output] = [block for value in layer.inputs for block in blocks[value]]
        elif isinstance(layer, Crop):
            blocks[layer.output] = _cropped(blocks[layer.input], layer.start, layer.size)
    for memory in draft.memories:
        for (_, one), (_, other) in zip(blocks[memory.read], blocks[memory.stored], strict=True):
            classes.unite(one, other)
    layouts = {}
    for value, named_blocks in blocks.items():
        placed = []
        start = 0
        for size, root in named_blocks:
            placed.append(MemoryBlock(start, size, root))
            start += -(-size // unit) * unit
        layouts[value] = ValueLayout(tuple(placed))
    return layouts, classes


def _cropped(blocks: list[tuple[int, str]], start: int, size: int) -> list[tuple[int, str]]:
    """The parts of ``blocks`` (size, name) within ``size`` elements from ``start`` on."""
    parts = []
    at = 0
    for length, root in blocks:
        low, high = max(at, start), min(at + length, start + size)
        if low < high:
            parts.append((high - low, root))
        at += length
    return parts


def _reads_in_order(draft: GraphDraft, layer: Layer) -> tuple[str, ...]:
    """Operands that ``layer`` reads element by element as 16-bit values, so that they must not have gaps."""
    match layer:
        case Affine() | Concat() | Crop():
            return ()
        case SumLayer() | ProductLayer() | Diagonal() | Permute():
            return operands(layer)
        case Activation():
            return () if has_wide_sums(draft.layers.get(layer.input)) else operands(layer)
        case _:
            return operands(layer)


def _close_gaps(draft: GraphDraft, layouts: dict[str, ValueLayout]) -> bool:
    """Whether copies without gaps were added to the draft, for readers that cannot skip them."""
    closed: dict[str, str] = {}
    for layer in list(draft.layers.values()):
        for value in _reads_in_order(draft, layer):
            if layouts[value].is_contiguous:
                continue
            if value not in closed:
                closed[value] = draft.new_value(f"{value}/closed")
                draft.chosen.add(closed[value])
                ones = np.eye(draft.sizes[value], dtype=np.float32)
                draft.add(Affine(closed[value], value, closed[value], ones), draft.sizes[value])
            draft.layers[layer.output] = with_operand(draft.layers[layer.output], value, closed[value])
    return bool(closed)


def _unite_operands(draft: GraphDraft, layouts: dict[str, ValueLayout], classes: _ScaleClasses) -> None:
    """Merge the classes of blocks that are read element by element together, and of copies with their sources."""
    for layer in draft.layers.values():
        for value in _reads_in_order(draft, layer):
            first = layouts[value].blocks[0].root
            for block in layouts[value].blocks:
                classes.unite(first, block.root)
        if _is_copy(draft, layer):
            (source,) = operands(layer)
            source_roots = {classes.root(block.root) for block in layouts[source].blocks}
            if len(source_roots) == 1:
                classes.unite(source_roots.pop(), layouts[layer.output].blocks[0].root)


def _is_copy(draft: GraphDraft, layer: Layer) -> bool:
    """Whether the layer only moves 16-bit elements."""
    match layer:
        case Permute():
            return True
        case Activation():
            is_narrow = layer.input in draft.chosen or not has_wide_sums(draft.layers.get(layer.input))
            return layer.function == "identity" and is_narrow and layer.output not in draft.rescaled
        case Affine():
            return layer.output in draft.chosen
        case _:
            return False
