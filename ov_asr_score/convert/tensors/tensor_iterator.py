"""A recurrence over the time axis as one TensorIterator."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ov_asr_score.convert.tensors.constants import float_scalar, int_vector
from ov_asr_score.openvino_api import opset, ov

StepBody = Callable[[list["ov.Output"], list["ov.Output"]], tuple[list["ov.Output"], list["ov.Output"]]]


def loop_over_time(
    inputs: Sequence[ov.Output],
    states: Sequence[ov.Output],
    body: StepBody,
    *,
    width: int = 1,
    reverse: bool = False,
    name: str,
) -> list[ov.Output]:
    """The outputs of ``loop_with_states`` alone."""
    return loop_with_states(inputs, states, body, width=width, reverse=reverse, name=name)[1]


def loop_with_states(
    inputs: Sequence[ov.Output],
    states: Sequence[ov.Output],
    body: StepBody,
    *,
    width: int = 1,
    reverse: bool = False,
    name: str,
) -> tuple[list[ov.Output], list[ov.Output]]:
    """The last states, and the outputs [B, T, K] of ``body``, applied to ``width`` frames after the other.

    ``inputs`` are [B, T, D] with T a multiple of ``width``, ``states`` the initial values [B, frames, S] with as many
    frames as the longest delay needs. ``body`` gets the frames [B, width, D] of each input and the states, and gives
    the new states and the outputs [B, width, K]. ``reverse`` runs from the last frame to the first; outputs keep the
    order of time.
    """
    frame_parameters = [_frames(value, width, f"{name}.frames{index}") for index, value in enumerate(inputs)]
    state_parameters = [
        opset.parameter(value.get_partial_shape(), np.float32, name=f"{name}.state{index}")
        for index, value in enumerate(states)
    ]
    new_states, outputs = body(
        [parameter.output(0) for parameter in frame_parameters], [parameter.output(0) for parameter in state_parameters]
    )
    # A value that is both a new state and an output needs a Result for each.
    state_results = [opset.result(value) for value in new_states]
    output_results = [opset.result(value) for value in outputs]
    loop = opset.tensor_iterator()
    loop.set_body(ov.Model([*state_results, *output_results], [*frame_parameters, *state_parameters], f"{name}.step"))
    start, stride, end = (-1, -width, 0) if reverse else (0, width, -1)
    for parameter, value in zip(frame_parameters, inputs, strict=True):
        loop.set_sliced_input(parameter, value, start, stride, width, end, 1)
    for parameter, value, result in zip(state_parameters, states, state_results, strict=True):
        loop.set_merged_input(parameter, value, result.output(0))
    loop.set_friendly_name(name)
    outputs = [
        loop.get_concatenated_slices(result.output(0), start, stride, width, end, 1) for result in output_results
    ]
    return [loop.get_iter_value(result.output(0), -1) for result in state_results], outputs


def zero_state(like: ov.Output, width: int, size: int) -> ov.Output:
    """Zeros [B, width, size] for the batch of ``like`` [B, T, D]."""
    batch = opset.slice(opset.shape_of(like, "i64"), *(int_vector(value) for value in (0, 1, 1)))
    shape = opset.concat([batch, int_vector(width, size)], 0)
    return opset.broadcast(float_scalar(0), shape).output(0)


def _frames(value: ov.Output, width: int, name: str) -> ov.Node:
    shape = value.get_partial_shape()
    return opset.parameter(ov.PartialShape([shape[0], width, shape[2]]), np.float32, name=name)
