"""Inputs that the graph computes by itself: the number of frames, masks of as many values, constants.

Parameter [N, T, D] ─ ShapeOf ─ Gather(T) ─ Convert ─ Reshape [1] ─ … what read the input
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np

from ov_asr_score.errors import ShapeMismatchError, UsageError
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.ov_model.filled_inputs.fillings import Filling
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ports import shape_text


def take_scalars_as_vectors(model: ov.Model, others: Collection[str] = ()) -> None:
    """Let inputs without axes take [1], as tables hold a single value; all but ``others``. The model is changed."""
    inputs, _ = describe_ports(model)
    for number, (port, parameter) in enumerate(zip(inputs, model.get_parameters(), strict=True)):
        if port.shape != () or port.name in others:
            continue
        vector = opset.parameter([1], parameter.get_element_type(), name=parameter.get_friendly_name())
        names = parameter.output(0).get_names()
        scalar = opset.reshape(vector, opset.constant(np.zeros(0, np.int64)), special_zero=False)
        for reader in parameter.output(0).get_target_inputs():
            reader.replace_source_output(scalar.output(0))
        vector.output(0).get_tensor().set_names(names)
        model.replace_parameter(number, vector)


def length_along(value: ov.Output, axis: int) -> ov.Output:
    """A scalar of int64: the length of ``axis`` of ``value``, which may be counted from the end."""
    place, first = opset.constant(np.array(axis, np.int64)), opset.constant(np.array(0, np.int64))
    return opset.gather(opset.shape_of(value, "i64"), place, first).output(0)


def filled_value(filling: Filling, parameter: Any, frames: ov.Output | None) -> ov.Output:
    """What takes the place of ``parameter``; ``frames`` is the scalar that counts them, None: there are none to count.

    Raises UsageError where a filling needs frames and there are none, or is for an input of one value;
    ShapeMismatchError where ones or zeros are for an input that has other free axes than a mask of frames.
    """
    shape = shape_of(parameter.get_output_partial_shape(0))
    if shape is None:
        raise ShapeMismatchError(f"input '{filling.input}' has no fixed number of dimensions")
    if filling.kind == "frames" and any(length not in (1, None) for length in shape):
        raise UsageError(
            f"inputs '{filling.input}=frames': the number of frames is one value; the input is {shape_text(shape)}",
            fields=("inputs",),
        )
    if filling.kind in ("ones", "zeros"):
        number = 1.0 if filling.kind == "ones" else 0.0
        return _mask(filling, parameter, shape, number, frames)
    if filling.kind == "frames":
        if frames is None:
            raise UsageError(
                f"inputs '{filling.input}=frames': the model has no input whose frames could be counted",
                fields=("inputs",),
            )
        value = opset.convert(frames, parameter.get_element_type().get_type_name())
        target = opset.constant(np.ones(len(shape), np.int64))
        return opset.reshape(value, target, special_zero=False).output(0)
    return _constant(filling, parameter, shape)


def _constant(filling: Filling, parameter: Any, shape: tuple[int | None, ...]) -> ov.Output:
    element_type = parameter.get_element_type()
    if not element_type.is_real() and not filling.value.is_integer():
        raise UsageError(
            f"inputs '{filling.input}=value:{filling.value:g}': the input takes {element_type.get_type_name()}; "
            "expected a whole number",
            fields=("inputs",),
        )
    values = np.full([1 if length is None else length for length in shape], filling.value)
    with np.errstate(invalid="ignore"):  # what is out of range is told below
        typed = values.astype(element_type.to_dtype())
    if not element_type.is_real() and not np.array_equal(typed.astype(np.float64), values):
        raise UsageError(
            f"inputs '{filling.input}=value:{filling.value:g}': the value is out of the range of "
            f"{element_type.get_type_name()}",
            fields=("inputs",),
        )
    return opset.constant(typed).output(0)


def _mask(
    filling: Filling, parameter: Any, shape: tuple[int | None, ...], number: float, frames: ov.Output | None
) -> ov.Output:
    """``number`` for each frame, in the free axis that is not the first, which is that of utterances."""
    over_frames = [axis for axis, length in enumerate(shape) if length is None and (axis > 0 or len(shape) == 1)]
    others = [length for length in shape[1:] if length is not None]
    if len(over_frames) > 1 or (over_frames and any(length > 1 for length in others)):
        raise ShapeMismatchError(
            f"inputs '{filling.input}={filling.kind}': the input {shape_text(shape)} is not a mask with a value for "
            f"each frame; give it a table, or '{filling.input}=value:{number:g}' for one utterance",
            fields=("inputs",),
        )
    if over_frames and frames is None:
        raise UsageError(
            f"inputs '{filling.input}={filling.kind}': the model has no input whose frames could be counted",
            fields=("inputs",),
        )
    value = opset.constant(np.array(number, parameter.get_element_type().to_dtype()))
    pieces = [
        opset.reshape(frames, opset.constant(np.array([1], np.int64)), special_zero=False)
        if axis in over_frames
        else opset.constant(np.array([1 if length is None else length], np.int64))
        for axis, length in enumerate(shape)
    ]
    target = opset.concat(pieces, 0) if pieces else opset.constant(np.zeros(0, np.int64))
    return opset.broadcast(value, target).output(0)
