"""What nnet3's frame-local components give for one frame, written element by element in float64.

From the definitions in Kaldi's nnet3 and cudamatrix; nothing here is shared with the package but the Component.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.kaldi_model.network import Component

Frame = NDArray[np.float64]
Fields = Any


def reference(component: Component, frames: NDArray[np.float32]) -> Frame:
    """The output [B, T, D'] of ``component`` for ``frames`` [B, T, D], frame by frame."""
    rows = frames.reshape(-1, frames.shape[-1]).astype(np.float64)
    result = np.stack([reference_frame(component, row) for row in rows])
    return result.reshape(*frames.shape[:-1], -1)


def reference_frame(component: Component, x: Frame) -> Frame:
    if component.type == "CompositeComponent":
        for part in component.nested[0]:
            x = reference_frame(part, x)
        return x
    name = component.type.removeprefix("NaturalGradient").removesuffix("Component")
    return np.array(FUNCTIONS[name](component.fields, x), np.float64)


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value)) if value > 0 else math.exp(value) / (math.exp(value) + 1)


def _softmax(fields: Fields, x: Frame) -> list[float]:
    powers = [math.exp(value - max(x)) for value in x]
    return [max(power / sum(powers), 1e-20) for power in powers]


def _log_softmax(fields: Fields, x: Frame) -> list[float]:
    total = math.log(sum(math.exp(value - max(x)) for value in x))
    return [value - max(x) - total for value in x]


def _normalize(fields: Fields, x: Frame) -> list[float]:
    dim = fields.get("InputDim", fields.get("Dim"))
    block = fields.get("BlockDim", dim)
    target = fields.get("TargetRms", 1.0)
    result: list[float] = []
    for start in range(0, dim, block):
        part = x[start : start + block]
        square = sum(value * value for value in part) / (block * target * target)
        factor = 1 / math.sqrt(max(square, 2.0**-66))
        result += [value * factor for value in part]
        if fields.get("AddLogStddev"):
            result.append(-math.log(factor) + math.log(target))
    return result


def _pnorm(fields: Fields, x: Frame) -> list[float]:
    size, p = fields["InputDim"] // fields["OutputDim"], fields.get("P", 2.0)
    result = []
    for start in range(0, len(x), size):
        group = [abs(value) for value in x[start : start + size]]
        if p == 0:
            result.append(float(sum(value != 0 for value in group)))
        elif math.isinf(p):
            result.append(max(group))
        else:
            result.append(sum(value**p for value in group) ** (1 / p))
    return result


def _affine(fields: Fields, x: Frame) -> list[float]:
    return [
        bias + sum(weight * value for weight, value in zip(row, x, strict=True))
        for row, bias in zip(fields["LinearParams"].tolist(), fields["BiasParams"].tolist(), strict=True)
    ]


def _linear(fields: Fields, x: Frame) -> list[float]:
    return [sum(weight * value for weight, value in zip(row, x, strict=True)) for row in fields["Params"].tolist()]


def _repeated_affine(fields: Fields, x: Frame) -> list[float]:
    size = len(x) // fields["NumRepeats"]
    return [value for start in range(0, len(x), size) for value in _affine(fields, x[start : start + size])]


def _block_affine(fields: Fields, x: Frame) -> list[float]:
    blocks, weights, bias = fields["NumBlocks"], fields["LinearParams"], fields["BiasParams"]
    rows, columns = len(weights) // blocks, weights.shape[1]
    result = []
    for row in range(len(weights)):
        start = row // rows * columns
        total = float(bias[row])
        for column in range(columns):
            total += float(weights[row, column]) * x[start + column]
        result.append(total)
    return result


def _per_element_offset(fields: Fields, x: Frame) -> list[float]:
    offsets = fields["Offsets"].tolist()
    return [value + offsets[index % len(offsets)] for index, value in enumerate(x)]


