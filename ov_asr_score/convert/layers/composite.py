"""Components that are chains of other components."""

from __future__ import annotations

from dataclasses import replace

from ov_asr_score.convert.layers.component_fields import bad_field
from ov_asr_score.convert.layers.linear_forms import TRAINING_MODE, keeps_training_statistics
from ov_asr_score.convert.registry import converts, find_converter
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component
from ov_asr_score.openvino_api import ov


@converts("CompositeComponent")
def convert_composite(component: Component, x: ov.Output) -> ov.Output:
    """What the components of the chain give one after the other.

    Raises UnsupportedModelError for components that look at other frames (Kaldi allows none), and for batch
    normalization in training mode: nnet3-compute sets test mode outside of composites only, so that its scores would
    depend on how the utterance is cut into chunks. Source: nnet3/nnet-simple-component.cc (CompositeComponent).
    """
    if len(component.nested) != 1 or not component.nested[0]:
        raise bad_field(component, "NumComponents", "one chain of one component or more")
    chain = component.nested[0]
    for number, part in enumerate(chain, 1):
        converter = find_converter(3, part.type)
        where = f"component '{component.name}' at byte {component.offset}: part {number} ({part.type[:40]})"
        if converter is None:
            raise UnsupportedModelError(f"{where} cannot be converted as part of a CompositeComponent")
        if keeps_training_statistics(part):
            raise UnsupportedModelError(f"{where} {TRAINING_MODE}")
        name = component.name if number == len(chain) else f"{component.name}.{number}"
        x = converter(replace(part, name=name), x)
    return x
