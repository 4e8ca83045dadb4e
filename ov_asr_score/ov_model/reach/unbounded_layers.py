"""Layers of a graph that look along a free axis without bounds: a score then depends on the whole utterance.

Where the batch is fixed, what is free in the shape of a value is its time axis. Recurrences, attention, sums and norms
over it look at all of it, however little of that a trial may show.
"""

from __future__ import annotations

from typing import Any

from ov_asr_score.openvino_api import ov

# What gives each of its values for the same place of its inputs, moves values, or looks a fixed number of steps around.
_BOUNDED_TYPES = """
    Abs Acos Acosh Add Asin Asinh Assign Atan Atanh AvgPool BatchNormInference BinaryConvolution BitwiseAnd BitwiseNot
    BitwiseOr BitwiseXor Broadcast Bucketize Ceiling Clamp Concat Constant Convert ConvertLike Convolution
    ConvolutionBackpropData Cos Cosh DepthToSpace Divide Elu Equal Erf Exp FakeConvert FakeQuantize Floor FloorMod
    Gather GatherElements GatherND Gelu Greater GreaterEqual GroupConvolution GroupConvolutionBackpropData HSigmoid
    HSwish HardSigmoid Identity IsFinite IsInf IsNaN Less LessEqual Log LogicalAnd LogicalNot LogicalOr LogicalXor
    MaxPool Maximum Minimum Mish Mod Multiply Negative NotEqual OneHot PRelu Pad Parameter Power Range ReadValue Relu
    Reshape Result Round Select Selu ShapeOf Sigmoid Sign Sin Sinh Slice SoftPlus SoftSign SpaceToDepth Sqrt
    SquaredDifference Squeeze StridedSlice Subtract Swish Tan Tanh Tile Transpose Unsqueeze VariadicSplit Xor
"""
# These look along the axes that their second input names, or an attribute.
_TYPES_OVER_AXES = """
    CumSum LogSoftmax MVN NormalizeL2 ReduceL1 ReduceL2 ReduceLogicalAnd ReduceLogicalOr ReduceMax ReduceMean ReduceMin
    ReduceProd ReduceSum Softmax Split
"""
_BOUNDED, _OVER_AXES = frozenset(_BOUNDED_TYPES.split()), frozenset(_TYPES_OVER_AXES.split())


def unbounded_layer(model: ov.Model) -> str:
    """The first layer that looks along a free axis without bounds, or may, as text for people; empty without any.

    Everything but the time axes of ``model`` must be fixed, and its inputs have one each.
    """
    on_lengths = _names_on_lengths(model)
    for node in model.get_ordered_ops():
        kind = node.get_type_name()
        if node.get_name() in on_lengths or all(_is_fixed(port) for port in node.inputs()):
            continue
        if not _is_bounded(node, kind):
            return f"layer '{node.get_friendly_name()}' ({kind})"
    return ""


def _is_bounded(node: Any, kind: str) -> bool:
    if kind in _BOUNDED:
        return True
    if kind == "MatMul":
        return _contracts_fixed(node)
    if kind in _OVER_AXES:
        axes, shape = _axes_of(node), node.input_value(0).get_partial_shape()
        return axes is not None and shape.rank.is_static and not any(shape[axis].is_dynamic for axis in axes)
    return False


def _is_fixed(port: Any) -> bool:
    return bool(port.get_partial_shape().is_static)


def _names_on_lengths(model: ov.Model) -> set[str]:
    """Names of nodes that compute with lengths of axes only, not with what lies along them."""
    names: set[str] = set()
    for node in model.get_ordered_ops():
        if node.get_type_name() == "ShapeOf":
            names.add(node.get_name())
            continue
        sources = [port.get_source_output().get_node() for port in node.inputs()]
        if any(source.get_name() in names for source in sources) and all(
            source.get_name() in names or source.get_type_name() == "Constant" for source in sources
        ):
            names.add(node.get_name())
    return names


def _contracts_fixed(node: Any) -> bool:
    """Whether a product sums over fixed axes."""
    attributes = node.get_attributes()
    for index, flag, plain in ((0, "transpose_a", -1), (1, "transpose_b", -2)):
        shape = node.input_value(index).get_partial_shape()
        if shape.rank.is_dynamic:
            return False
        turned = -3 - plain  # the other one of the last two axes
        axis = -1 if len(shape) == 1 else turned if attributes.get(flag) else plain
        if shape[len(shape) + axis].is_dynamic:
            return False
    return True


def _axes_of(node: Any) -> list[int] | None:
    """The axes that the node looks along, counted from the first; None where they are not known."""
    rank = node.input_value(0).get_partial_shape().rank
    if rank.is_dynamic:
        return None
    attribute = node.get_attributes().get("axis")
    if attribute is not None and node.get_input_size() == 1:
        axes = [int(attribute)]
    elif node.get_input_size() > 1:
        source = node.input_value(1).get_node()
        if source.get_type_name() != "Constant":
            return None
        axes = [int(axis) for axis in source.get_data().reshape(-1)]
    else:
        return None
    return [axis % rank.get_length() for axis in axes]