def _scale_and_offset(fields: Fields, x: Frame) -> list[float]:
    result = []
    for index, value in enumerate(x):
        scale = float(fields["Scales"][index % len(fields["Scales"])])
        offset = float(fields["Offsets"][index % len(fields["Offsets"])])
        if abs(scale) < 1e-4:
            scale = 1e-4 if scale >= 0 else -1e-4
        result.append(value * scale + offset)
    return result


def _batch_norm(fields: Fields, x: Frame) -> list[float]:
    block = fields["BlockDim"]
    result = []
    for index, value in enumerate(x):
        mean, variance = float(fields["StatsMean"][index % block]), float(fields["StatsVar"][index % block])
        scale = fields["TargetRms"] / math.sqrt(max(variance, 0.0) + fields["Epsilon"])
        result.append((value - mean) * scale)
    return result


def _sum_group(fields: Fields, x: Frame) -> list[float]:
    result: list[float] = []
    start = 0
    for size in fields["Sizes"].tolist():
        result.append(sum(x[start : start + size]))
        start += size
    return result


def _sum_block(fields: Fields, x: Frame) -> list[float]:
    dim = fields["OutputDim"]
    if dim > len(x):
        return [fields["Scale"] * x[column % len(x)] for column in range(dim)]
    return [fields["Scale"] * sum(x[column::dim]) for column in range(dim)]


def _elementwise_product(fields: Fields, x: Frame) -> list[float]:
    dim = fields["OutputDim"]
    whole = len(x) // dim * dim
    return [math.prod(x[column:whole:dim]) for column in range(dim)]


def _convolution(fields: Fields, x: Frame) -> list[float]:
    size_y, size_z = fields["InputYDim"], fields["InputZDim"]
    places_x = 1 + (fields["InputXDim"] - fields["FiltXDim"]) // fields["FiltXStep"]
    places_y = 1 + (size_y - fields["FiltYDim"]) // fields["FiltYStep"]
    result = []
    for place_x in range(places_x):
        for place_y in range(places_y):
            for filter_row, bias in zip(fields["FilterParams"], fields["BiasParams"], strict=True):
                total, weight = float(bias), 0
                for dx in range(fields["FiltXDim"]):
                    for dy in range(fields["FiltYDim"]):
                        for z in range(size_z):
                            at_x, at_y = place_x * fields["FiltXStep"] + dx, place_y * fields["FiltYStep"] + dy
                            inner = z * size_y + at_y if fields["InputVectorization"] == 0 else at_y * size_z + z
                            column = at_x * size_y * size_z + inner if fields["InputVectorization"] in (0, 1) else 0
                            total += float(filter_row[weight]) * x[column]
                            weight += 1
                result.append(total + x[0] * float(sum(filter_row[weight:])))
    return result


