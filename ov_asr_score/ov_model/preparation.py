"""Change a model for scoring before it is compiled: layouts, float32 ports, batch."""

from __future__ import annotations

import re
from collections.abc import Collection

from ov_asr_score.errors import UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov, preprocess
from ov_asr_score.ov_model.model_description import describe_output, describe_ports, shape_of

_LAYOUT_ITEM = re.compile(r"\s*(?P<name>[^\[\],]*)\[(?P<letters>[A-Za-z0-9?.,* ]+)\]\s*(,|$)")


def parse_layouts(text: str) -> dict[str, str]:
    """Layout letters by input name from ``in0[NC],in1[NTC]``; the key is empty for a bare ``[NC]`` (all inputs).

    Raises UsageError where the text does not follow that form.
    """
    layouts: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _LAYOUT_ITEM.match(text, position)
        if match is None:
            raise UsageError(
                f"layout '{text}': expected name[LETTERS] or [LETTERS], found '{text[position:][:20]}'",
                fields=("layout",),
            )
        layouts[match["name"].strip()] = match["letters"].replace(",", "").replace(" ", "").upper()
        position = match.end()
    if not layouts:
        raise UsageError("layout: expected name[LETTERS] or [LETTERS], found nothing", fields=("layout",))
    return layouts


def use_float32_ports(model: ov.Model, others: Collection[str] = ()) -> ov.Model:
    """The model with float32 at every input and output but ``others``; the conversions become part of the graph."""
    all_inputs, all_outputs = describe_ports(model)
    inputs = [i for i, port in enumerate(all_inputs) if port.element_type != "f32" and port.name not in others]
    outputs = [i for i, port in enumerate(all_outputs) if port.element_type != "f32" and port.name not in others]
    f32 = ov.Type.f32
    if not inputs and not outputs:
        return model
    steps = preprocess.PrePostProcessor(model)
    for index in inputs:
        steps.input(index).tensor().set_element_type(f32)
    for index in outputs:
        steps.output(index).tensor().set_element_type(f32)
    return steps.build()


def with_leading_dimension(model: ov.Model, inputs: list[int], size: int | None, *, follow: bool = True) -> ov.Model:
    """A copy of ``model`` whose ``inputs`` have ``size`` as their first dimension (None: any size).

    Raises UnsupportedModelError when the graph fixes its batch somewhere inside; with ``follow`` also when the first
    dimension of an output does not become ``size``.
    """
    changed = model.clone()
    shapes = {}
    for index in inputs:
        shape = changed.inputs[index].get_partial_shape()
        shape[0] = ov.Dimension.dynamic() if size is None else ov.Dimension(size)
        shapes[index] = shape
    try:
        changed.reshape(shapes)
    except RUNTIME_ERRORS as error:
        raise UnsupportedModelError(
            f"the model cannot take batch size {size or 'any'}: {first_cause(error)}"
        ) from error
    for output in changed.outputs if follow else ():
        shape = shape_of(output.get_partial_shape())
        if shape is None or not shape or shape[0] not in (size, None):
            raise UnsupportedModelError(
                f"the model cannot take batch size {size or 'any'}: output '{describe_output(output).name}' would have "
                f"shape {output.get_partial_shape()}; it fixes its batch inside the graph"
            )
    return changed
