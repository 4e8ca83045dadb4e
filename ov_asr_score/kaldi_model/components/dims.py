"""Widths of components, nodes and descriptors. Sources: ``InputDim`` and ``OutputDim`` of nnet3's components."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import unreachable
from ov_asr_score.kaldi_model.network import (
    Append,
    Component,
    ComponentNode,
    Const,
    Descriptor,
    DimRangeNode,
    Failover,
    IfDefined,
    InputNode,
    KaldiNetwork,
    NodeRef,
    Offset,
    OutputNode,
    ReplaceIndex,
    Round,
    Scale,
    Sum,
    Switch,
)

Dims: TypeAlias = tuple[int, int]
"""Width of the input and of the output."""


def component_dims(component: Component) -> Dims:
    """Input and output width of a component of nnet3, from its fields.

    nnet1 and nnet2 write both widths into the fields ``InputDim`` and ``OutputDim``.
    """
    rule = _RULES.get(component.type)
    if rule is not None:
        return rule(component)
    fields = component.fields
    if "InputDim" in fields and "OutputDim" in fields:
        return _int(component, "InputDim"), _int(component, "OutputDim")
    dim = _int(component, "Dim" if "Dim" in fields else "InputDim")
    return dim, dim


def node_dim(network: KaldiNetwork, name: str) -> int:
    """Width of a node."""
    node = network.node(name)
    match node:
        case InputNode() | DimRangeNode():
            return node.dim
        case ComponentNode():
            return component_dims(network.components[node.component])[1]
        case OutputNode():
            return descriptor_dim(network, node.input)
        case None:
            raise KeyError(name)
    raise unreachable(node)


def descriptor_dim(network: KaldiNetwork, descriptor: Descriptor) -> int:
    """Width of what a descriptor gives; that of the first part where all parts must have the same."""
    match descriptor:
        case NodeRef():
            return node_dim(network, descriptor.name)
        case Append():
            return sum(descriptor_dim(network, part) for part in descriptor.parts)
        case Const():
            return descriptor.dim
        case Sum() | Switch():
            return descriptor_dim(network, descriptor.parts[0])
        case Failover():
            return descriptor_dim(network, descriptor.first)
        case Offset() | Scale() | IfDefined() | Round() | ReplaceIndex():
            return descriptor_dim(network, descriptor.source)
    raise unreachable(descriptor)


def _int(component: Component, name: str) -> int:
    return int(cast(int, component.fields[name]))


def _array(component: Component, name: str) -> NDArray[Any]:
    return np.asarray(component.fields[name])


def _matrix(component: Component) -> Dims:
    rows, columns = _array(component, "LinearParams" if "LinearParams" in component.fields else "Params").shape
    return columns, rows


def _vector(name: str) -> Callable[[Component], Dims]:
    def dims(component: Component) -> Dims:
        size = _int(component, "Dim") if "Dim" in component.fields else len(_array(component, name))
        return size, size

    return dims


def _normalize(component: Component) -> Dims:
    dim = _int(component, "Dim" if "Dim" in component.fields else "InputDim")
    block = _int(component, "BlockDim") if "BlockDim" in component.fields else dim
    return dim, dim + (dim // max(block, 1) if component.fields.get("AddLogStddev") else 0)


def _repeated(component: Component) -> Dims:
    rows, columns = _array(component, "LinearParams").shape
    repeats = _int(component, "NumRepeats")
    return columns * repeats, rows * repeats


def _blocks(component: Component) -> Dims:
    rows, columns = _array(component, "LinearParams").shape
    return columns * _int(component, "NumBlocks"), rows


def _sum_group(component: Component) -> Dims:
    sizes = _array(component, "Sizes")
    return int(sizes.sum()), len(sizes)


def _permute(component: Component) -> Dims:
    size = len(_array(component, "ColumnMap"))
    return size, size


def _tdnn(component: Component) -> Dims:
    rows, columns = _array(component, "LinearParams").shape
    return columns // max(len(_array(component, "TimeOffsets")), 1), rows


def _convolution(component: Component) -> Dims:
    x, y, z = (_int(component, f"Input{axis}Dim") for axis in "XYZ")
    filter_x, filter_y = _int(component, "FiltXDim"), _int(component, "FiltYDim")
    steps_x = 1 + (x - filter_x) // max(_int(component, "FiltXStep"), 1)
    steps_y = 1 + (y - filter_y) // max(_int(component, "FiltYStep"), 1)
    return x * y * z, steps_x * steps_y * len(_array(component, "FilterParams"))


def _maxpooling(component: Component) -> Dims:
    sizes = [_int(component, f"Input{axis}Dim") for axis in "XYZ"]
    pools = [
        1 + (size - _int(component, f"Pool{axis}Size")) // max(_int(component, f"Pool{axis}Step"), 1)
        for size, axis in zip(sizes, "XYZ", strict=True)
    ]
    return int(np.prod(sizes)), int(np.prod(pools))


def _time_height(component: Component) -> Dims:
    return (
        _int(component, "NumFiltersIn") * _int(component, "HeightIn"),
        _int(component, "NumFiltersOut") * _int(component, "HeightOut"),
    )


def _attention(component: Component) -> Dims:
    context = _int(component, "NumLeftInputs") + 1 + _int(component, "NumRightInputs")
    heads, key, value = (_int(component, name) for name in ("NumHeads", "KeyDim", "ValueDim"))
    return heads * (2 * key + value + context), heads * (value + (context if component.fields["OutputContext"] else 0))


def _statistics(component: Component) -> Dims:
    dim = _int(component, "InputDim")
    return dim, 1 + dim + (dim if component.fields["IncludeVarinance"] else 0)


def _pooling(component: Component) -> Dims:
    dim = _int(component, "InputDim")
    return dim, dim + _int(component, "NumLogCountFeatures") - 1


def _constant_function(component: Component) -> Dims:
    return _int(component, "InputDim"), len(_array(component, "Output"))


def _mask(component: Component) -> Dims:
    return _int(component, "OutputDim"), _int(component, "OutputDim")


def _lstm(component: Component) -> Dims:
    cells = _array(component, "Params").shape[1]
    return cells * 5 + (3 if component.fields.get("UseDropout") else 0), cells * 2


def _gru(component: Component) -> Dims:
    cells, recurrent = _int(component, "CellDim"), _int(component, "RecurrentDim")
    # Without a projection the recurrent part is the cell itself, see nnet-combined-component.h.
    return 3 * cells + 2 * recurrent if recurrent != cells else 4 * cells, 2 * cells


def _output_gru(component: Component) -> Dims:
    return 3 * _int(component, "CellDim"), 2 * _int(component, "CellDim")


def _composite(component: Component) -> Dims:
    chain = component.nested[0]
    return component_dims(chain[0])[0], component_dims(chain[-1])[1]


_RULES: Mapping[str, Callable[[Component], Dims]] = {
    **dict.fromkeys(
        ("AffineComponent", "NaturalGradientAffineComponent", "LinearComponent", "FixedAffineComponent"), _matrix
    ),
    "PerElementScaleComponent": _vector("Params"),
    "NaturalGradientPerElementScaleComponent": _vector("Params"),
    "PerElementOffsetComponent": _vector("Offsets"),
    "FixedScaleComponent": _vector("Scales"),
    "FixedBiasComponent": _vector("Bias"),
    "NormalizeComponent": _normalize,
    "RepeatedAffineComponent": _repeated,
    "NaturalGradientRepeatedAffineComponent": _repeated,
    "BlockAffineComponent": _blocks,
    "SumGroupComponent": _sum_group,
    "PermuteComponent": _permute,
    "TdnnComponent": _tdnn,
    "ConvolutionComponent": _convolution,
    "MaxpoolingComponent": _maxpooling,
    "TimeHeightConvolutionComponent": _time_height,
    "RestrictedAttentionComponent": _attention,
    "StatisticsExtractionComponent": _statistics,
    "StatisticsPoolingComponent": _pooling,
    "ConstantFunctionComponent": _constant_function,
    "ConstantComponent": _vector("Output"),
    "DropoutMaskComponent": _mask,
    "LstmNonlinearityComponent": _lstm,
    "GruNonlinearityComponent": _gru,
    "OutputGruNonlinearityComponent": _output_gru,
    "CompositeComponent": _composite,
}
