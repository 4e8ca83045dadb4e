"""How far back the variables of a model remember, where its graph tells."""

from __future__ import annotations

from math import prod
from typing import Any

from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.model_description import shape_of

_VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Convert", "Power", "Clamp"})
_SLICES = frozenset({"StridedSlice", "Slice", "Crop", "VariadicSplit", "Split"})


def memory_span(model: ov.Model) -> int | None:
    """Earlier frames that a score depends on, when every variable is a splice memory; None when any is recurrent.

    A splice memory of K frames drops its oldest frame and appends the new one::

        ReadValue [1, K·D] ─ slice [1, (K-1)·D] ─┐
                                                  ├─ Concat [1, K·D] ─ Assign
        new frame [1, D] ────────────────────────┘

    Such memories one upon the other add their spans of K-1 frames; of those side by side the longest counts.
    """
    spans = {}
    for sink in model.get_sinks():
        if sink.get_type_name() == "Assign":
            concat = _skip_views(sink.input_value(0))
            span = _earlier_frames(concat)
            if span is None:
                return None
            spans[concat.get_name()] = span
    reached: dict[str, int] = {}
    for node in model.get_ordered_ops():
        below = [reached[port.get_source_output().get_node().get_name()] for port in node.inputs()]
        reached[node.get_name()] = max(below, default=0) + spans.get(node.get_name(), 0)
    return max(reached.values(), default=0)


def _earlier_frames(concat: Any) -> int | None:
    """K-1 for the Concat of a splice memory of K frames; None for any other node."""
    if concat.get_type_name() != "Concat":
        return None
    parts = [port.get_source_output() for port in concat.inputs()]
    new = [part for part in parts if not _is_kept_part(part)]
    if len(new) != 1 or len(parts) == 1:
        return None
    total, step = shape_of(concat.get_output_partial_shape(0)), shape_of(new[0].get_partial_shape())
    if not total or not step or None in total or None in step:
        return None
    return prod(length or 1 for length in total) // prod(length or 1 for length in step) - 1


def _is_kept_part(output: Any) -> bool:
    node = _skip_views(output)
    if node.get_type_name() not in _SLICES:
        return False
    return bool(_skip_views(node.input_value(0)).get_type_name() == "ReadValue")


def _skip_views(output: Any) -> Any:
    node = output.get_node()
    while node.get_type_name() in _VIEWS:
        node = node.input_value(0).get_node()
    return node
