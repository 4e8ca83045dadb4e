"""Processing models as version 2.9 of the format holds them: an IR of one transposition or gather, in XML."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from math import prod

from ov_asr_score.gna.model import GnaProcessing


def transposing(shape: Sequence[int], axes: Sequence[int]) -> GnaProcessing:
    """The model that transposes ``shape`` as ``axes`` say."""
    layer = f'<layer id="2" name="t" type="Transpose" version="opset1">{_ports([shape, [len(axes)]])}'
    turned = [shape[axis] for axis in axes]
    return _model(shape, [(axes, [len(axes)])], layer + _output(turned, 2) + "</layer>", turned)


def gathering(size: int, indices: Sequence[int]) -> GnaProcessing:
    """The model that takes the values at ``indices`` of ``size`` ones."""
    shape, taken = [1, size], [1, len(indices)]
    ports = _ports([shape, [len(indices)], [1]])
    layer = f'<layer id="3" name="g" type="Gather" version="opset8"><data batch_dims="0"/>{ports}{_output(taken, 3)}'
    return _model(shape, [(indices, [len(indices)]), ([1], [1])], layer + "</layer>", taken)


def computing(size: int) -> GnaProcessing:
    """A model that does more than move values."""
    shape = [1, size]
    layer = f'<layer id="1" name="r" type="ReLU" version="opset1">{_ports([shape])}{_output(shape, 1)}</layer>'
    return _model(shape, [], layer, shape)


def _model(
    shape: Sequence[int], constants: Sequence[tuple[Sequence[int], Sequence[int]]], layer: str, given: Sequence[int]
) -> GnaProcessing:
    content = b""
    layers = [
        f'<layer id="0" name="p" type="Parameter" version="opset1"><data shape="{",".join(map(str, shape))}" '
        f'element_type="f32"/>{_output(shape, 0)}</layer>'
    ]
    for number, (values, dims) in enumerate(constants, 1):
        size = 8 * prod(dims)
        layers.append(
            f'<layer id="{number}" name="c{number}" type="Const" version="opset1"><data element_type="i64" '
            f'shape="{",".join(map(str, dims))}" offset="{len(content)}" size="{size}"/>'
            f"{_output(dims, 0, 'I64')}</layer>"
        )
        content += struct.pack(f"<{len(values)}q", *values)
    last = len(constants) + 1
    layers.append(layer)
    layers.append(f'<layer id="{last + 1}" name="o" type="Result" version="opset1">{_ports([given])}</layer>')
    edges = [f'<edge from-layer="{n}" from-port="0" to-layer="{last}" to-port="{n}"/>' for n in range(last)]
    edges.append(f'<edge from-layer="{last}" from-port="{last}" to-layer="{last + 1}" to-port="0"/>')
    listed = "\n\t\t".join(layers)
    xml = f'<?xml version="1.0"?>\n<net name="processing" version="11">\n\t<layers>\n\t\t{listed}\n\t</layers>\n'
    return GnaProcessing(f"{xml}\t<edges>{''.join(edges)}</edges>\n</net>\n".encode(), content)


def _ports(shapes: Sequence[Sequence[int]]) -> str:
    ports = [f'<port id="{n}">{"".join(f"<dim>{d}</dim>" for d in shape)}</port>' for n, shape in enumerate(shapes)]
    return f"<input>{''.join(ports)}</input>"


def _output(shape: Sequence[int], port: int, precision: str = "FP32") -> str:
    dims = "".join(f"<dim>{d}</dim>" for d in shape)
    return f'<output><port id="{port}" precision="{precision}">{dims}</port></output>'
