"""The ONNX file of a TrueModel."""

from __future__ import annotations

import onnx

from tests.axes_proof.bodies import BODIES, OTHER_LENGTH, POOLED, WIDTH
from tests.axes_proof.graph_builder import Dimension, GraphBuilder, from_frames, to_frames
from tests.axes_proof.truth import SecondInput, TrueModel


def build(true: TrueModel) -> onnx.ModelProto:
    """The model with random weights, and with names of axes as ``true.naming`` says."""
    b = GraphBuilder(true.seed)
    width = true.features_width
    x = to_frames(b, true.name, true.letters, width)
    state = None
    for second in true.seconds:
        if second.kind == "state":
            state = second
        else:
            x, width = _joined(b, x, width, second)
    y = _with_state(b, x, width, state) if state is not None else BODIES[true.body](b, x, width)
    for output in true.outputs:
        value = y
        if "T" not in output.letters and true.body not in POOLED:  # with frames along N the mean is that of one
            value = b.add("ReduceMean", y, axes=[1], keepdims=0)
        value = b.add("MatMul", value, b.weights(WIDTH, output.heads * output.width))
        b.name_result(from_frames(b, value, output.letters, output.width, output.heads), output.name)
    inputs = [(true.name, "float", _dimensions(true, true.name, true.letters, true.width))]
    inputs += [(each.name, each.dtype, _dimensions(true, each.name, each.letters, each.width)) for each in true.seconds]
    outputs = [
        (each.name, _dimensions(true, each.name, each.letters, each.width, heads=each.heads)) for each in true.outputs
    ]
    outputs += [(each.result, _dimensions(true, each.result, each.letters, each.width)) for each in true.seconds
                if each.result]  # fmt: skip
    return b.model(inputs, outputs)


def _joined(b: GraphBuilder, x: str, width: int, second: SecondInput) -> tuple[str, int]:
    """The frames with what another input says, and their width."""
    name = second.name
    match second.kind:
        case "rows":
            return b.add("Concat", x, to_frames(b, name, second.letters, second.width), axis=2), width + second.width
        case "vector":
            rows = b.add("MatMul", to_frames(b, name, second.letters, second.width), b.weights(second.width, width))
            return b.add("Add", x, rows), width
        case "mask":
            if second.dtype != "float":
                name = b.add("Cast", name, to=1)
            return b.add("Mul", x, to_frames(b, name, second.letters, 1)), width
        case "length":
            length = b.add("Cast", name, to=7)
            if second.letters == "N":
                length = b.add("Unsqueeze", length, b.constant([1]))
            numbers = b.add("Range", b.constant(0), b.add("Gather", b.add("Shape", x), b.constant(1)), b.constant(1))
            mask = b.add("Cast", b.add("Less", numbers, length), to=1)
            return b.add("Mul", x, b.add("Unsqueeze", mask, b.constant([-1]))), width
        case _:
            return b.add("Mul", x, name), width


def _with_state(b: GraphBuilder, x: str, width: int, state: SecondInput) -> str:
    """A GRU that begins with a given state and hands on its last one."""
    weights = (b.weights(1, 3 * WIDTH, width, scale=0.7), b.weights(1, 3 * WIDTH, WIDTH, scale=0.7))
    turned = b.add("Transpose", x, perm=[1, 0, 2])
    y, last = b.add("GRU", turned, *weights, b.weights(1, 6 * WIDTH, scale=0.3), "", state.name, outputs=2,
                    hidden_size=WIDTH, linear_before_reset=1)  # fmt: skip
    b.name_result(last, state.result)
    return str(b.add("Transpose", b.add("Squeeze", y, b.constant([1])), perm=[1, 0, 2]))


def _dimensions(true: TrueModel, port: str, letters: str, width: int, heads: int = 0) -> list[Dimension]:
    """Dimensions of an input, or of an output with ``heads``: lengths, names of axes, None for neither."""
    dimensions: list[Dimension] = []
    for axis, letter in enumerate(letters):
        is_fixed = heads > 0 or "L" in letters  # values of outputs and states
        length = {"H": heads, "C": width, "L": 1}.get(letter) if is_fixed else None
        if length is None:
            length = true.axis_length(letter, width)
        folded = heads > 0 and letters == "TC" and letter == "T" and "N" in true.letters
        other_length = heads > 0 and letter == "T" and (folded or true.body in OTHER_LENGTH)
        if length is not None and not other_length:
            dimensions.append(length)
        elif true.naming == "helpful" and letter in "NT" and not folded:
            name = true.axis_names["NT".index(letter)]
            dimensions.append(f"out_{name}" if other_length else name)
        else:
            dimensions.append(f"{port}_dim_{axis}" if true.naming != "none" else None)
    return dimensions
