"""Repair graphs that the CPU plugin would silently score wrongly.

CPU plugins of 2025 and 2026 let a Concat whose result is kept by an Assign, or the Assign itself, work directly in the
memory of the variable. Where a model input goes in there as it is, it is read before it is written, and the scores are
wrong (2023.3 is right). A power of one keeps them apart::

    Parameter ──────────────┐                       Parameter ── Power(1) ─────┐
                            ├─ Concat ─ Assign  →                              ├─ Concat ─ Assign
    ReadValue ─ slice ──────┘                       ReadValue ─ slice ─────────┘

This is the splice memory of every Kaldi TDNN that Model Optimizer converted. A power of one is computed and not
optimized away, gives back every float32 as it was, and lets NaN pass (Clamp and Maximum, which help too, swallow it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from ov_asr_score.openvino_api import opset, ov

# Operations that hand on memory, or may turn out to: the plugin drops a Pad by nothing, a Gather of everything or a
# sum with zero. One Power too many costs nothing, so whatever is not sure to compute new values stands here.
_COMPUTE_NOTHING = {
    "Broadcast",
    "Concat",
    "Convert",
    "ConvertLike",
    "Crop",
    "DepthToSpace",
    "Gather",
    "Identity",
    "Pad",
}
_COMPUTE_NOTHING |= {"Reshape", "Roll", "ScatterUpdate", "ShuffleChannels", "Slice", "SpaceToDepth", "Split", "Squeeze"}
_COMPUTE_NOTHING |= {"StridedSlice", "Tile", "Transpose", "Unsqueeze", "VariadicSplit"}
_HANDED_ON = frozenset(_COMPUTE_NOTHING | {"Add", "Divide", "Multiply", "Subtract"})

KEPT_APART = "/kept_apart_"
"""What the names of inserted operations have behind the name of their input."""


def repair_memory_concats(model: ov.Model) -> int:
    """Number of edges that were repaired in ``model`` (see the module's text); the model is changed in place."""
    into_memory = _reachable([sink for sink in model.get_sinks() if sink.get_type_name() == "Assign"], _sources)
    from_inputs = _reachable(model.get_parameters(), _users)
    edges = [
        (port, port.get_source_output())
        for node in model.get_ordered_ops()
        if node.get_type_name() in ("Concat", "Assign") and node.get_name() in into_memory
        for port in node.inputs()
        if port.get_source_output().get_node().get_name() in from_inputs
        and port.get_source_output().get_node().get_type_name() != "Concat"  # its own inputs are repaired
        and port.get_source_output().get_element_type().is_real()
    ]
    for number, (port, source) in enumerate(edges):
        one = opset.constant(np.array(1.0, dtype=np.float32))
        exponent = opset.convert_like(one, source) if source.get_element_type() != ov.Type.f32 else one
        power = opset.power(source, exponent)
        power.set_friendly_name(f"{source.get_node().get_friendly_name()}{KEPT_APART}{number}")
        port.replace_source_output(power.output(0))
    if edges:
        model.validate_nodes_and_infer_types()
    return len(edges)


def _reachable(starts: Iterable[Any], step: Callable[[Any], list[Any]]) -> set[str]:
    """Names of ``starts`` and of all nodes that ``step`` leads to from them through operations that hand on memory."""
    pending = list(starts)
    seen = {node.get_name() for node in pending}
    while pending:
        for node in step(pending.pop()):
            if node.get_name() not in seen and node.get_type_name() in _HANDED_ON:
                seen.add(node.get_name())
                pending.append(node)
    return seen


def _sources(node: Any) -> list[Any]:
    return [port.get_source_output().get_node() for port in node.inputs()]


def _users(node: Any) -> list[Any]:
    return [port.get_node() for output in node.outputs() for port in output.get_target_inputs()]
