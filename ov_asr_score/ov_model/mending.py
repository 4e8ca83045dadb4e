"""Mend graphs that the CPU plugin would score wrongly in silence.

CPU plugins of 2025 and 2026 build a Concat whose result is kept by an Assign directly in the variable's memory. Where a
model input is one of its parts, that part is read before it is written, and the scores are wrong (2023.3 is right)::

    Parameter ──────────────┐                       Parameter ── Power(1) ─────┐
                            ├─ Concat ─ Assign  →                              ├─ Concat ─ Assign
    ReadValue ─ slice ──────┘                       ReadValue ─ slice ─────────┘

This is the splice memory of every Kaldi TDNN that Model Optimizer converted. A power of one is computed and not
optimized away, gives back every float32 as it was, and lets NaN pass (Clamp and Maximum, which help too, swallow it).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ov_asr_score.openvino_api import opset, ov

# Operations that the plugin may execute in place: they hand on memory, not new values.
_VIEWS = frozenset({"Reshape", "Squeeze", "Unsqueeze", "Convert", "Transpose", "Identity", "Split", "VariadicSplit"})


def mend_memory_concats(model: ov.Model) -> int:
    """Number of input edges that were mended in ``model`` (see the module's text); the model is changed in place."""
    edges = [
        (port, source)
        for node in model.get_ordered_ops()
        if node.get_type_name() == "Concat" and _reaches_assign(node)
        for port, source in ((port, port.get_source_output()) for port in node.inputs())
        if _comes_from_parameter(source)
    ]
    for port, source in edges:
        one = opset.constant(np.array(1.0, dtype=np.float32))
        exponent = opset.convert_like(one, source) if source.get_element_type() != ov.Type.f32 else one
        power = opset.power(source, exponent)
        power.set_friendly_name(f"{source.get_node().get_friendly_name()}/kept_apart")
        port.replace_source_output(power.output(0))
    if edges:
        model.validate_nodes_and_infer_types()
    return len(edges)


def _reaches_assign(node: Any) -> bool:
    pending, seen = [node], set()
    while pending:
        current = pending.pop()
        for output in current.outputs():
            for target in output.get_target_inputs():
                user = target.get_node()
                if user.get_type_name() == "Assign":
                    return True
                name = user.get_name()
                if name not in seen and user.get_type_name() in _VIEWS | {"Concat", "StridedSlice", "Slice", "Crop"}:
                    seen.add(name)
                    pending.append(user)
    return False


def _comes_from_parameter(source: Any) -> bool:
    node = source.get_node()
    while node.get_type_name() in _VIEWS | {"StridedSlice", "Slice"}:
        node = node.input_value(0).get_node()
    return bool(node.get_type_name() == "Parameter")
