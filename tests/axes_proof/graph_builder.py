"""Operations of ONNX put one after another."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 13, 8
ELEMENT_TYPES = {
    "float": TensorProto.FLOAT,
    "int64": TensorProto.INT64,
    "int32": TensorProto.INT32,
    "bool": TensorProto.BOOL,
}
Dimension = int | str | None


class GraphBuilder:
    """Nodes and constants of a graph, and random weights for it."""

    def __init__(self, seed: int) -> None:
        """Begin an empty graph."""
        self.random = np.random.default_rng(seed)
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def add(self, operation: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """The name of the result of a new node; a list of names where it has several."""
        names = [f"v{len(self.nodes)}_{number}" for number in range(outputs)]
        self.nodes.append(helper.make_node(operation, list(inputs), names, **attributes))
        return names if outputs > 1 else names[0]

    def name_result(self, value: str, name: str) -> None:
        """Give a result the name of an output; OpenVINO 2023.3 would keep the name of what goes into an Identity."""
        for node in self.nodes:
            for names in (node.input, node.output):
                for index, each in enumerate(names):
                    if each == value:
                        names[index] = name

    def constant(self, value: Any) -> str:
        """The name of a constant; whole numbers are int64."""
        array = np.asarray(value)
        array = array.astype(np.int64 if array.dtype.kind == "i" else np.float32)
        name = f"constant{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def weights(self, *shape: int, scale: float | None = None) -> str:
        """Random weights; the sum over all axes but the last keeps the size of values."""
        fan = max(1, int(np.prod(shape[:-1]))) if scale is None else 1
        values: NDArray[Any] = self.random.standard_normal(shape) * (1.2 / np.sqrt(fan) if scale is None else scale)
        return self.constant(values.astype(np.float32))

    def model(
        self,
        inputs: list[tuple[str, str, list[Dimension]]],
        outputs: list[tuple[str, list[Dimension]]],
    ) -> onnx.ModelProto:
        """The model with inputs (name, type, dimensions) and float outputs; checked."""
        graph = helper.make_graph(
            self.nodes,
            "g",
            [helper.make_tensor_value_info(name, ELEMENT_TYPES[kind], shape) for name, kind, shape in inputs],
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
        onnx.checker.check_model(model)
        return model


def to_frames(builder: GraphBuilder, value: str, letters: str, width: int) -> str:
    """[N, T, C] from a value whose axes are ``letters``; ``width`` is that of one row, axes of S in front of C."""
    kept = [letter for letter in letters if letter != "1"]
    ones = [axis for axis, letter in enumerate(letters) if letter == "1"]
    if ones:
        value = builder.add("Squeeze", value, builder.constant(ones))
    value = _ordered(builder, value, kept, [letter for letter in "NTSC" if letter in kept])
    missing = [axis for axis, letter in enumerate("NT") if letter not in kept] + ([] if "C" in kept else [-1])
    if missing:
        value = builder.add("Unsqueeze", value, builder.constant(missing))
    if "S" in kept:
        value = builder.add("Reshape", value, builder.constant([0, 0, width]))
    return value


def from_frames(builder: GraphBuilder, value: str, letters: str, width: int, heads: int) -> str:
    """A value with the axes ``letters`` from [N, T, H*C], or from [N, H*C] where ``letters`` have no T."""
    order = ["N", "T"] if "T" in letters else ["N"]
    if letters == "TC":  # as CTC heads fold it, frames of one utterance after those of the other
        return str(builder.add("Reshape", value, builder.constant([-1, width])))
    if "H" in letters:
        value = builder.add("Reshape", value, builder.constant([*[0] * len(order), heads, width]))
        order.append("H")
    order.append("C")
    absent = [letter for letter in order if letter not in letters]
    if absent:
        value = builder.add("Squeeze", value, builder.constant([order.index(letter) for letter in absent]))
    kept = [letter for letter in letters if letter != "1"]
    value = _ordered(builder, value, [letter for letter in order if letter in letters], kept)
    ones = [axis for axis, letter in enumerate(letters) if letter == "1"]
    return str(builder.add("Unsqueeze", value, builder.constant(ones))) if ones else value


def _ordered(builder: GraphBuilder, value: str, present: list[str], wanted: list[str]) -> str:
    if present == wanted:
        return value
    return str(builder.add("Transpose", value, perm=[present.index(letter) for letter in wanted]))
