"""What lies between input and output of a generated model: [N, T, C] to [N, T', WIDTH], or to [N, WIDTH]."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from tests.axes_proof.graph_builder import GraphBuilder

WIDTH = 4  # values inside
Body = Callable[[GraphBuilder, str, int], str]


def affine(b: GraphBuilder, x: str, width: int) -> str:
    """tanh(x W + b)."""
    return str(b.add("Tanh", b.add("Add", b.add("MatMul", x, b.weights(width, WIDTH)), b.weights(WIDTH, scale=0.3))))


def softmax(b: GraphBuilder, x: str, width: int) -> str:
    """Posteriors over the values of a frame."""
    return str(b.add("Softmax", b.add("MatMul", x, b.weights(width, WIDTH)), axis=-1))


def convolution(b: GraphBuilder, x: str, width: int, *, kernel: int = 3, pads: tuple[int, int], stride: int = 1) -> str:
    """A convolution over time."""
    turned = b.add("Transpose", x, perm=[0, 2, 1])
    weights = b.constant(b.random.standard_normal((WIDTH, width, kernel)).astype("f4") / (kernel * width) ** 0.5)
    y = b.add("Conv", turned, weights, pads=list(pads), strides=[stride])
    return str(b.add("Transpose", b.add("Tanh", y), perm=[0, 2, 1]))


def convolution_2d(b: GraphBuilder, x: str, width: int) -> str:
    """A convolution over time and values, then a matrix."""
    plane = b.add("Unsqueeze", x, b.constant([1]))
    weights = b.constant(b.random.standard_normal((1, 1, 3, 3)).astype("f4") / 3)
    plane = b.add("Squeeze", b.add("Conv", plane, weights, pads=[1, 1, 1, 1]), b.constant([1]))
    return affine(b, plane, width)


def recurrent(b: GraphBuilder, x: str, width: int, *, kind: str, direction: str = "forward") -> str:
    """An LSTM or a GRU, one way or both."""
    ways, gates = (2 if direction == "bidirectional" else 1), {"LSTM": 4, "GRU": 3}[kind]
    size = WIDTH // ways
    turned = b.add("Transpose", x, perm=[1, 0, 2])
    weights = (b.weights(ways, gates * size, width, scale=0.7), b.weights(ways, gates * size, size, scale=0.7))
    more = {"linear_before_reset": 1} if kind == "GRU" else {}
    y = b.add(kind, turned, *weights, b.weights(ways, 2 * gates * size, scale=0.3), hidden_size=size,
              direction=direction, **more)  # fmt: skip
    return str(b.add("Reshape", b.add("Transpose", y, perm=[2, 0, 1, 3]), b.constant([0, 0, WIDTH])))


def attention(b: GraphBuilder, x: str, width: int) -> str:
    """Every frame looks at all frames."""
    queries, keys, values = (b.add("MatMul", x, b.weights(width, WIDTH)) for _ in range(3))
    weights = b.add("Softmax", b.add("MatMul", queries, b.add("Transpose", keys, perm=[0, 2, 1])), axis=-1)
    return str(b.add("Tanh", b.add("MatMul", weights, values)))


def cumulative(b: GraphBuilder, x: str, width: int, *, scale: float = 0.3) -> str:
    """What all earlier frames add up to, a part of ``scale`` of it."""
    total = b.add("CumSum", b.add("MatMul", x, b.weights(width, WIDTH)), b.constant(1))
    return str(b.add("Add", affine(b, x, width), b.add("Mul", total, b.constant(scale))))


def mean_norm(b: GraphBuilder, x: str, width: int) -> str:
    """Frames without the mean of the utterance."""
    return affine(b, b.add("Sub", x, b.add("ReduceMean", x, axes=[1], keepdims=1)), width)


def backwards(b: GraphBuilder, x: str, width: int) -> str:
    """The last frame first."""
    ends = (b.constant([-1]), b.constant([-(2**31)]), b.constant([1]), b.constant([-1]))
    return affine(b, b.add("Slice", x, *ends), width)


def later(b: GraphBuilder, x: str, width: int) -> str:
    """The frame before, zeros for the first."""
    padded = b.add("Pad", x, b.constant([0, 1, 0, 0, 0, 0]))
    return affine(b, b.add("Slice", padded, b.constant([0]), b.constant([-1]), b.constant([1])), width)


def _num_frames(b: GraphBuilder, x: str) -> str:
    return str(b.add("Gather", b.add("Shape", x), b.constant(1)))


def positions(b: GraphBuilder, x: str, width: int) -> str:
    """Something of the number of the frame in every frame."""
    numbers = b.add("Range", b.constant(0), _num_frames(b, x), b.constant(1))
    waves = b.add("Sin", b.add("Mul", b.add("Cast", numbers, to=1), b.constant(0.7)))
    return affine(b, b.add("Add", x, b.add("Unsqueeze", waves, b.constant([0, 2]))), width)


def share_of_length(b: GraphBuilder, x: str, width: int) -> str:
    """Frames made smaller by the length of the utterance."""
    length = b.add("Cast", _num_frames(b, x), to=1)
    return affine(b, b.add("Div", x, b.add("Sqrt", length)), width)


def mean_pooling(b: GraphBuilder, x: str, width: int) -> str:
    """The mean of the utterance, [N, WIDTH]."""
    return str(b.add("ReduceMean", affine(b, x, width), axes=[1], keepdims=0))


def statistics_pooling(b: GraphBuilder, x: str, width: int) -> str:
    """Mean and deviation of the utterance, as x-vectors have them."""
    hidden = affine(b, x, width)
    mean = b.add("ReduceMean", hidden, axes=[1], keepdims=1)
    centred = b.add("Sub", hidden, mean)
    variance = b.add("ReduceMean", b.add("Mul", centred, centred), axes=[1], keepdims=0)
    deviation = b.add("Sqrt", b.add("Add", variance, b.constant(1e-3)))
    both = b.add("Concat", b.add("Squeeze", mean, b.constant([1])), deviation, axis=1)
    return affine(b, both, 2 * WIDTH)


def last_frame(b: GraphBuilder, x: str, width: int) -> str:
    """What an LSTM says at the end of the utterance."""
    return str(b.add("Gather", recurrent(b, x, width, kind="LSTM"), b.constant(-1), axis=1))


def largest(b: GraphBuilder, x: str, width: int) -> str:
    """The largest value of the utterance."""
    return str(b.add("ReduceMax", affine(b, x, width), axes=[1], keepdims=0))


BY_FRAME: dict[str, Body] = {"affine": affine, "softmax": softmax}
OVER_TIME: dict[str, Body] = {
    "convolution": partial(convolution, pads=(1, 1)),
    "causal": partial(convolution, pads=(2, 0)),
    "wide": partial(convolution, kernel=7, pads=(3, 3)),
    "convolution_2d": convolution_2d,
    "lstm": partial(recurrent, kind="LSTM"),
    "gru": partial(recurrent, kind="GRU"),
    "backward_lstm": partial(recurrent, kind="LSTM", direction="reverse"),
    "both_ways": partial(recurrent, kind="GRU", direction="bidirectional"),
    "attention": attention,
    "cumulative": cumulative,
    "weak": partial(cumulative, scale=0.003),
    "mean_norm": mean_norm,
    "backwards": backwards,
    "later": later,
    "positions": positions,
    "share_of_length": share_of_length,
}
OTHER_LENGTH: dict[str, Body] = {
    "valid": partial(convolution, pads=(0, 0)),
    "half": partial(convolution, pads=(1, 1), stride=2),
    "third": partial(convolution, pads=(1, 1), stride=3),
    "third_valid": partial(convolution, pads=(0, 0), stride=3),
}
POOLED: dict[str, Body] = {
    "mean_pooling": mean_pooling,
    "statistics_pooling": statistics_pooling,
    "last_frame": last_frame,
    "largest": largest,
}
BODIES = BY_FRAME | OVER_TIME | OTHER_LENGTH | POOLED
LEAST_FRAMES = {"valid": 3, "third_valid": 3}
CAUSAL = (*BY_FRAME, "causal", "lstm", "gru", "cumulative", "weak", "later")
"""Bodies in which no frame needs a later one: what fills up the last piece does not matter."""
