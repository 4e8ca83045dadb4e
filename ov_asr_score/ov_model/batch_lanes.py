"""A stateful model for several utterances at a time, one in each lane of its batch axis.

Lanes lie outermost: a value that was [N, …] for one utterance becomes [lanes · N, …], those of one lane together. What
an utterance leaves behind is put aside where ``restart`` says that its lane begins another one, so that no variable has
to be reset from outside, which would reset all lanes::

    ReadValue [1, D] ─ …     →     ReadValue [lanes, D] ────────────────────┐
                                   its initial value ───────────────────────┼─ Select ─ …
                                   restart [lanes, 1] ─ Greater(½) ─────────┘
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.facts import RESTART_INPUT
from ov_asr_score.convert.tensors.named_ports import named_parameter
from ov_asr_score.errors import UnsupportedModelError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, opset, ov
from ov_asr_score.ov_model.model_description import describe_output, shape_of

_MADE_TO_LENGTH = frozenset({"Broadcast", "Reshape", "Tile"})
_LOOPS = frozenset({"TensorIterator", "Loop"})
_SEQUENCES = frozenset({"GRUSequence", "LSTMSequence", "RNNSequence"})
_CELLS = frozenset({"GRUCell", "LSTMCell", "RNNCell"})


def with_lanes(model: ov.Model, lanes: int) -> ov.Model:
    """A copy of ``model`` for ``lanes`` utterances, with the input ``restart`` behind its own.

    Raises UnsupportedModelError where the first axis of an input, of a variable or of an output is no batch of one, or
    where an operation mixes what lies along it. What shapes do not tell is for a trial to find out
    (:mod:`ov_asr_score.scoring.lockstep.lane_independence`).
    """
    changed = model.clone()
    for port in changed.inputs:
        shape = port.get_partial_shape()
        if shape.rank.is_dynamic or len(shape) < 2 or not _is_batch_of_one(shape):
            raise UnsupportedModelError(
                f"input '{describe_output(port).name}' {shape} has no axis for several utterances"
            )
        shape[0] = ov.Dimension(lanes)
        port.get_node().set_partial_shape(shape)
    restart = named_parameter(RESTART_INPUT, [lanes, 1])
    operations = changed.get_ordered_ops()
    laned = {node.get_name() for node in changed.get_parameters()}
    _widen(operations, laned, lanes)
    begins = opset.greater(restart, opset.constant(np.full((1, 1), 0.5, np.float32)))
    for node in operations:
        if node.get_type_name() == "ReadValue":
            _restart_variable(node, begins, laned, lanes)
    changed.add_parameters([restart])
    for variable in changed.get_variables():
        info = variable.get_info()
        shape = info.data_shape
        if not shape.rank.is_dynamic and len(shape):  # else it takes that of what is read
            shape[0] = ov.Dimension(lanes)
            info.data_shape = shape
            variable.update(info)
    try:
        # not reshape(), which in case of an error validates the old shapes again and tells of that
        changed.validate_nodes_and_infer_types()
    except RUNTIME_ERRORS as error:
        raise UnsupportedModelError(f"cannot take {lanes} utterances at a time: {first_cause(error)}") from error
    kept = [sink.input_value(0) for sink in changed.get_sinks()]
    read = [node.output(0) for node in operations if node.get_type_name() == "ReadValue"]
    for output in [*changed.outputs, *kept, *read]:
        output_shape = shape_of(output.get_partial_shape())
        if not output_shape or output_shape[0] != lanes:
            name = min(output.get_names(), default=output.get_node().get_friendly_name())
            raise UnsupportedModelError(
                f"cannot take {lanes} utterances at a time: '{name}' would be {output.get_partial_shape()}"
            )
    return changed


def _is_batch_of_one(shape: ov.PartialShape) -> bool:
    return bool(shape[0].is_dynamic or shape[0].get_length() == 1)


def _restart_variable(node: Any, begins: ov.Node, laned: set[str], lanes: int) -> None:
    """Let the initial value of the variable be read where ``begins`` holds."""
    shape = node.get_output_partial_shape(0)
    if shape.rank.is_dynamic or not len(shape) or not _is_batch_of_one(shape) or not node.inputs():
        raise UnsupportedModelError(f"variable '{node.get_friendly_name()}' {shape} has no axis for several utterances")
    readers = [port for output in node.outputs() for port in output.get_target_inputs()]
    initial = node.input_value(0)
    if initial.get_node().get_name() not in laned:
        node.input(0).replace_source_output(_repeated(initial, lanes))
    axes = opset.constant(np.array([lanes, *[1] * (len(shape) - 1)], np.int64))
    condition = opset.reshape(begins, axes, special_zero=False)
    chosen = opset.select(condition, initial, node)
    chosen.set_friendly_name(f"{node.get_friendly_name()}/restarted")
    for port in readers:
        port.replace_source_output(chosen.output(0))


def _widen(operations: Iterable[Any], laned: set[str], lanes: int) -> None:
    """Change constants that fix a batch of one in ``operations`` to ``lanes``.

    ``laned`` are the names of nodes with lanes, those that feed the operations, and in the end all. Shapes are still
    those for one utterance.
    """
    lengths: set[str] = set()  # nodes that compute with the lengths of what has lanes
    for node in operations:
        kind = node.get_type_name()
        sources = [port.get_source_output().get_node().get_name() for port in node.inputs()]
        inputs = [name in laned for name in sources]
        measured = not lengths.isdisjoint(sources) or (kind == "ShapeOf" and any(inputs))
        if kind == "ShapeOf" or (measured and not any(inputs) and kind not in _MADE_TO_LENGTH):
            lengths.update([node.get_name()] if measured else [])
            continue
        if kind == "ReadValue" or measured or any(inputs):
            laned.add(node.get_name())
        if not any(inputs) or kind == "ReadValue":
            continue
        if kind in _LOOPS:
            _widen_loop(node, inputs, lanes)
        elif kind in _SEQUENCES or kind in _CELLS:
            # data, states and lengths come before the weights
            count = {"LSTMSequence": 4, "LSTMCell": 3}.get(kind, 3 if kind in _SEQUENCES else 2)
            _repeat_inputs(node, [index for index in range(count) if not inputs[index]], lanes)
        elif kind in _RULES:
            _RULES[kind](node, inputs, lanes)


def _widen_loop(node: Any, inputs: list[bool], lanes: int) -> None:
    body_parameters = node.get_function().get_parameters()
    within: set[str] = set()
    for description in node.get_input_descriptions():
        index, is_merged = description.input_index, "Merged" in type(description).__name__
        if is_merged and not inputs[index]:
            _repeat_inputs(node, [index], lanes)
        if is_merged or inputs[index]:
            within.add(body_parameters[description.body_parameter_index].get_name())
    _widen(node.get_function().get_ordered_ops(), within, lanes)


def _widen_reshape(node: Any, inputs: list[bool], lanes: int) -> None:
    pattern = _integers(node, 1)
    if pattern is None or not inputs[0] or not pattern.size:
        return
    copies = pattern[0] == 0 and node.get_attributes().get("special_zero", True)
    if pattern[0] != -1 and not copies:
        pattern[0] *= lanes
        _set_integers(node, 1, pattern)


def _widen_broadcast(node: Any, inputs: list[bool], lanes: int) -> None:
    target = _integers(node, 1)
    if target is not None and inputs[0] and target.size:
        target[0] *= lanes
        _set_integers(node, 1, target)


def _widen_concat(node: Any, inputs: list[bool], lanes: int) -> None:
    if _counted(int(node.get_attributes()["axis"]), node) == 0:
        _refuse(node)
    _repeat_inputs(node, [index for index, has_lanes in enumerate(inputs) if not has_lanes], lanes)


def _widen_gather(node: Any, inputs: list[bool], lanes: int) -> None:
    """Rows that are chosen by number: those of a lane begin behind those of the lanes before it."""
    axis, rows, indices = _integers(node, 2), _shape(node, 0), _shape(node, 1)
    if not inputs[0] or (axis is not None and rows and axis.reshape(-1)[0] % len(rows) != 0):
        return
    if axis is None or not rows or not rows[0] or not indices or None in indices:
        _refuse(node)
        return
    begins = np.arange(lanes, dtype=np.int64) * rows[0]
    if len(indices) == 1:
        begins = np.repeat(begins, indices[0] or 0)
    elif indices[0] == 1:
        begins = begins.reshape(-1, *[1] * (len(indices) - 1))
    else:
        _refuse(node)
    chosen = node.input_value(1) if inputs[1] else _repeated(node.input_value(1), lanes)
    offsets = opset.convert_like(opset.constant(begins), chosen)
    node.input(1).replace_source_output(opset.add(chosen, offsets).output(0))


def _check_strided_slice(node: Any, _: list[bool], lanes: int) -> None:
    """All of the first axis is taken, or the end is moved behind the last lane."""
    masks = {name: list(node.get_attributes()[name]) for name in ("begin_mask", "end_mask", "shrink_axis_mask")}
    others = [*node.get_attributes()["new_axis_mask"], *node.get_attributes()["ellipsis_mask"]]
    begin, end, strides = (_integers(node, index) if index < len(node.inputs()) else None for index in (1, 2, 3))
    length = _first_length(node)
    if any(others[:1]) or any(masks["shrink_axis_mask"][:1]) or (strides is not None and strides[0] != 1):
        _refuse(node)
    if not any(masks["begin_mask"][:1]) and (begin is None or begin[0] != 0):
        _refuse(node)
    if not any(masks["end_mask"][:1]):
        if end is None or end[0] < length:
            _refuse(node)
        else:
            end[0] = max(end[0], length * lanes)
            _set_integers(node, 2, end)


def _check_slice(node: Any, _: list[bool], lanes: int) -> None:
    starts, stops, steps = (_integers(node, index) for index in (1, 2, 3))
    axes = _integers(node, 4) if len(node.inputs()) > 4 else np.arange(0 if starts is None else len(starts))
    if starts is None or stops is None or steps is None or axes is None:
        # The ends may depend on the data; on which axes they lie must be known.
        if axes is None or any(_counted(int(axis), node) == 0 for axis in axes):
            _refuse(node)
        return
    for place, axis in enumerate(axes):
        if _counted(int(axis), node) == 0:
            if starts[place] != 0 or steps[place] != 1 or stops[place] < _first_length(node):
                _refuse(node)
            stops[place] = max(stops[place], _first_length(node) * lanes)
            _set_integers(node, 2, stops)


def _check_axis(node: Any, inputs: list[bool], _: int) -> None:
    """The axes in the second input do not include the first."""
    axes = _integers(node, 1) if len(node.inputs()) > 1 else None
    if axes is None or (inputs[0] and any(_counted(int(axis), node) == 0 for axis in axes.reshape(-1))):
        _refuse(node)


def _check_unsqueeze(node: Any, _: list[bool], __: int) -> None:
    axes = _integers(node, 1)
    rank = len(node.output(0).get_partial_shape())
    if axes is None or any(int(axis) % rank == 0 for axis in axes.reshape(-1)):
        _refuse(node)


def _check_transpose(node: Any, _: list[bool], __: int) -> None:
    order = _integers(node, 1)
    if order is None or order[0] != 0:
        _refuse(node)


_Rule = Callable[[Any, list[bool], int], None]
_RULES: dict[str, _Rule] = {
    "Broadcast": _widen_broadcast,
    "Concat": _widen_concat,
    "Gather": _widen_gather,
    "Reshape": _widen_reshape,
    "Slice": _check_slice,
    "Split": _check_axis,
    "Squeeze": _check_axis,
    "StridedSlice": _check_strided_slice,
    "Transpose": _check_transpose,
    "Unsqueeze": _check_unsqueeze,
    "VariadicSplit": _check_axis,
    **{f"Reduce{name}": _check_axis for name in ("L1", "L2", "LogicalAnd", "LogicalOr", "Max", "Mean", "Min", "Sum")},
}


def _refuse(node: Any) -> None:
    raise UnsupportedModelError(
        f"cannot take several utterances at a time: '{node.get_friendly_name()}' ({node.get_type_name()}) works along "
        "the first axis"
    )


def _integers(node: Any, index: int) -> NDArray[np.int64] | None:
    """A copy of the constant that input ``index`` is; None for one that is computed."""
    source = node.input_value(index).get_node()
    return np.array(source.get_data(), np.int64) if source.get_type_name() == "Constant" else None


def _set_integers(node: Any, index: int, values: NDArray[np.int64]) -> None:
    # the constant may have other readers, so that it stays as it is
    node.input(index).replace_source_output(opset.constant(values).output(0))


def _repeat_inputs(node: Any, indices: Iterable[int], lanes: int) -> None:
    for index in indices:
        node.input(index).replace_source_output(_repeated(node.input_value(index), lanes))


def _repeated(value: ov.Output, lanes: int) -> ov.Output:
    """``value`` [N, …] for each lane, [lanes · N, …]."""
    repeats = np.ones(len(value.get_partial_shape()), np.int64)
    repeats[0] = lanes
    return opset.tile(value, opset.constant(repeats)).output(0)


def _shape(node: Any, index: int) -> tuple[int | None, ...] | None:
    return shape_of(node.input_value(index).get_partial_shape())


def _counted(axis: int, node: Any) -> int:
    """The axis of the first input, counted from the front."""
    rank = len(_shape(node, 0) or ())
    return axis % rank if rank else 0


def _first_length(node: Any) -> int:
    shape = _shape(node, 0)
    return (shape[0] or 1) if shape else 1
