"""Components whose output does not depend on their input."""

from __future__ import annotations

import numpy as np

from ov_asr_score.convert.layers.component_fields import bad_field, flag, integer, number, vector
from ov_asr_score.convert.registry import converts
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.kaldi_model.network import Component, FloatArray
from ov_asr_score.openvino_api import opset, ov


def constant_output(component: Component) -> FloatArray | None:
    """The vector [D] that a component gives for every frame; None for components that look at their input.

    Dropout masks are those of test mode, as nnet3-compute takes them. Raises ModelFormatError. Sources:
    nnet3/nnet-simple-component.cc, nnet-general-component.cc.
    """
    match component.type:
        case "ConstantComponent" | "ConstantFunctionComponent":
            return vector(component, "Output")
        case "DropoutMaskComponent":
            proportion = number(component, "DropoutProportion")
            if not 0 <= proportion <= 1:
                raise bad_field(component, "DropoutProportion", "0 to 1")
            # Masks of continuous dropout are 1 on the average.
            kept = 1.0 if flag(component, "Continuous") else 1.0 - proportion
            return np.full(integer(component, "OutputDim"), kept, np.float32)
    return None


@converts("ConstantComponent", "ConstantFunctionComponent", "DropoutMaskComponent")
def convert_constant(component: Component, x: ov.Output) -> ov.Output:
    """The same vector for each frame of ``x`` [B, T, any], [B, T, D].

    Sources: nnet3/nnet-simple-component.cc, nnet-general-component.cc.
    """
    values = constant_output(component)
    if values is None:
        raise UnsupportedModelError(f"component '{component.name}' ({component.type}) is not constant")
    name = component.name
    shape = opset.shape_of(x, "i64", name=f"{name}.input_shape")
    start, stop, step = (opset.constant(np.array([number], np.int64)) for number in (0, 2, 1))
    frames = opset.slice(shape, start, stop, step, name=f"{name}.frames")
    target = opset.concat([frames, opset.constant(np.array([len(values)], np.int64))], 0, name=f"{name}.shape")
    row = opset.constant(values.reshape(1, 1, -1), name=f"{name}.output")
    return opset.broadcast(row, target, name=name).output(0)
