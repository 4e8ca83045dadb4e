"""Rewrites a float graph so that the device needs fewer operations and loses less accuracy; scores stay the same.

A sum of matrix products becomes one product of the concatenated inputs::

    x ── Affine ─┐                      x ─┐
                 ├─ SumLayer      becomes       ├─ Concat ── Affine
    h ── Affine ─┘                      h ─┘

so that no sum is rounded to 16 bits before it is added. Parts of a matrix product (the gates of an LSTM) become matrix
products with fewer rows, so that their functions are computed from 32-bit sums.

Tests: tests/gna/compiler/test_compilation.py
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ov_asr_score.gna.compiler.graph_draft import GraphDraft, draft_of, has_wide_sums
from ov_asr_score.gna.graphs.float_graph import (
    Activation,
    Affine,
    Concat,
    Constant,
    Crop,
    Diagonal,
    FakeQuantize,
    Float32Array,
    GnaGraph,
    Layer,
    Permute,
    ProductLayer,
    SumLayer,
)

_MOST_ROWS = 2.0
"""A matrix product is only split if its parts together have at most this many times its rows."""

_BOUNDED = {"sigmoid": (0.0, 1.0), "tanh": (-1.0, 1.0), "softsign": (-1.0, 1.0), "sign": (-1.0, 1.0)}


def lower_graph(graph: GnaGraph) -> GraphDraft:
    """The graph as a draft whose layers can be compiled one by one."""
    draft = draft_of(graph)
    _lower_fake_quantize(draft)
    _lower_slopes(draft)
    while any(rewrite(draft) for rewrite in (_fold_constants, _fold_diagonals, _join_sums, _split_rows)):
        draft.drop_unused()
    _make_bases(draft)
    _make_outputs(draft)
    draft.drop_unused()
    _read_inputs(draft)
    return draft


def _lower_fake_quantize(draft: GraphDraft) -> None:
    """Replace FakeQuantize: ranges become clamps or part of the function before, grids become scale factors."""
    for layer in list(draft.layers.values()):
        if not isinstance(layer, FakeQuantize):
            continue
        low, high = float(layer.low), float(layer.high)
        before = draft.layers.get(layer.input)
        alone = len(draft.users()[layer.input]) == 1 and layer.input not in draft.kept_values()
        clamp = Activation(layer.name, layer.input, layer.output, "clamp", (low, high))
        if isinstance(before, Activation) and alone:
            least, greatest = _BOUNDED.get(before.function, (-np.inf, np.inf))
            if low <= least and greatest <= high:
                clamp = replace(before, output=layer.output)
            elif before.function == "relu" and high > 0:
                clamp = Activation(before.name, before.input, layer.output, "clamp", (max(low, 0.0), high))
        draft.layers[layer.output] = clamp
        step = (high - low) / (layer.levels - 1)
        draft.peaks[layer.output] = max(abs(low), abs(high))
        if step > 0 and abs(low / step - round(low / step)) < 1e-3 and draft.peaks[layer.output] / step <= 32767:
            draft.fixed_scales[layer.output] = 1 / step
    draft.drop_unused()


def _lower_slopes(draft: GraphDraft) -> None:
    """Replace leaky_relu with one slope per element by the positive part plus slopes · the negative part."""
    for layer in list(draft.layers.values()):
        if not isinstance(layer, Activation) or layer.function != "leaky_relu":
            continue
        slopes = np.asarray(layer.parameters[0], np.float32).reshape(-1)
        if np.all(slopes == slopes[0]):
            draft.layers[layer.output] = replace(layer, parameters=(float(slopes[0]),))
            continue
        size = draft.sizes[layer.output]
        positive, negative, scaled = (draft.new_value(f"{layer.output}/{part}") for part in ("+", "-", "slopes"))
        draft.add(Activation(f"{layer.name}/+", layer.input, positive, "relu"), size)
        draft.add(Activation(f"{layer.name}/-", layer.input, negative, "clamp", (-np.inf, 0.0)), size)
        draft.add(Diagonal(f"{layer.name}/slopes", negative, scaled, slopes), size)
        draft.layers[layer.output] = SumLayer(layer.name, scaled, positive, layer.output)


def _fold_constants(draft: GraphDraft) -> bool:
    """Whether a sum or product with a constant was replaced by a layer with weights."""
    changed = False
    for layer in list(draft.layers.values()):
        if not isinstance(layer, SumLayer | ProductLayer):
            continue
        if layer.left == layer.right and isinstance(layer, SumLayer):
            weights = np.full(draft.sizes[layer.left], 1 + layer.sign, np.float32)
            draft.layers[layer.output] = Diagonal(layer.name, layer.left, layer.output, weights)
            changed = True
            continue
        for side, other in ((layer.left, layer.right), (layer.right, layer.left)):
            constant = draft.layers.get(side)
            if not isinstance(constant, Constant):
                continue
            values = constant.values.astype(np.float32)
            if isinstance(layer, ProductLayer):
                folded = Diagonal(layer.name, other, layer.output, values)
            else:
                signs = (1, layer.sign) if other == layer.left else (layer.sign, 1)
                weights = np.full(draft.sizes[other], signs[0], np.float32)
                folded = Diagonal(layer.name, other, layer.output, weights, (values * signs[1]).astype(np.float32))
            draft.layers[layer.output] = folded
            changed = True
            break
    return changed


def _only_user(draft: GraphDraft, value: str) -> bool:
    return len(draft.users()[value]) == 1 and value not in draft.kept_values()


def _fold_diagonals(draft: GraphDraft) -> bool:
    """Whether a scaling was folded into the matrix product (or scaling) before it, or into those behind it."""
    for layer in list(draft.layers.values()):
        if not isinstance(layer, Diagonal):
            continue
        before = draft.layers.get(layer.input)
        weights = layer.weights.astype(np.float64)
        biases = np.zeros(weights.shape) if layer.biases is None else layer.biases.astype(np.float64)
        if isinstance(before, Affine | Diagonal) and _only_user(draft, layer.input):
            rows = weights[:, None] if isinstance(before, Affine) else weights
            if before.biases is not None:
                biases = biases + weights * before.biases
            draft.layers[layer.output] = replace(
                before,
                name=layer.name,
                output=layer.output,
                weights=_float32(before.weights * rows),
                biases=_float32(biases),
            )
            return True
        users = draft.users()[layer.output]
        if layer.output in draft.kept_values() or not users or not all(isinstance(user, Affine) for user in users):
            continue
        for user in users:
            if isinstance(user, Affine):
                after = user.weights.astype(np.float64) @ biases
                if user.biases is not None:
                    after = after + user.biases
                draft.layers[user.output] = replace(
                    user, input=layer.input, weights=_float32(user.weights * weights), biases=_float32(after)
                )
        return True
    return False


def _float32(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> Float32Array:
    return values.astype(np.float32)


def _join_sums(draft: GraphDraft) -> bool:
    """Whether a sum of two matrix products was merged into one, or a difference turned into a sum."""
    for layer in list(draft.layers.values()):
        if not isinstance(layer, SumLayer):
            continue
        left, right = draft.layers.get(layer.left), draft.layers.get(layer.right)
        if layer.sign < 0 and isinstance(right, Affine | Diagonal) and _only_user(draft, layer.right):
            biases = None if right.biases is None else -right.biases
            draft.layers[layer.right] = replace(right, weights=-right.weights, biases=biases)
            draft.layers[layer.output] = replace(layer, sign=1)
            return True
        if layer.sign < 0 or not isinstance(left, Affine) or not isinstance(right, Affine):
            continue
        if not (_only_user(draft, layer.left) and _only_user(draft, layer.right)):
            continue
        terms = [part.biases for part in (left, right) if part.biases is not None]
        biases = sum(terms[1:], terms[0]) if terms else None
        if left.input == right.input:
            source, weights = left.input, left.weights + right.weights
        else:
            source = _joined(draft, (left.input, right.input))
            weights = np.concatenate([left.weights, right.weights], axis=1)
        draft.layers[layer.output] = Affine(layer.name, source, layer.output, weights, biases)
        return True
    return False


def _joined(draft: GraphDraft, inputs: tuple[str, ...]) -> str:
    """The value of a concatenation of ``inputs``; an existing one is reused."""
    inputs = tuple(
        part
        for value in inputs
        for part in (draft.layers[value].inputs if _is_joint(draft, value) else (value,))  # type: ignore[union-attr]
    )
    for layer in draft.layers.values():
        if isinstance(layer, Concat) and layer.inputs == inputs:
            return layer.output
    value = draft.new_value("joined:" + "+".join(inputs))
    return draft.add(Concat(value, inputs, value), sum(draft.sizes[name] for name in inputs))


def _is_joint(draft: GraphDraft, value: str) -> bool:
    return value.startswith("joined:") and isinstance(draft.layers.get(value), Concat)


def _split_rows(draft: GraphDraft) -> bool:
    """Whether crops of a matrix product became matrix products, or crops of a sum became sums."""
    users = draft.users()
    kept = draft.kept_values()
    for layer in list(draft.layers.values()):
        crops = [user for user in users[layer.output] if isinstance(user, Crop)]
        if not crops or len(crops) != len(users[layer.output]) or layer.output in kept:
            continue
        if sum(crop.size for crop in crops) > _MOST_ROWS * draft.sizes[layer.output]:
            continue
        if not isinstance(layer, Affine | Diagonal | SumLayer):
            continue
        for crop in crops:
            draft.layers[crop.output] = _part(draft, layer, crop)
        return True
    return False


def _part(draft: GraphDraft, layer: Affine | Diagonal | SumLayer, crop: Crop) -> Layer:
    rows = slice(crop.start, crop.start + crop.size)
    if isinstance(layer, SumLayer):
        left, right = (_cropped(draft, value, crop) for value in (layer.left, layer.right))
        return replace(layer, name=crop.name, output=crop.output, left=left, right=right)
    biases = None if layer.biases is None else layer.biases[rows]
    if isinstance(layer, Diagonal):
        source = _cropped(draft, layer.input, crop)
        return replace(
            layer, name=crop.name, input=source, output=crop.output, weights=layer.weights[rows], biases=biases
        )
    return replace(layer, name=crop.name, output=crop.output, weights=layer.weights[rows], biases=biases)


def _cropped(draft: GraphDraft, value: str, crop: Crop) -> str:
    for layer in draft.layers.values():
        if isinstance(layer, Crop) and (layer.input, layer.start, layer.size) == (value, crop.start, crop.size):
            return layer.output
    name = draft.new_value(f"{value}[{crop.start}:{crop.start + crop.size}]")
    return draft.add(Crop(name, value, name, crop.start, crop.size), crop.size)


def _make_bases(draft: GraphDraft) -> None:
    """Give every sum a side with 32-bit sums: where neither side has them, a scaling by one is added."""
    for layer in list(draft.layers.values()):
        if not isinstance(layer, SumLayer):
            continue
        left, right = (has_wide_sums(draft.layers.get(value)) for value in (layer.left, layer.right))
        if left or (right and layer.sign > 0):
            continue
        name = draft.new_value(f"{layer.left}/wide")
        ones = np.ones(draft.sizes[layer.left], np.float32)
        draft.add(Diagonal(name, layer.left, name, ones), draft.sizes[layer.left])
        draft.layers[layer.output] = replace(layer, left=name)


def _make_outputs(draft: GraphDraft) -> None:
    """Let every output be written by an operation: crops, memories and inputs are copied."""
    ports = []
    taken: set[str] = set()
    for port in draft.outputs:
        layer = draft.layers.get(port.value)
        if layer is not None and not isinstance(layer, Concat | Crop | Constant | Permute) and port.value not in taken:
            taken.add(port.value)
            ports.append(port)
            continue
        value = draft.new_value(f"{port.value}/output")
        draft.add(Activation(value, port.value, value, "identity"), draft.sizes[port.value])
        ports.append(replace(port, value=value))
        taken.add(value)
    draft.outputs = tuple(ports)


def _read_inputs(draft: GraphDraft) -> None:
    """Let an operation read every input, even if no output depends on it; otherwise the blob would lack it."""
    users = draft.users()
    for port in draft.inputs:
        if not users[port.value] and all(memory.stored != port.value for memory in draft.memories):
            value = draft.new_value(f"{port.value}/unused")
            draft.add(Activation(value, port.value, value, "identity"), port.size)
            draft.unused.add(value)
