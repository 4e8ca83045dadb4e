"""Sums of several values."""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.openvino_api import opset, ov


def total(values: Sequence[ov.Output]) -> ov.Output:
    """The sum of one value or more of the same shape, added up from the first to the last."""
    result = values[0]
    for value in values[1:]:
        result = opset.add(result, value).output(0)
    return result
