"""How far back the variables of a model remember, where its graph tells."""

from __future__ import annotations

from typing import Any

from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.description import shape_of

_VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Convert", "Power", "Clamp"})
_SLICES = frozenset({"StridedSlice", "Slice", "Crop", "VariadicSplit", "Split"})


def memory_span(model: ov.Model) -> int | None:
    """Earlier frames that a score depends on, when every variable is a splice memory; None when any is recurrent.

    A splice memory of K frames drops its oldest frame and appends the new one::

        ReadValue [1, K·D] ─ slice [1, (K-1)·D] ─┐
                                                  ├─ Concat [1, K·D] ─ Assign
        new frame [1, D] ────────────────────────┘

    Such memories one upon the other add their spans of K-1 frames.
    """
    sinks = [sink for sink in model.get_sinks() if sink.get_type_name() == "Assign"]
    spans = [_splice_span(sink) for sink in sinks]
    return None if None in spans else sum(span for span in spans if span is not None)


def _splice_span(assign: Any) -> int | None:
    concat = _skip_views(assign.input_value(0))
    if concat.get_type_name() != "Concat" or concat.get_input_size() != 2:
        return None
    kept, new = concat.input_value(0), concat.input_value(1)
    if not _is_kept_part(kept):
        return None
    total = shape_of(concat.get_output_partial_shape(0))
    step = shape_of(new.get_partial_shape())
    if not total or not step or None in total or None in step:
        return None
    return int(total[-1] or 0) // int(step[-1] or 1) - 1


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