def _maxpooling(fields: Fields, x: Frame) -> list[float]:
    sizes, pools, steps = (
        [fields[form.format(axis)] for axis in "XYZ"] for form in ("Input{}Dim", "Pool{}Size", "Pool{}Step")
    )
    counts = [1 + (size - pool) // step for size, pool, step in zip(sizes, pools, steps, strict=True)]
    result = []
    for place in np.ndindex(*counts):
        largest = -1e20
        for inner in np.ndindex(*pools):
            at = [place[axis] * steps[axis] + inner[axis] for axis in range(3)]
            largest = max(largest, x[(at[0] * sizes[1] + at[1]) * sizes[2] + at[2]])
        result.append(largest)
    return result


def _lstm_nonlinearity(fields: Fields, x: Frame) -> list[float]:
    dim = fields["Params"].shape[1]
    scale_i, scale_f, scale_o = x[5 * dim :] if fields.get("UseDropout") else (1.0, 1.0, 1.0)
    cells, outputs = [], []
    for index in range(dim):
        part_i, part_f, part_c, part_o, previous = x[index : 5 * dim : dim]
        w_i, w_f, w_o = fields["Params"][:, index].astype(np.float64)
        gate_i, gate_f = sigmoid(part_i + w_i * previous), sigmoid(part_f + w_f * previous)
        cell = gate_f * scale_f * previous + gate_i * scale_i * math.tanh(part_c)
        cells.append(cell)
        outputs.append(sigmoid(part_o + w_o * cell) * scale_o * math.tanh(cell))
    return cells + outputs


def _gru_nonlinearity(fields: Fields, x: Frame) -> list[float]:
    cell_dim, recurrent_dim = fields["CellDim"], fields["RecurrentDim"]
    update, reset = x[:cell_dim], x[cell_dim : cell_dim + recurrent_dim]
    part = x[cell_dim + recurrent_dim : 2 * cell_dim + recurrent_dim]
    previous = x[2 * cell_dim + recurrent_dim : 3 * cell_dim + recurrent_dim]
    seen = x[len(x) - recurrent_dim :]
    hidden = []
    for index in range(cell_dim):
        total = part[index]
        for column in range(recurrent_dim):
            total += float(fields["w_h"][index, column]) * reset[column] * seen[column]
        hidden.append(math.tanh(total))
    cells = [(1 - update[index]) * hidden[index] + update[index] * previous[index] for index in range(cell_dim)]
    return hidden + cells


def _output_gru_nonlinearity(fields: Fields, x: Frame) -> list[float]:
    dim = fields["CellDim"]
    update, part, previous = x[:dim], x[dim : 2 * dim], x[2 * dim :]
    hidden = [math.tanh(part[index] + float(fields["w_h"][index]) * previous[index]) for index in range(dim)]
    cells = [(1 - update[index]) * hidden[index] + update[index] * previous[index] for index in range(dim)]
    return hidden + cells


def _dropout_mask(fields: Fields, x: Frame) -> list[float]:
    value = 1.0 if fields.get("Continuous") or not fields["DropoutProportion"] else 1 - fields["DropoutProportion"]
    return [value] * int(fields["OutputDim"])


def _identity(fields: Fields, x: Frame) -> Frame:
    return x


FUNCTIONS: dict[str, Callable[[Fields, Frame], list[float] | Frame]] = {
    "Affine": _affine,
    "BackpropTruncation": lambda fields, x: x * fields.get("Scale", 1.0),
    "BatchNorm": _batch_norm,
    "BlockAffine": _block_affine,
    "ClipGradient": _identity,
    "Constant": lambda fields, x: fields["Output"],
    "ConstantFunction": lambda fields, x: fields["Output"],
    "Convolution": _convolution,
    "Dropout": lambda fields, x: x * (1 - fields["DropoutProportion"]),
    "DropoutMask": _dropout_mask,
    "ElementwiseProduct": _elementwise_product,
    "FixedAffine": _affine,
    "FixedBias": lambda fields, x: x + fields["Bias"],
    "FixedScale": lambda fields, x: x * fields["Scales"],
    "GeneralDropout": _identity,
    "GruNonlinearity": _gru_nonlinearity,
    "Linear": _linear,
    "LogSoftmax": _log_softmax,
    "LstmNonlinearity": _lstm_nonlinearity,
    "Maxpooling": _maxpooling,
    "NoOp": _identity,
    "Normalize": _normalize,
    "OutputGruNonlinearity": _output_gru_nonlinearity,
    "PerElementOffset": _per_element_offset,
    "PerElementScale": lambda fields, x: x * fields["Params"],
    "Permute": lambda fields, x: [x[column] for column in fields["ColumnMap"].tolist()],
    "Pnorm": _pnorm,
    "RectifiedLinear": lambda fields, x: [max(value, 0.0) for value in x],
    "RepeatedAffine": _repeated_affine,
    "ScaleAndOffset": _scale_and_offset,
    "Sigmoid": lambda fields, x: [sigmoid(value) for value in x],
    "Softmax": _softmax,
    "SpecAugmentTimeMask": _identity,
    "SumBlock": _sum_block,
    "SumGroup": _sum_group,
    "Tanh": lambda fields, x: [math.tanh(value) for value in x],
}
