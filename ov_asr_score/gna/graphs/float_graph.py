"""A float model as layers that GNA supports: plain data between an OpenVINO graph and its quantized form.

Everything is for one frame. A value is a named flat vector; layers are in the order of computation, and each makes a
single value, ``output``. Changes of shape alone are not layers.

Tests: tests/gna/graphs/reading/test_model_reader.py
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Float32Array: TypeAlias = NDArray[np.float32]

Function = Literal[
    "identity",
    "sigmoid",
    "tanh",
    "softsign",
    "exp",
    "log",
    "abs",
    "sign",
    "relu",
    "leaky_relu",
    "clamp",
    "power",
]


@dataclass(frozen=True, slots=True, eq=False)
class Affine:
    """``output`` [M] = ``weights`` [M, K] · ``input`` [K] + ``biases`` [M] (or None)."""

    name: str
    input: str
    output: str
    weights: Float32Array
    biases: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Diagonal:
    """``output`` [K] = ``weights`` [K] ⊙ ``input`` [K] + ``biases`` [K] (or None); both are constant."""

    name: str
    input: str
    output: str
    weights: Float32Array
    biases: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class SumLayer:
    """``output`` = ``left`` + ``sign`` · ``right``; ``sign`` is 1 or -1."""

    name: str
    left: str
    right: str
    output: str
    sign: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class ProductLayer:
    """``output`` = ``left`` ⊙ ``right``."""

    name: str
    left: str
    right: str
    output: str


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A 1-D convolution: output[p·F + f] = biases[f] + Σ_k filters[f, k] · input[p·stride + k], then pooling.

    ``filters`` is [F, K], ``biases`` [F] or None. Maximum pooling over ``pool_window`` positions with stride
    ``pool_stride`` (1: no pooling); an incomplete last window counts, as on the device.
    """

    name: str
    input: str
    output: str
    filters: Float32Array
    biases: Float32Array | None = None
    stride: int = 1
    pool_window: int = 1
    pool_stride: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Activation:
    """``output`` = ``function`` of each element of ``input``.

    ``parameters``: for leaky_relu the slope of negative values ([1], or [K] for a PReLU); for clamp (least, greatest);
    for power (exponent, scale, shift): (scale · x + shift) ^ exponent.
    """

    name: str
    input: str
    output: str
    function: Function
    parameters: tuple[float, ...] | tuple[Float32Array, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FakeQuantize:
    """``output`` = ``input`` rounded to ``levels`` values from ``low`` to ``high``, a range found by a quantizer."""

    name: str
    input: str
    output: str
    low: float
    high: float
    levels: int


@dataclass(frozen=True, slots=True, eq=False)
class Concat:
    """``output`` = the concatenation of ``inputs``."""

    name: str
    inputs: tuple[str, ...]
    output: str


@dataclass(frozen=True, slots=True, eq=False)
class Crop:
    """``output`` = ``input``[start : start + size]."""

    name: str
    input: str
    output: str
    start: int
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class Permute:
    """``output`` = ``input`` [rows, columns] transposed to [columns, rows]."""

    name: str
    input: str
    output: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """``output`` = ``values`` [K], independent of the inputs."""

    name: str
    output: str
    values: Float32Array


Layer: TypeAlias = (
    Affine
    | Diagonal
    | SumLayer
    | ProductLayer
    | Convolution
    | Activation
    | FakeQuantize
    | Concat
    | Crop
    | Permute
    | Constant
)


@dataclass(frozen=True, slots=True)
class GraphPort:
    """An input or output: the value ``value`` of ``size`` elements, for the user a tensor of ``shape``.

    ``name`` is the friendly name of the node, ``tensor_names`` are those of the tensor.
    """

    name: str
    value: str
    size: int
    shape: tuple[int, ...]
    tensor_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A variable: ``read`` is the value of ``stored`` in the previous frame, zeros at the beginning of an utterance."""

    name: str
    read: str
    stored: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class GnaGraph:
    """A whole model; ``sizes`` is the number of elements of every value."""

    layers: tuple[Layer, ...]
    inputs: tuple[GraphPort, ...]
    outputs: tuple[GraphPort, ...]
    memories: tuple[Memory, ...]
    sizes: dict[str, int]
