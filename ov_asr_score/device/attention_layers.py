"""Attention that CPU plugins compute wrongly after a request with a single key.

The CPU plugin of OpenVINO 2026 makes one operation of MatMul, Softmax and MatMul, and compiles it for the shapes of the
first request of each stream. If there was one key in it (an utterance of one frame, or the first step of a cache that
grows), all later requests with more keys get wrong scores, infinite ones too, without an error; if there were more, all
requests are right. Without the plugin's fusion (snippets) attention is right and takes 1.3 to 1.8 times as long, so
only requests that are short go without it, and models whose variables may hold a cache.

The plugin of 2023.3 is right there, but wrong where the number of keys is fixed, at most lengths.
"""

from __future__ import annotations

from typing import Any

from ov_asr_score.openvino_api import ov, version

FEW_FRAMES = 64
"""Requests of fewer frames may have a single key, behind layers that subsample or look to the sides."""

_HANDS_ON = frozenset(
    {"Convert", "Reshape", "Squeeze", "Transpose", "Unsqueeze", "Identity", "Concat", "Multiply", "Select"}
)
_MOST_STEPS = 4


def has_attention(model: ov.Model) -> bool:
    """Whether a MatMul of ``model`` takes what a Softmax over a free number of keys gives."""
    return any(
        node.get_type_name() == "ScaledDotProductAttention"
        or (node.get_type_name() == "Softmax" and _is_over_free_axis(node) and _goes_to_matmul(node, _MOST_STEPS))
        for node in model.get_ordered_ops()
    )


def is_fused_wrongly(model: ov.Model) -> bool:
    """Whether the CPU plugin of this release makes wrong attention of ``model`` for all requests."""
    return version().startswith("2023.") and any(
        node.get_type_name() == "Softmax" and not _is_over_free_axis(node) and _goes_to_matmul(node, _MOST_STEPS)
        for node in model.get_ordered_ops()
    )


def _is_over_free_axis(node: Any) -> bool:
    shape = node.get_output_partial_shape(0)
    axis = int(node.get_attributes().get("axis", -1))
    return bool(shape.rank.is_dynamic or shape[axis % len(shape)].is_dynamic)


def _goes_to_matmul(node: Any, steps: int) -> bool:
    users = [port.get_node() for output in node.outputs() for port in output.get_target_inputs()]
    return any(
        user.get_type_name() == "MatMul"
        or (steps and user.get_type_name() in _HANDS_ON and _goes_to_matmul(user, steps - 1))
        for user in users
    )
