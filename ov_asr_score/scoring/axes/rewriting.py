"""Graphs whose inputs and outputs have the usual order of axes; what is transposed is transposed inside.

An input with T becomes [1, T, D], one without [N, D] or [1, D]; an output becomes rows [T, C], or [1, C] for a vector::

    features [1, T, D] ─ Transpose ─ Reshape ─ …  the graph as it was  … ─ Transpose ─ Reshape ─ Result [T, C]

Tests: tests/scoring/axes/test_usual_model.py
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ov_asr_score.convert.tensors.named_ports import named_parameter
from ov_asr_score.openvino_api import opset, ov
from ov_asr_score.scoring.axes.output_axes import OutputAxes
from ov_asr_score.scoring.axes.readings import axis_order, single_axes


def with_usual_input(model: ov.Model, index: int, letters: str, values: Sequence[int]) -> None:
    """Give input ``index``, whose axes are ``letters``, the usual order; ``values`` are the lengths of its C axes.

    The model is changed in place, and keeps the number and the names of the input. Its other inputs and the shapes of
    inner layers stay as they are until the model is validated.
    """
    old = model.inputs[index].get_node()
    shape, names = old.get_partial_shape(), set(old.output(0).get_names())
    width = int(np.prod(values, dtype=np.int64)) if values else 1
    free = {letter: _length(shape[letters.index(letter)]) for letter in "NT" if letter in letters}
    usual = [1, free["T"], width] if "T" in letters else [free.get("N", 1), width]
    new = named_parameter(old.get_friendly_name(), usual)
    new.output(0).get_tensor().set_names(names)
    new.set_layout(ov.Layout("NTC" if "T" in letters else "NC"))
    outer = "NT" if "T" in letters else "N"  # what comes before the values, in this order
    # [N, T, D] -> [N, T, C, C …]
    value = opset.reshape(new, _integers([*[0] * len(outer), *values]), special_zero=True) if len(values) != 1 else new
    order = axis_order(letters)
    if "N" not in letters:
        value = opset.squeeze(value, _integers([0]))
        order = [place - 1 for place in order]
    if order != sorted(order):
        value = opset.transpose(value, _integers(order))
    single = single_axes(letters)
    if single:
        value = opset.unsqueeze(value, _integers(single))
    for reader in list(old.output(0).get_target_inputs()):
        reader.replace_source_output(value.output(0))
    model.replace_parameter(index, new)


def with_usual_outputs(model: ov.Model, wanted: Sequence[tuple[int, OutputAxes, str]]) -> None:
    """Let the outputs of ``model`` be the ``wanted`` ones (number, axes and name of each), in the usual order of axes.

    The model is changed in place. Outputs that have the usual order already stay as they are.
    """
    old = list(model.get_results())
    sources = [result.input_value(0) for result in old]
    results = []
    for number, axes, name in wanted:
        rows = _rows(sources[number], axes)
        if rows is not sources[number]:
            rows.get_tensor().set_names({name})
        results.append(opset.result(rows))
    for result in old:
        model.remove_result(result)
    model.add_results(results)


def _rows(source: Any, axes: OutputAxes) -> Any:
    rank = len(source.get_partial_shape())
    if axes.is_usual([None] * rank):
        return source
    time, values = axes.time, list(axes.values)
    value: Any = source
    if axes.head is not None:
        value = opset.gather(value, _integers([axes.chosen]), _integers(axes.head)).output(0)
    order = [*([time] if time is not None else []), *values]
    order = [*order, *(axis for axis in range(rank) if axis not in order)]
    if order != list(range(rank)):
        value = opset.transpose(value, _integers(order)).output(0)
    target = [-1 if time is not None else 1, axes.width]
    return opset.reshape(value, _integers(target), special_zero=False).output(0)


def _length(dimension: Any) -> int:
    return -1 if dimension.is_dynamic else int(dimension.get_length())


def _integers(values: Sequence[int] | int) -> Any:
    return opset.constant(np.array(values, np.int64))
