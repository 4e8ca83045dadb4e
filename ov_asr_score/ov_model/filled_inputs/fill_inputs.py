"""A model whose inputs are all fed by tables: states are variables, lengths, masks and values are in the graph."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.filled_inputs.computed_inputs import filled_value, length_along
from ov_asr_score.ov_model.filled_inputs.fillings import Filling, FillingPlan
from ov_asr_score.ov_model.filled_inputs.state_shapes import Shape, first_shapes
from ov_asr_score.ov_model.filled_inputs.state_variables import make_stateful
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ov_model.outputs import port_index
from ov_asr_score.ports import PortInfo, shape_text


@dataclass(frozen=True, slots=True, eq=False)
class FilledModel:
    """A model with the inputs that have tables, the shape of each state at the start, and what to tell of it."""

    model: ov.Model
    states: tuple[Shape, ...]
    notes: tuple[str, ...]


def fill_inputs(
    model: ov.Model,
    plan: FillingPlan,
    requests: Mapping[str, Sequence[int]],
    *,
    rows: tuple[str, int] | None = None,
    keep: Collection[str] = (),
) -> FilledModel:
    """A copy of ``model`` without the inputs of ``plan``; outputs that hand on states are gone, but for ``keep``.

    ``requests`` are the shapes of all other inputs, in their order, with -1 where frames lie: those of the first that
    has any are counted. ``rows`` is the output whose rows are the scores, and its axis of them (None: the one that is
    free, or else the last but one, of the first output that hands on no state).

    Raises UsageError and ShapeMismatchError where a filling does not fit its input or a state leaves its size open,
    UnsupportedModelError where the graph does not take what is filled in.
    """
    if not plan:
        return FilledModel(model, (), ())
    changed = model.clone()
    inputs, outputs = describe_ports(changed)
    parameters = {filling.input: _parameter(changed, inputs, filling.input) for filling in plan.fillings}
    frames = _count_frames(changed, inputs, requests)
    features = next((_parameter(changed, inputs, name).output(0) for name in requests), None)
    for filling in plan.fillings:
        if filling.kind != "position":
            value = filled_value(filling, parameters[filling.input], frames)
            _put_in(changed, parameters[filling.input], value)
    shapes = first_shapes(_with_positions_at_zero(changed, plan), plan.states, requests) if plan.states else []
    positions = [parameters[filling.input] for filling in plan.fillings if filling.kind == "position"]
    scores = _score_rows(changed, outputs, plan, requests, rows) if positions else None
    counters = [(parameter, scores) for parameter in positions if scores is not None]
    try:
        if plan.states or counters:
            changed = make_stateful(changed, plan.states, shapes, counters=counters, keep=keep, features=features)
            _take_one_utterance(changed, requests)
        changed.validate_nodes_and_infer_types()
    except RUNTIME_ERRORS as error:
        raise UnsupportedModelError(f"inputs cannot be filled in: {first_cause(error)}") from error
    return FilledModel(changed, tuple(shapes), tuple(_notes(plan, shapes)))


def _notes(plan: FillingPlan, shapes: Sequence[Shape]) -> list[str]:
    notes = []
    for pair, shape in zip(plan.states, shapes, strict=True):
        notes.append(
            f"output '{pair.output}' is the next state of input '{pair.input}', which starts each "
            f"utterance as {shape_text(shape)} zeros"
        )
    notes += [filling.note for filling in plan.fillings]
    return notes


def _count_frames(model: ov.Model, inputs: Sequence[PortInfo], requests: Mapping[str, Sequence[int]]) -> Any:
    """The number of frames of a request as a scalar of the graph; None where no input has an axis of frames."""
    for name, shape in requests.items():
        if -1 in shape:
            return length_along(_parameter(model, inputs, name).output(0), list(shape).index(-1))
    return None


def _score_rows(
    model: ov.Model,
    outputs: Sequence[PortInfo],
    plan: FillingPlan,
    requests: Mapping[str, Sequence[int]],
    rows: tuple[str, int] | None,
) -> ov.Output:
    """The number of rows of scores of a request, as a scalar of the graph."""
    name = rows[0] if rows is not None else next(port.name for port in outputs if port.name not in plan.outputs)
    number = port_index(outputs, name, "output")
    value = model.get_results()[number].input_value(0)
    if rows is not None:
        return length_along(value, rows[1])
    one = _with_positions_at_zero(model, plan)
    _take_one_utterance(one, requests)
    one.validate_nodes_and_infer_types()
    shape = shape_of(one.outputs[number].get_partial_shape()) or ()
    free = [axis for axis, length in enumerate(shape) if length is None]
    if len(free) == 1:
        return length_along(value, free[0])
    if len(shape) < 2 or (free and len(shape) - 2 not in free):
        raise UsageError(
            f"inputs: cannot tell which axis of output '{name}' {shape_text(shape)} holds the rows that "
            f"{' and '.join(each.input for each in plan.fillings if each.kind == 'position')} counts; give a value "
            "(value:N) or a table",
            fields=("inputs",),
        )
    return length_along(value, -2)


def _with_positions_at_zero(model: ov.Model, plan: FillingPlan) -> ov.Model:
    """A copy in which positions are 0, as they are when an utterance begins; the model itself where there are none."""
    positions = [filling for filling in plan.fillings if filling.kind == "position"]
    if not positions:
        return model
    first = model.clone()
    inputs, _ = describe_ports(first)
    parameters = [_parameter(first, inputs, filling.input) for filling in positions]
    for filling, parameter in zip(positions, parameters, strict=True):
        zero = Filling(filling.input, "value")
        _put_in(first, parameter, filled_value(zero, parameter, None))
    return first


def _take_one_utterance(model: ov.Model, requests: Mapping[str, Sequence[int]]) -> None:
    """Fix the batch of the inputs that have tables to one utterance, for which the states are."""
    inputs, _ = describe_ports(model)
    for name, request in requests.items():
        parameter = _parameter(model, inputs, name)
        shape = parameter.get_partial_shape()
        if shape.rank.is_dynamic or len(shape) != len(request):
            continue
        rows = len(request) == 2 and request[0] == -1
        for axis, size in enumerate(request):
            if shape[axis].is_dynamic and (size > 0 or (rows and axis == 0)):
                shape[axis] = ov.Dimension(max(1, size))
        parameter.set_partial_shape(shape)


def _parameter(model: ov.Model, inputs: Sequence[PortInfo], name: str) -> Any:
    return model.get_parameters()[port_index(inputs, name)]


def _put_in(model: ov.Model, parameter: Any, value: Any) -> None:
    for port in list(parameter.output(0).get_target_inputs()):
        port.replace_source_output(value)
    model.remove_parameter(parameter)
