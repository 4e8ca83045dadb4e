from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.tensors.frame_slices import pad_frames, select_frames, slice_frames
from ov_asr_score.convert.tensors.images import frames_of, image_of
from ov_asr_score.openvino_api import opset as op
from ov_asr_score.openvino_api import ov

HEIGHT, FILTERS, FRAMES = 5, 3, 7


def scores(model: ov.Model, *inputs: NDArray[Any]) -> NDArray[Any]:
    compiled = ov.Core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    return np.array(compiled(list(inputs))[0])


def between(image: ov.Output, mask: ov.Output, *, by_height: bool) -> ov.Output:
    """Layers behind a convolution, as frames."""
    random = np.random.default_rng(1)
    width = HEIGHT * FILTERS
    columns = random.standard_normal(width) if by_height else np.tile(random.standard_normal(FILTERS), HEIGHT)
    frames = op.relu(frames_of(image, width))
    frames = op.multiply(frames, op.constant(columns.reshape(1, 1, -1).astype(np.float32)))
    frames = op.add(frames, op.constant(np.float32(0.25)))
    frames = select_frames(mask, frames.output(0))
    return slice_frames(pad_frames(frames, 2, 1), 1, None, 2)


def models(*, by_height: bool = False, other_height: int = HEIGHT) -> list[ov.Model]:
    """The image behind the layers as it is found, and by way of frames."""
    found = []
    for through_frames in (False, True):
        image = op.parameter([1, FILTERS, FRAMES, HEIGHT], np.float32)
        mask = op.parameter([1, FRAMES, 1], np.bool_)
        frames = between(image.output(0), mask.output(0), by_height=by_height)
        if through_frames:
            # What computes nothing hides where the frames come from.
            frames = op.convert(op.convert(frames, "f64"), "f32").output(0)
        result = image_of(frames, other_height, HEIGHT * FILTERS // other_height, {})
        found.append(ov.Model([op.result(result)], [image, mask]))
    return found


def inputs() -> tuple[NDArray[Any], NDArray[Any]]:
    random = np.random.default_rng(2)
    image = random.standard_normal((1, FILTERS, FRAMES, HEIGHT)).astype(np.float32)
    return image, (np.arange(FRAMES) < 5).reshape(1, FRAMES, 1)


def test_layers_between_convolutions_work_on_images() -> None:
    for by_height in (False, True):
        direct, by_frames = models(by_height=by_height)
        kinds = Counter(node.get_type_name() for node in direct.get_ops())
        assert (kinds["Transpose"], kinds["Reshape"]) == (0, 0)
        np.testing.assert_array_equal(scores(direct, *inputs()), scores(by_frames, *inputs()))


def test_a_factor_that_is_the_same_at_every_height_has_none() -> None:
    direct, _ = models()
    shapes = [tuple(node.shape) for node in direct.get_ops() if node.get_type_name() == "Constant"]
    assert (1, FILTERS, 1, 1) in shapes


def test_another_height_is_another_image() -> None:
    direct, by_frames = models(other_height=3)
    assert Counter(node.get_type_name() for node in direct.get_ops())["Transpose"] == 2
    np.testing.assert_array_equal(scores(direct, *inputs()), scores(by_frames, *inputs()))


def test_frames_of_no_image_are_transposed() -> None:
    frames = op.parameter([1, FRAMES, HEIGHT * FILTERS], np.float32)
    model = ov.Model([op.result(image_of(frames.output(0), HEIGHT, FILTERS, {}))], [frames])
    values = np.random.default_rng(3).standard_normal((1, FRAMES, HEIGHT * FILTERS)).astype(np.float32)
    expected = values.reshape(1, FRAMES, HEIGHT, FILTERS).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(scores(model, values), expected)
