"""Components whose output does not depend on their input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ov_asr_score.convert.layers.layer import FrameConverter, Layer
from ov_asr_score.convert.tensors.constants import constant_frames
from ov_asr_score.kaldi_model.component_fields import bad_field, flag, integer, number, vector
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import ov


def _output(component: Component) -> FloatArray:
    """The vector [D] in the file. Source: nnet3/nnet-simple-component.cc (ConstantComponent)."""
    return vector(component, "Output")


def _dropout_mask(component: Component) -> FloatArray:
    """The mask [D] of test mode, as in nnet3-compute. Source: nnet3/nnet-general-component.cc."""
    proportion = number(component, "DropoutProportion")
    if not 0 <= proportion <= 1:
        raise bad_field(component, "DropoutProportion", "0 to 1")
    # Masks of continuous dropout are 1 on average.
    kept = 1.0 if flag(component, "Continuous") else 1.0 - proportion
    return np.full(integer(component, "OutputDim"), kept, np.float32)


def _for_every_frame(constant: Callable[[Component], FloatArray]) -> FrameConverter:
    """A converter that gives the vector [D] of ``constant`` for each frame of its input [B, T, any], [B, T, D]."""

    def convert_constant(component: Component, x: ov.Output) -> ov.Output:
        return constant_frames(component.name, x, constant(component))

    return convert_constant


LAYERS = (
    Layer(name="ConstantComponent", constant=_output, over_frames=_for_every_frame(_output)),
    Layer(name="DropoutMaskComponent", constant=_dropout_mask, over_frames=_for_every_frame(_dropout_mask)),
    # It reads its input, and is computed only where that can be.
    Layer(name="ConstantFunctionComponent", over_frames=_for_every_frame(_output)),
)
