from __future__ import annotations

import numpy as np
import pytest

from tests.convert.frame_layers import assert_equal, check, component, converted, scores
from tests.convert.numpy_reference import reference

KINDS = ("Sigmoid", "Tanh", "RectifiedLinear", "Softmax", "LogSoftmax")


@pytest.mark.parametrize("kind", KINDS)
def test_every_element_is_what_kaldi_defines(kind: str) -> None:
    check(component(kind, Dim=9), 9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [20.0, 80.0, 500.0])
def test_large_values(kind: str, size: float) -> None:
    frames = np.random.default_rng(3).uniform(-size, size, (2, 40, 7)).astype(np.float32)
    part = component(kind, Dim=7)
    assert_equal(scores(converted(part, 7), frames), reference(part, frames))


def test_softmax_has_a_floor_and_log_softmax_has_none() -> None:
    frames = np.array([[[0.0, -100.0, -1000.0]]], np.float32)
    shares = scores(converted(component("Softmax", Dim=3), 3), frames)
    assert shares[0, 0].tolist() == [1.0, np.float32(1e-20), np.float32(1e-20)]
    logs = scores(converted(component("LogSoftmax", Dim=3), 3), frames)
    assert logs[0, 0].tolist() == [0.0, -100.0, -1000.0]


@pytest.mark.parametrize("kind", ["Sigmoid", "Tanh", "RectifiedLinear", "Softmax"])
def test_nnet2_has_the_same_functions(kind: str) -> None:
    check(component(kind, Dim=9), 9, generation=2)
