from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.convert.tensors.columns import append_columns, slice_columns, split_columns
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.openvino_api import ov

WIDTHS = (4, 2, 3)


def parts() -> list[ov.Node]:
    return [op.parameter([1, 2, width], np.float32) for width in WIDTHS]


def values() -> list[NDArray[Any]]:
    return [np.arange(2 * width, dtype=np.float32).reshape(1, 2, width) + 100 * width for width in WIDTHS]


def found(outputs: list[ov.Output], inputs: list[ov.Node]) -> list[NDArray[Any]]:
    model = ov.Model([op.result(output) for output in outputs], inputs)
    compiled = ov.Core().compile_model(model, "CPU")
    result = compiled(values())
    return [np.array(result[index]) for index in range(len(outputs))]


@pytest.mark.parametrize(
    ("start", "stop", "operations"), [(0, 4, 0), (4, 6, 0), (6, 9, 0), (1, 3, 1), (7, 8, 1), (3, 5, 2), (0, 9, 1)]
)
def test_columns_of_what_was_put_side_by_side(start: int, stop: int, operations: int) -> None:
    inputs = parts()
    taken = slice_columns(append_columns([part.output(0) for part in inputs]), start, stop)
    kinds = [node.get_type_name() for node in ov.Model([op.result(taken)], inputs).get_ops()]
    assert len([kind for kind in kinds if kind in ("Slice", "Concat")]) == operations
    (result,) = found([taken], inputs)
    np.testing.assert_array_equal(result, np.concatenate(values(), axis=2)[:, :, start:stop])


@pytest.mark.parametrize(
    ("widths", "splits"), [((4, 2, 3), 0), ((1, 3, 2, 3), 1), ((1, 3, 1, 1, 2, 1), 3), ((5, 4), 1), ((9,), 0)]
)
def test_splits_that_keep_to_the_parts_cost_nothing(widths: tuple[int, ...], splits: int) -> None:
    inputs = parts()
    outputs = split_columns(append_columns([part.output(0) for part in inputs]), widths, "parts")
    kinds = [node.get_type_name() for node in ov.Model([op.result(output) for output in outputs], inputs).get_ops()]
    assert kinds.count("VariadicSplit") == splits
    cuts = np.cumsum(widths)[:-1]
    expected = np.split(np.concatenate(values(), axis=2), cuts, axis=2)
    for result, reference in zip(found(outputs, inputs), expected, strict=True):
        np.testing.assert_array_equal(result, reference)
