"""Simplifies a graph without changing its scores: drops unused layers, merges scales and shifts.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.gna.graphs.float_graph import (
    Affine,
    Concat,
    Constant,
    Convolution,
    Crop,
    Diagonal,
    Float32Array,
    Layer,
    Memory,
    ProductLayer,
    SumLayer,
)

LARGEST_MATRIX = 1 << 24
"""Largest number of elements of a matrix that replaces an operation GNA does not have."""


def inputs_of(layer: Layer) -> tuple[str, ...]:
    """The values that a layer reads; a value read twice is listed twice."""
    match layer:
        case SumLayer() | ProductLayer():
            return (layer.left, layer.right)
        case Concat():
            return layer.inputs
        case Constant():
            return ()
    return (layer.input,)


def value_sizes(layers: Sequence[Layer], known: Mapping[str, int]) -> dict[str, int]:
    """Number of elements of every value; ``known`` are those of values that no layer makes."""
    sizes = dict(known)
    for layer in layers:
        sizes[layer.output] = _output_size(layer, sizes)
    return sizes


def _output_size(layer: Layer, sizes: Mapping[str, int]) -> int:
    match layer:
        case Affine():
            return len(layer.weights)
        case Convolution():
            count, length = layer.filters.shape
            positions = (sizes[layer.input] - length) // layer.stride + 1
            if layer.pool_window > 1:
                positions = pooled_positions(positions, layer.pool_window, layer.pool_stride)
            return int(positions * count)
        case Concat():
            return sum(sizes[name] for name in layer.inputs)
        case Crop():
            return layer.size
        case Constant():
            return int(layer.values.size)
    return sizes[inputs_of(layer)[0]]


def pooled_positions(positions: int, window: int, stride: int) -> int:
    """Number of pooled positions; an incomplete last window counts."""
    return min(-(-max(positions - window, 0) // stride) + 1, -(-positions // stride))


def needed_parts(
    layers: Sequence[Layer], memories: Sequence[Memory], outputs: Iterable[str]
) -> tuple[tuple[Layer, ...], tuple[Memory, ...]]:
    """The layers and memories on which the values ``outputs`` depend, in their order."""
    makers = {layer.output: layer for layer in layers}
    memory_of = {memory.read: memory for memory in memories}
    pending, needed = list(outputs), set[str]()
    while pending:
        value = pending.pop()
        if value in needed:
            continue
        needed.add(value)
        pending += inputs_of(makers[value]) if value in makers else ()
        pending += [memory_of[value].stored] if value in memory_of else []
    kept_memories = tuple(memory for memory in memories if memory.read in needed)
    return tuple(layer for layer in layers if layer.output in needed), kept_memories


def join_diagonals(layers: Sequence[Layer], kept: Collection[str]) -> tuple[Layer, ...]:
    """The layers, with scales and shifts merged into the layers that they read, where nothing else reads those.

    ``kept`` are values that are read from outside. A merged layer has the name of the scale or shift.
    """
    readers = Counter(value for layer in layers for value in inputs_of(layer))
    joined: dict[str, Layer] = {}
    for layer in layers:
        if isinstance(layer, Diagonal) and layer.input not in kept and readers[layer.input] == 1:
            before = joined.get(layer.input)
            both = None if before is None else _joined(before, layer)
            if both is not None:
                del joined[layer.input]
                joined[layer.output] = both
                continue
        joined[layer.output] = layer
    return tuple(joined.values())


def dense_convolutions(layers: Sequence[Layer], sizes: Mapping[str, int]) -> tuple[Layer, ...]:
    """The layers, with convolutions replaced by matrix products where the device would count other positions.

    The device reads a multiple of 8 elements with filters of a multiple of 8 coefficients, padded with zeros.
    """
    return tuple(
        _dense(layer, sizes[layer.input], sizes[layer.output])
        if isinstance(layer, Convolution) and layer.pool_window == 1 and not _fits(layer, sizes[layer.output])
        else layer
        for layer in layers
    )


def _fits(layer: Convolution, size: int) -> bool:
    count, length = layer.filters.shape
    positions = size // count
    least = -(-length // 8) * 8
    for filled in range(least, least + 8 * layer.stride + 1, 8):
        read = -(-((positions - 1) * layer.stride + filled) // 8) * 8
        if (read - filled) // layer.stride + 1 == positions and layer.stride <= filled:
            return True
    return False


def _dense(layer: Convolution, width: int, size: int) -> Affine | Convolution:
    count, length = layer.filters.shape
    if size * width > LARGEST_MATRIX:
        return layer
    positions = size // count
    weights = np.zeros((positions, count, width), np.float32)
    for position in range(positions):
        weights[position, :, position * layer.stride : position * layer.stride + length] = layer.filters
    biases = None if layer.biases is None else np.tile(layer.biases, positions)
    return Affine(layer.name, layer.input, layer.output, weights.reshape(size, width), biases)


def split_products(layers: Sequence[Layer], kept: Collection[str]) -> tuple[Layer, ...]:
    """The layers, with matrix products (and sums of them) that are only read in parts split into these parts.

    This way the function of each gate of a recurrent cell is applied to sums that still have 32 bits::

        Affine ─┐        ┌─ Crop ─ Sigmoid            Affine ─┐
                ├─ SumLayer ──┤                   →                ├─ SumLayer ─ Sigmoid     for each part
        Affine ─┘        └─ Crop ─ Tanh               Affine ─┘
    """
    current = list(layers)
    while True:
        readers: dict[str, list[Layer]] = {}
        for layer in current:
            for value in inputs_of(layer):
                readers.setdefault(value, []).append(layer)
        makers = {layer.output: layer for layer in current}
        split = next((layer for layer in current if _is_split(layer, readers, makers, kept)), None)
        if split is None:
            return tuple(current)
        parts = [part for part in readers[split.output] if isinstance(part, Crop)]
        made = {part.output: _part(split, part) for part in parts}
        current = [new for layer in current if layer is not split for new in made.get(layer.output, (layer,))]


def _is_split(layer: Layer, readers: dict[str, list[Layer]], makers: dict[str, Layer], kept: Collection[str]) -> bool:
    """Whether a layer is split into parts."""
    parts = readers.get(layer.output, [])
    crops = sorted((part.start, part.start + part.size) for part in parts if isinstance(part, Crop))
    apart = all(before[1] <= after[0] for before, after in pairwise(crops))
    if layer.output in kept or not parts or len(crops) < len(parts) or not apart:
        return False
    if isinstance(layer, SumLayer):
        sides = [(makers.get(side), readers[side]) for side in (layer.left, layer.right)]
        return any(isinstance(maker, Affine) and len(users) == 1 for maker, users in sides)
    return isinstance(layer, Affine)


def _part(layer: Layer, part: Crop) -> tuple[Layer, ...]:
    rows = slice(part.start, part.start + part.size)
    if isinstance(layer, SumLayer):
        name = part.output
        sides = [replace(part, name=f"{name}/{side}", output=f"{name}/{side}") for side in ("left", "right")]
        left, right = replace(sides[0], input=layer.left), replace(sides[1], input=layer.right)
        return left, right, SumLayer(name, left.output, right.output, name, layer.sign)
    assert isinstance(layer, Affine)
    biases = None if layer.biases is None else layer.biases[rows]
    return (Affine(part.name, layer.input, part.output, layer.weights[rows], biases),)


def scaled_and_shifted(layer: Layer, scale: NDArray[np.float64], shift: NDArray[np.float64]) -> Layer | None:
    """``scale`` · layer + ``shift`` as a single layer with the name of ``layer``; None if that is not possible."""
    if isinstance(layer, Convolution):
        scales, shifts = scale.reshape(-1, len(layer.filters)), shift.reshape(-1, len(layer.filters))
        if layer.pool_window > 1 or (scales != scales[0]).any() or (shifts != shifts[0]).any():
            return None
        biases = _shifted(layer.biases, scales[0], shifts[0])
        return replace(layer, filters=_scaled(layer.filters, scales[0]), biases=biases)
    if isinstance(layer, Affine | Diagonal):
        return replace(layer, weights=_scaled(layer.weights, scale), biases=_shifted(layer.biases, scale, shift))
    return None


def _joined(before: Layer, layer: Diagonal) -> Layer | None:
    shift = np.zeros(1) if layer.biases is None else layer.biases.astype(np.float64)
    scale = layer.weights.astype(np.float64)
    both = scaled_and_shifted(before, scale, np.broadcast_to(shift, scale.shape))
    return None if both is None else replace(both, name=layer.name, output=layer.output)


def _scaled(weights: Float32Array, scale: NDArray[np.float64]) -> Float32Array:
    if (scale == 1).all():
        return weights
    return np.asarray(weights * (scale if weights.ndim == 1 else scale[:, None]), np.float32)


def _shifted(
    biases: Float32Array | None, scale: NDArray[np.float64], shift: NDArray[np.float64]
) -> Float32Array | None:
    moved = np.asarray(shift if biases is None else biases * scale + shift, np.float32)
    return moved if moved.any() else None
