"""Components of nnet2 and nnet3 that map each frame of their input to a frame of their output."""

from __future__ import annotations

from ov_asr_score.convert.layers.registry import find_layer
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, Generation
from ov_asr_score.openvino_api import ov


def apply_component(generation: Generation, component: Component, value: ov.Output) -> ov.Output:
    """The output [B, N, K] of a component for its input [B, N, D]. Raises UnsupportedModelError, ModelFormatError.

    Kaldi: ``CompositeComponent::Init`` asserts that components inside of it look at their own frame alone. Reason for
    the others: what such components give in Kaldi is random.
    """
    layer = find_layer(generation, component.type)
    if layer is not None and layer.over_frames is not None:
        return layer.over_frames(component, value)
    if layer is None or layer.parts is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) cannot be converted")
    for number, part in enumerate(layer.parts(component), 1):
        inner = find_layer(generation, part.type)
        where = f"component '{component.name}' at byte {component.offset}: part {number} ({part.type[:40]})"
        if inner is None or not inner.is_framewise:
            raise UnsupportedModelError(f"{where} cannot be converted as part of a {component.type}")
        problem = None if inner.nested_problem is None else inner.nested_problem(part)
        if problem is not None:
            raise UnsupportedModelError(f"{where} {problem}")
        value = apply_component(generation, part, value)
    return value
