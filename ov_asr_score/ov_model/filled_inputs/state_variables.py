"""States that are inputs and outputs of a model become variables of its graph::

    Parameter [1, N, H] ─ …           zeros [1, 1, H] ─ ReadValue ─ …
    … ─ Result                    →   … ─ Assign

A state that the graph transposes first is kept in the other order of axes, and transposes that undo one another are
left out: the batch of recurrent layers then comes first, so that several utterances can go in lock-step
(:mod:`ov_asr_score.ov_model.batch_lanes`).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from ov_asr_score.openvino_api import EMPTY_CONSTANTS_BEGIN_STATES, opset, ov
from ov_asr_score.ov_model.filled_inputs.fillings import StatePair
from ov_asr_score.ov_model.filled_inputs.state_shapes import Shape
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.ov_model.outputs import port_index


def make_stateful(
    model: ov.Model,
    pairs: Sequence[StatePair],
    shapes: Sequence[Shape],
    *,
    counters: Sequence[tuple[Any, ov.Output]] = (),
    keep: Collection[str] = (),
    features: ov.Output | None = None,
) -> ov.Model:
    """The model with a variable for each pair, zeros of its shape when an utterance begins; ``model`` is used up.

    The outputs of the pairs are gone, but for those whose names are in ``keep``. ``counters`` are parameters of one
    integer that are 0 at first, and larger by a scalar of the graph after each request. ``features`` is any
    input of float32.
    """
    inputs, outputs = describe_ports(model)
    parameters, results = model.get_parameters(), model.get_results()
    chosen = [
        (pair, parameters[port_index(inputs, pair.input)], results[port_index(outputs, pair.output, "output")])
        for pair in pairs
    ]
    orders = [
        _read_variable(pair, parameter, shape, features)
        for (pair, parameter, _), shape in zip(chosen, shapes, strict=True)
    ]
    sinks = list(model.get_sinks())
    known = {node.get_name() for node in model.get_ops()}
    for (pair, parameter, result), order in zip(chosen, orders, strict=True):
        value = result.input_value(0)
        if order is not None:
            value = _transposed(value, order)
        kept = _as_kept(value, parameter.get_element_type())
        if kept.get_name() not in known:
            kept.set_friendly_name(f"{pair.input}/kept")  # the same for every copy of the model
        sink = opset.assign(kept, pair.input)
        sink.set_friendly_name(f"{pair.input}/next")
        sinks.append(sink)
    sinks += [_count(parameter, rows) for parameter, rows in counters]
    gone = {parameter.get_name() for _, parameter, _ in chosen} | {each.get_name() for each, _ in counters}
    left_out = {result.get_name() for pair, _, result in chosen if pair.output not in keep}
    _cancel_transposes(model)
    # made anew: only this declares the variables
    return ov.Model(
        [result for result in results if result.get_name() not in left_out],
        sinks,
        [parameter for parameter in parameters if parameter.get_name() not in gone],
        model.get_friendly_name(),
    )


def _count(parameter: Any, rows: ov.Output) -> ov.Node:
    kept = opset.read_value(opset.constant(np.zeros([1], np.int32)), _name_of(parameter))
    count = opset.reshape(_as_type(kept.output(0), parameter), _single_shape(parameter), special_zero=False)
    _replace(parameter.output(0), count.output(0))
    rows = opset.reshape(opset.convert(rows, "i32"), opset.constant(np.array([1], np.int64)), special_zero=False)
    return opset.assign(opset.add(kept, rows), _name_of(parameter))


def _read_variable(pair: StatePair, parameter: Any, shape: Shape, features: ov.Output | None) -> list[int] | None:
    """Let a variable be read in place of the parameter; the order of axes in which it is kept, None: its own."""
    order = _common_order(parameter)
    kept = list(range(len(shape))) if order is None else order
    element_type = _kept_type(parameter.get_element_type())
    # only a cache that begins empty changes its length, or a state whose beginning was asked for
    given = parameter.get_output_partial_shape(0)
    may_change = pair.shape is not None and not pair.is_fixed
    is_open = [not size or (may_change and given[axis].is_dynamic) for axis, size in enumerate(shape)]
    is_open, sizes = [is_open[axis] for axis in kept], [shape[axis] for axis in kept]
    initial = _zeros(sizes, is_open, element_type, features)
    bounds = ov.PartialShape([-1 if free else size for free, size in zip(is_open, sizes, strict=True)])
    value = opset.read_value(initial, pair.input, element_type.to_dtype(), bounds)
    value.set_friendly_name(pair.input)
    read = _as_type(value.output(0), parameter)
    if order is None:
        _replace(parameter.output(0), read)
        return None
    for port in list(parameter.output(0).get_target_inputs()):
        _replace(port.get_node().output(0), read)
    return order


def _zeros(shape: list[int], is_open: list[bool], element_type: Any, features: ov.Output | None) -> ov.Node:
    if not any(is_open) or features is None or EMPTY_CONSTANTS_BEGIN_STATES:
        return opset.constant(np.zeros(shape, element_type.to_dtype()))
    sizes = opset.constant(np.array(shape, np.int64))
    places = opset.non_zero(opset.less(features, features))  # there are none, which is not known before it runs
    nothing = opset.gather(opset.shape_of(places), opset.constant(np.int64(1)), opset.constant(np.int64(0)))
    target = opset.select(opset.constant(np.array(is_open)), opset.add(sizes, nothing), sizes)
    return opset.broadcast(opset.constant(np.array(0, element_type.to_dtype())), target)


def _common_order(parameter: Any) -> list[int] | None:
    """The order of axes in which all readers of the parameter want it; None where they want its own."""
    orders = [_order(port.get_node()) for port in parameter.output(0).get_target_inputs()]
    if not orders or orders[0] is None or any(order != orders[0] for order in orders):
        return None
    return orders[0]


def _order(node: Any) -> list[int] | None:
    if node.get_type_name() != "Transpose":
        return None
    source = node.input_value(1).get_node()
    return [int(axis) for axis in source.get_data()] if source.get_type_name() == "Constant" else None


def _transposed(value: ov.Output, order: list[int]) -> ov.Output:
    """``value`` in another order of axes; what was transposed from there before is taken as it was."""
    node = value.get_node()
    inner = _order(node)
    if inner is not None and [inner[axis] for axis in order] == list(range(len(order))):
        before: ov.Output = node.input_value(0)
        return before
    return opset.transpose(value, opset.constant(np.array(order, np.int64))).output(0)


def _cancel_transposes(model: ov.Model) -> None:
    """Leave out transposes of what was transposed the other way just before."""
    for node in model.get_ordered_ops():
        outer = _order(node)
        before = node.input_value(0).get_node() if outer is not None else None
        inner = _order(before) if before is not None else None
        if outer is None or inner is None or before is None:
            continue
        if [inner[axis] for axis in outer] == list(range(len(outer))):
            for port in node.output(0).get_target_inputs():
                if port.get_node().get_type_name() != "Result":  # outputs keep the tensor that has their name
                    port.replace_source_output(before.input_value(0))


def _kept_type(element_type: Any) -> Any:
    """The type of the variable: the CPU plugin keeps no 64-bit numbers, and of integers only those of 32 bits."""
    if not element_type.is_real():
        return ov.Type.i32
    return ov.Type.f32 if element_type == ov.Type.f64 else element_type


def _as_kept(value: ov.Output, element_type: Any) -> ov.Node:
    """``value`` in the type of the variable, as the first output of a node, which is all that Assign takes."""
    node, kept = value.get_node(), _kept_type(element_type)
    is_ready = value.get_element_type() == kept and value.get_index() == 0 and node.get_output_size() == 1
    return node if is_ready else opset.convert(value, kept.get_type_name())


def _as_type(value: ov.Output, parameter: Any) -> ov.Output:
    """``value`` in the type of the parameter."""
    element_type = parameter.get_element_type()
    if value.get_element_type() == element_type:
        return value
    return opset.convert(value, element_type.get_type_name()).output(0)


def _single_shape(parameter: Any) -> ov.Node:
    return opset.constant(np.ones(len(parameter.get_output_partial_shape(0)), np.int64))


def _name_of(parameter: Any) -> str:
    return str(min(parameter.output(0).get_names(), default=parameter.get_friendly_name()))


def _replace(output: Any, value: Any) -> None:
    for port in list(output.get_target_inputs()):
        port.replace_source_output(value)
