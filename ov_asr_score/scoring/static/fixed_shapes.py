"""Models with all their shapes fixed.

Tests: tests/scoring/static/test_static_planning.py
"""

from __future__ import annotations

from typing import Any

from ov_asr_score.errors import DeviceError, UnsupportedModelError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.model_description import describe_ports, shape_of
from ov_asr_score.ports import shape_text
from ov_asr_score.scoring.requests.static_runner import Shapes
from ov_asr_score.scoring.static.feeding import Feeding


def request_shapes(model: ov.Model, feeding: Feeding, frames: int) -> Shapes:
    """The shapes of all inputs for a request with so many frames; of those that take no features, [1, …]."""
    inputs, _ = describe_ports(model)
    by_name = {fit.name: fit for fit in feeding.fits}
    shapes = []
    for port in inputs:
        own = port.shape or ()
        fit = by_name.get(port.name)
        if fit is None:
            shapes.append(tuple(1 if length is None else length for length in own))
        else:
            shapes.append(fit.shape_for(frames))
    return tuple(shapes)


def reshaped(model: ov.Model, shapes: Shapes) -> ov.Model:
    """A copy of the model with static shapes. Raises DeviceError where it cannot have them."""
    changed = model.clone()
    texts = " ".join(map(shape_text, shapes))
    try:
        changed.reshape({index: ov.PartialShape(list(shape)) for index, shape in enumerate(shapes)})
    except RUNTIME_ERRORS as error:
        raise DeviceError(f"the model cannot take {texts}: {first_cause(error)}") from error
    for output in changed.outputs:
        if None in (shape_of(output.get_partial_shape()) or (None,)):
            raise UnsupportedModelError(
                f"output '{output.get_node().get_friendly_name()}' {output.get_partial_shape()} has a free shape "
                f"with inputs {texts}: the model cannot have static shapes"
            )
    free = next((node for node in changed.get_ordered_ops() if _is_free(node)), None) if changed.is_dynamic() else None
    if free is not None:
        raise UnsupportedModelError(
            f"layer '{free.get_friendly_name()}' ({free.get_type_name()}) has a free shape for inputs {texts}: the "
            "model cannot have static shapes"
        )
    return changed


def _is_free(node: Any) -> bool:
    return any(output.get_partial_shape().is_dynamic for output in node.outputs())
