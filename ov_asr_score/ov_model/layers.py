"""The layers of a model as users may compare them: which there are, how large they are, a model that gives them.

A layer is called by its friendly name, with ``:port`` behind it where the operation has several outputs.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from ov_asr_score.device.graph_repair import KEPT_APART
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.model_description import describe_output, shape_of

Shape = tuple[int | None, ...]

# They hand on what other layers computed.
_MOVING = frozenset(
    (
        "Reshape",
        "Squeeze",
        "Unsqueeze",
        "Transpose",
        "StridedSlice",
        "Slice",
        "Split",
        "VariadicSplit",
        "Concat",
        "Gather",
        "GatherND",
        "GatherElements",
        "Broadcast",
        "Tile",
        "Pad",
        "Convert",
        "ConvertLike",
        "Identity",
        "Reverse",
        "ReverseSequence",
        "ScatterUpdate",
        "ScatterNDUpdate",
        "ScatterElementsUpdate",
        "ShuffleChannels",
        "DepthToSpace",
        "SpaceToDepth",
    )
)
# Not layers: what comes in, what goes out, and states, which are layers of the request before.
_ENDS = frozenset(("Parameter", "Result", "Constant", "ReadValue", "Assign"))


@dataclass(frozen=True, slots=True)
class InnerLayer:
    """An output of an operation of floats that depends on the features; ``moves``: it hands on what others
    computed, and is no output of the model."""

    name: str
    type: str
    moves: bool


def find_layers(model: ov.Model, only: Collection[str] | None = None) -> tuple[InnerLayer, ...]:
    """The layers of ``model`` in the order in which they can be computed.

    ``only`` are the operations that count, for models whose other names nobody knows; outputs of the model whose
    operation is not among them come last, by the names of the outputs.
    """
    # A node of a Kaldi model may be several values side by side that are computed for it alone.
    moving = _MOVING if only is None else _MOVING - {"Concat"}
    scored = {_place(result.get_node().input_value(0)) for result in model.outputs}
    layers = []
    for name, output in _named_outputs(model, only).items():
        kind = output.get_node().get_type_name()
        layers.append(InnerLayer(name, kind, kind in moving and _place(output) not in scored))
    return tuple(layers)


def _place(output: Any) -> tuple[str, int]:
    return output.get_node().get_name(), output.get_index()


def _named_outputs(model: ov.Model, only: Collection[str] | None) -> dict[str, Any]:
    outputs: dict[str, Any] = {}
    places = set()
    live: set[str] = set()  # operations whose values the features decide; names of this kind are unique
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        sources = [node.input_value(index).get_node().get_name() for index in range(node.get_input_size())]
        if kind in ("Parameter", "ReadValue") or (kind != "ShapeOf" and not live.isdisjoint(sources)):
            live.add(node.get_name())
        if kind in _ENDS or node.get_name() not in live:
            continue
        name = node.get_friendly_name()
        if KEPT_APART in name or (only is not None and name not in only):
            continue
        for output in node.outputs():
            own = f"{name}:{output.get_index()}" if node.get_output_size() > 1 else name
            if output.get_element_type().is_real() and own not in outputs:
                outputs[own] = output
                places.add(_place(output))
    for result in model.outputs if only is not None else ():
        source = result.get_node().input_value(0)
        own = describe_output(result).name
        if _place(source) not in places and own not in outputs and source.get_element_type().is_real():
            outputs[own] = source
    return outputs


def reshaped(model: ov.Model, shapes: Sequence[Shape]) -> ov.Model:
    """A copy of ``model`` whose inputs have these shapes. Raises the runtime's errors where that cannot be."""
    changed = model.clone()
    partial_shapes = [ov.PartialShape([-1 if axis is None else axis for axis in shape]) for shape in shapes]
    changed.reshape(dict(zip(changed.inputs, partial_shapes, strict=True)))
    return changed


def value_bytes(model: ov.Model, names: Sequence[str], frames: int, only: Collection[str] | None) -> dict[str, int]:
    """Bytes of the float32 values of each layer; an axis of unknown length counts as ``frames``."""
    outputs = _named_outputs(model, only)
    sizes = {}
    for name in names:
        shape = shape_of(outputs[name].get_partial_shape())
        sizes[name] = 4 * prod(frames if axis is None else axis for axis in shape or (frames,))
    return sizes


def with_outputs(model: ov.Model, names: Sequence[str], only: Collection[str] | None) -> ov.Model:
    """``model``, changed so that it gives the layers ``names`` as float32, in this order, and nothing else."""
    outputs = _named_outputs(model, only)
    results = []
    for name in names:
        output = outputs[name]
        if output.get_element_type() != ov.Type.f32:
            output = opset.convert(output, "f32").output(0)
        results.append(opset.result(output))
    return ov.Model(results, model.get_sinks(), model.get_parameters(), model.get_friendly_name())
