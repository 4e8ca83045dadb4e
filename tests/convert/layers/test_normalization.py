from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component
from tests.convert.frame_layers import assert_equal, check, component, converted, scores
from tests.convert.numpy_reference import reference


@pytest.mark.parametrize("block", [12, 4, 1])
@pytest.mark.parametrize("target", [1.0, 0.35])
@pytest.mark.parametrize("logs", [False, True])
def test_frames_are_scaled_to_their_rms(block: int, target: float, logs: bool) -> None:
    check(component("Normalize", InputDim=12, BlockDim=block, TargetRms=target, AddLogStddev=logs), 12)


def test_old_files_name_the_dimension_otherwise() -> None:
    check(component("Normalize", Dim=12), 12)
    check(component("Normalize", Dim=12), 12, generation=2)


@pytest.mark.parametrize("size", [0.0, 1e-12, 1e-10, 1e-6, 1e6])
def test_frames_near_zero_are_not_blown_up(size: float) -> None:
    frames = (np.random.default_rng(0).standard_normal((1, 4, 8)) * size).astype(np.float32)
    part = component("Normalize", InputDim=8, TargetRms=0.7, AddLogStddev=True)
    assert_equal(scores(converted(part, 8), frames), reference(part, frames))


def test_blocks_that_do_not_divide_the_frame_are_named() -> None:
    part = component("Normalize", InputDim=12, BlockDim=5)
    says = "component 'layer' at byte 1234: field <BlockDim>: expected a divisor of <InputDim> 12"
    with pytest.raises(ModelFormatError, match=says):
        converted(part, 12)


def test_frames_of_nnet1_get_length_one() -> None:
    part = Component("layer", "LengthNormComponent", {"InputDim": 6}, 0)
    frames = np.random.default_rng(1).standard_normal((2, 3, 6)).astype(np.float32) * 7
    lengths = np.linalg.norm(scores(converted(part, 6, 1), frames), axis=2)
    np.testing.assert_allclose(lengths, 1, rtol=1e-6)
