"""A float model as the layers that GNA has: plain data, between reading an OpenVINO graph and quantizing it.

Everything is for one frame: a value is a flat vector, named; layers stand in the order in which they are computed, and
each makes the one value ``output``. What only gives a vector another shape is no layer.
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
    """``output`` = ``weights`` [M, K] · ``input`` [K] + ``biases`` [M] (None: none)."""

    name: str
    input: str
    output: str
    weights: Float32Array
    biases: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Diagonal:
    """``output`` = ``weights`` [K] ⊙ ``input`` [K] + ``biases`` [K] (None: none), with constants for both."""

    name: str
    input: str
    output: str
    weights: Float32Array
    biases: Float32Array | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Sum:
    """``output`` = ``left`` + ``sign`` · ``right``; ``sign`` is 1 or -1."""

    name: str
    left: str
    right: str
    output: str
    sign: int = 1


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """``output`` = ``left`` ⊙ ``right``."""

    name: str
    left: str
    right: str
    output: str


@dataclass(frozen=True, slots=True, eq=False)
class Convolution:
    """A 1-D convolution: output[p·F + f] = biases[f] + Σ_k filters[f, k] · input[p·stride + k], then pooling.

    ``filters`` [F, K], ``biases`` [F] or None. Maximum pooling over ``pool_window`` positions every ``pool_stride`` of
    them (1: none); a last window that is cut off counts, as in the device.
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

    ``parameters``: leaky_relu (slope of negative values, [1] or [K]: PReLU); clamp (least, greatest);
    power (exponent, scale, shift): (scale · x + shift) ^ exponent.
    """

    name: str
    input: str
    output: str
    function: Function
    parameters: tuple[float, ...] | tuple[Float32Array, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class FakeQuantize:
    """``output`` = ``input`` on a grid of ``levels`` from ``low`` to ``high``: ranges that somebody else measured."""

    name: str
    input: str
    output: str
    low: float
    high: float
    levels: int


@dataclass(frozen=True, slots=True, eq=False)
class Concat:
    """``output`` = ``inputs`` one after the other."""

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
    """``output`` = ``input`` [rows, columns] turned to [columns, rows]."""

    name: str
    input: str
    output: str
    rows: int
    columns: int


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """``output`` = ``values`` [K], which no input has a part in."""

    name: str
    output: str
    values: Float32Array


Layer: TypeAlias = (
    Affine | Diagonal | Sum | Product | Convolution | Activation | FakeQuantize | Concat | Crop | Permute | Constant
)


@dataclass(frozen=True, slots=True)
class GraphPort:
    """An input or output: the value ``value`` of ``size`` elements, a tensor of ``shape`` for the user.

    ``name`` is the friendly name of the node, ``tensor_names`` are those of the tensor.
    """

    name: str
    value: str
    size: int
    shape: tuple[int, ...]
    tensor_names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """A variable: what the frame before left in ``stored`` is read as ``read``; zeros when an utterance begins."""

    name: str
    read: str
    stored: str
    size: int


@dataclass(frozen=True, slots=True, eq=False)
class GnaGraph:
    """A whole model; ``sizes`` holds the number of elements of every value."""

    layers: tuple[Layer, ...]
    inputs: tuple[GraphPort, ...]
    outputs: tuple[GraphPort, ...]
    memories: tuple[Memory, ...]
    sizes: dict[str, int]
