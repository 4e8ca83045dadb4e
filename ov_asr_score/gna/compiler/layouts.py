"""Where the elements of a value stand: joints and parts as addresses instead of copies.

Every address that an operation works on is a multiple of 64 bytes. A concatenation therefore puts each member at such
an address and leaves gaps, which a matrix product passes over with weights of zero; what is cut off again, in this
frame or out of a memory in a later one, then begins at such an address, too::

    input 40 │ gap 24 │ input 40 │ gap 24 │ …      three frames of 40 in a memory: a part is an address

A value is made of blocks without gaps; each block has a class, and all blocks of a class have one scale factor, because
they are one another's copies or parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.gna.compiler.graph_draft import GraphDraft, has_wide_sums, operands, with_operand
from ov_asr_score.gna.graphs.graph import Activation, Affine, Concat, Crop, Diagonal, Layer, Permute, Product, Sum
from ov_asr_score.gna.model import BUFFER_ALIGNMENT

MOST_INPUTS = 65528
"""Elements that an operation can read, a multiple of 8."""


@dataclass(frozen=True, slots=True)
class Block:
    """``size`` elements of a value from element ``start`` of its place on; ``root`` names the class."""

    start: int
    size: int
    root: str


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """The blocks of a value, in order."""

    blocks: tuple[Block, ...]

    @property
    def extent(self) -> int:
        """Elements from the first to the last one, gaps counted."""
        return self.blocks[-1].start + self.blocks[-1].size

    @property
    def is_contiguous(self) -> bool:
        """Are there no gaps?"""
        return self.extent == sum(block.size for block in self.blocks)

    @property
    def positions(self) -> NDArray[np.int64]:
        """Where each element stands, [K]."""
        return np.concatenate([np.arange(block.start, block.start + block.size) for block in self.blocks])

    def position(self, element: int) -> int:
        """Where an element stands that begins a block or lies within one."""
        for block in self.blocks:
            if element < block.size:
                return block.start + element
            element -= block.size
        return self.extent


def address_unit(num_vectors: int) -> int:
    """16-bit elements of ``num_vectors`` vectors from one possible address to the next, a multiple of 8."""
    bytes_each = 2 * num_vectors
    return max(8, BUFFER_ALIGNMENT // gcd(BUFFER_ALIGNMENT, bytes_each))


def lay_out(draft: GraphDraft, unit: int) -> dict[str, Layout]:
    """Layouts of all values; the draft gets layers for what no address can do.

    Raises UnsupportedModelError where a value with its gaps is larger than an operation can read.
    """
    while True:
        cuts = _all_cuts(draft, unit)
        wrong = _cuts_inside_operations(draft, cuts, unit)
        if wrong:
            for name in wrong:
                _crop_by_product(draft, name)
            continue
        layouts, roots = _layouts(draft, cuts, unit)
        if not _close_gaps(draft, layouts):
            break
    _unite_operands(draft, layouts, roots)
    layouts = {
        value: Layout(tuple(replace(block, root=roots.root(block.root)) for block in layout.blocks))
        for value, layout in layouts.items()
    }
    for value, layout in layouts.items():
        if layout.extent > MOST_INPUTS:
            raise UnsupportedModelError(
                f"value '{value[:40]}': expected at most {MOST_INPUTS} elements, found {layout.extent} with the gaps "
                "between the parts that it is joined of; GNA cannot read so many at once"
            )
    return layouts


def _is_joint(draft: GraphDraft, value: str) -> bool:
    """Is the value only an arrangement of others (or a memory), with gaps where there have to be some?"""
    return isinstance(draft.layers.get(value), Concat | Crop) or any(memory.read == value for memory in draft.memories)


def _all_cuts(draft: GraphDraft, unit: int) -> dict[str, dict[int, str]]:
    """For every value the elements where a block has to begin, with the crop that asks for it ("": a joint)."""
    cuts: dict[str, dict[int, str]] = {value: {} for value in draft.sizes}
    changed = True

    def put(value: str, found: Iterable[tuple[int, str]]) -> None:
        nonlocal changed
        for position, origin in found:
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


def _cuts_inside_operations(draft: GraphDraft, cuts: dict[str, dict[int, str]], unit: int) -> set[str]:
    """The crops that begin where no address is, within what an operation writes without gaps."""
    return {
        origin
        for value, found in cuts.items()
        if not _is_joint(draft, value)
        for position, origin in found.items()
        if position % unit and origin
    }


def _crop_by_product(draft: GraphDraft, value: str) -> None:
    """Make a crop a matrix product with ones and zeros."""
    crop = draft.layers[value]
    if not isinstance(crop, Crop):
        return
    draft.chosen.add(value)
    weights = np.eye(crop.size, draft.sizes[crop.input], crop.start, dtype=np.float32)
    draft.layers[value] = Affine(crop.name, crop.input, crop.output, weights)


class _Roots:
    """Which blocks belong together."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def root(self, name: str) -> str:
        """The name that stands for all of a class."""
        while name in self._above:
            name = self._above[name]
        return name

    def unite(self, one: str, other: str) -> None:
        """Make two classes one."""
        one, other = self.root(one), self.root(other)
        if one != other:
            self._above[max(one, other)] = min(one, other)


