from __future__ import annotations

import math

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
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


@pytest.mark.parametrize(("width", "groups"), [(12, 3), (10, 10), (20, 1)])
def test_norms_of_groups(width: int, groups: int) -> None:
    check(component("Pnorm", InputDim=width, OutputDim=groups), width)


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0, 2.0, 3.0, 7.5, math.inf])
def test_other_norms_of_nnet2(p: float) -> None:
    part = component("Pnorm", InputDim=12, OutputDim=3, P=p)
    check(part, 12, generation=2)
    frames = np.zeros((1, 2, 12), np.float32)
    frames[0, 1, 5] = 3e12
    found = scores(converted(part, 12, 2), frames)
    largest = 1.0 if p == 0 else 3e12
    np.testing.assert_allclose(found[0].tolist(), [[0.0, 0.0, 0.0], [0.0, largest, 0.0]], rtol=1e-6)


@pytest.mark.parametrize(
    ("part", "says"),
    [
        (component("Normalize", InputDim=12, BlockDim=5), "BlockDim>: expected a divisor of <InputDim> 12"),
        (component("Pnorm", InputDim=12, OutputDim=5), "OutputDim>: expected a divisor of <InputDim> 12"),
        (component("Pnorm", InputDim=12, OutputDim=6, P=math.nan), "P>: expected 0 or more"),
        (component("Pnorm", InputDim=12), "expected a field <OutputDim>, found none"),
    ],
)
def test_sizes_that_do_not_fit_are_named(part: object, says: str) -> None:
    with pytest.raises(ModelFormatError, match=f"component 'layer' at byte 1234: .*{says}"):
        converted(part, 12)  # type: ignore[arg-type]
