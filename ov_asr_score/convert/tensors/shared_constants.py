"""Constants that hold the same values become one: a component that several nodes use is kept once."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import numpy as np

from ov_asr_score.openvino_api import ov

# Below this many values a constant costs less than looking for its like.
_WORTH_SHARING = 64


def share_constants(model: ov.Model) -> int:
    """Number of constants of ``model`` that were replaced by others with the same values; loops stay as they are."""
    kinds: dict[tuple[str, tuple[int, ...]], list[Any]] = {}
    for node in model.get_ops():
        if node.get_type_name() == "Constant" and np.prod(node.get_output_shape(0)) >= _WORTH_SHARING:
            key = (str(node.get_output_element_type(0)), tuple(node.get_output_shape(0)))
            kinds.setdefault(key, []).append(node)
    replaced = 0
    for nodes in kinds.values():
        kept: dict[int, list[Any]] = {}
        for node in nodes if len(nodes) > 1 else ():
            alike = kept.setdefault(crc32(np.ascontiguousarray(node.data).data), [])
            same = next((other for other in alike if np.array_equal(other.data, node.data, equal_nan=True)), None)
            if same is None:
                alike.append(node)
                continue
            for port in node.output(0).get_target_inputs():
                port.replace_source_output(same.output(0))
            replaced += 1
    return replaced