def _layouts(draft: GraphDraft, cuts: dict[str, dict[int, str]], unit: int) -> tuple[dict[str, Layout], _Roots]:
    blocks: dict[str, list[tuple[int, str]]] = {}
    roots = _Roots()
    reads = {memory.read for memory in draft.memories}
    for value in draft.sizes:
        if isinstance(draft.layers.get(value), Concat | Crop):
            continue
        edges = [0, *sorted(cuts[value]), draft.sizes[value]]
        sizes = [edges[i + 1] - edges[i] for i in range(len(edges) - 1)]
        blocks[value] = [(size, f"{value}|{i}" if value in reads else value) for i, size in enumerate(sizes)]
    for layer in draft.ordered_layers():
        if isinstance(layer, Concat):
            blocks[layer.output] = [block for value in layer.inputs for block in blocks[value]]
        elif isinstance(layer, Crop):
            blocks[layer.output] = _cropped(blocks[layer.input], layer.start, layer.size)
    for memory in draft.memories:
        for (_, one), (_, other) in zip(blocks[memory.read], blocks[memory.stored], strict=True):
            roots.unite(one, other)
    layouts = {}
    for value, found in blocks.items():
        placed = []
        start = 0
        for size, root in found:
            placed.append(Block(start, size, root))
            start += -(-size // unit) * unit
        layouts[value] = Layout(tuple(placed))
    return layouts, roots


def _cropped(blocks: list[tuple[int, str]], start: int, size: int) -> list[tuple[int, str]]:
    found = []
    at = 0
    for length, root in blocks:
        low, high = max(at, start), min(at + length, start + size)
        if low < high:
            found.append((high - low, root))
        at += length
    return found


def _reads_in_order(draft: GraphDraft, layer: Layer) -> tuple[str, ...]:
    """Operands of ``layer`` that it takes element by element as 16-bit values, so that there may be no gaps."""
    match layer:
        case Affine() | Concat() | Crop():
            return ()
        case Sum() | Product() | Diagonal() | Permute():
            return operands(layer)
        case Activation():
            return () if has_wide_sums(draft.layers.get(layer.input)) else operands(layer)
        case _:
            return operands(layer)


def _close_gaps(draft: GraphDraft, layouts: dict[str, Layout]) -> bool:
    """Did a value with gaps get a copy without them, for users that cannot pass over them?"""
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


def _unite_operands(draft: GraphDraft, layouts: dict[str, Layout], roots: _Roots) -> None:
    """What is taken element by element has one scale factor, and so have copies that operations make."""
    for layer in draft.layers.values():
        for value in _reads_in_order(draft, layer):
            first = layouts[value].blocks[0].root
            for block in layouts[value].blocks:
                roots.unite(first, block.root)
        if _is_copy(draft, layer):
            (source,) = operands(layer)
            found = {roots.root(block.root) for block in layouts[source].blocks}
            if len(found) == 1:
                roots.unite(found.pop(), layouts[layer.output].blocks[0].root)


def _is_copy(draft: GraphDraft, layer: Layer) -> bool:
    """Does the layer only put elements of 16 bits elsewhere?"""
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
