from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.convert.tensors.frame_slices import pad_frames, select_frames, slice_frames
from ov_asr_score.openvino_api import opset, ov

FRAMES = np.arange(2 * 5 * 3, dtype=np.float32).reshape(2, 5, 3) + 1


def result(build: Callable[[ov.Output], ov.Output]) -> NDArray[Any]:
    """The output of ``build`` for ``FRAMES``, in a graph for any number of utterances and frames."""
    x = opset.parameter(ov.PartialShape([-1, -1, 3]), np.float32)
    model = ov.Model([opset.result(build(x.output(0)))], [x])
    return np.array(ov.Core().compile_model(model, "CPU")([FRAMES])[0])


@pytest.mark.parametrize(("start", "stop", "step"), [(1, None, 1), (0, -2, 1), (-3, -1, 1), (1, 4, 2), (0, None, 3)])
def test_slices_are_those_of_numpy(start: int, stop: int | None, step: int) -> None:
    found = result(lambda x: slice_frames(x, start, stop, step))
    np.testing.assert_array_equal(found, FRAMES[:, start:stop:step])


@pytest.mark.parametrize("mode", ["constant", "edge"])
def test_frames_are_added_on_both_sides(mode: str) -> None:
    expected = np.pad(FRAMES, ((0, 0), (2, 1), (0, 0)), mode)  # type: ignore[call-overload]
    np.testing.assert_array_equal(result(lambda x: pad_frames(x, 2, 1, mode)), expected)


def test_frames_are_chosen_by_a_mask() -> None:
    flags = np.array([1, 0, 0, 1, 1], np.bool_).reshape(1, 5, 1)
    zeros = result(lambda x: select_frames(opset.constant(flags).output(0), x))
    np.testing.assert_array_equal(zeros, np.where(flags, FRAMES, 0))
    negated = result(lambda x: select_frames(opset.constant(flags).output(0), x, opset.negative(x).output(0)))
    np.testing.assert_array_equal(negated, np.where(flags, FRAMES, -FRAMES))
