from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_model.network import Component, FieldValue
from tests.convert.frame_layers import check, component, converted, scores

NAMES = (
    *("InputXDim", "InputYDim", "InputZDim"),
    *("PoolXSize", "PoolYSize", "PoolZSize"),
    *("PoolXStep", "PoolYStep", "PoolZStep"),
)


def pooling(*sizes: int) -> Component:
    fields: dict[str, FieldValue] = dict(zip(NAMES, sizes, strict=True))
    return component("Maxpooling", **fields)


@pytest.mark.parametrize(
    "sizes",
    [
        (1, 9, 4, 1, 3, 1, 1, 3, 1),
        (3, 6, 2, 3, 2, 2, 1, 2, 1),
        (4, 5, 3, 2, 3, 2, 1, 1, 1),
        (2, 4, 6, 1, 1, 3, 1, 1, 3),
        (2, 3, 2, 1, 1, 1, 1, 1, 1),
    ],
    ids=["y", "all axes", "overlapping", "z", "one column each"],
)
def test_the_largest_of_each_block(sizes: tuple[int, ...]) -> None:
    check(pooling(*sizes), sizes[0] * sizes[1] * sizes[2])


def test_maxima_have_a_floor() -> None:
    frames = np.full((1, 2, 4), -np.inf, np.float32)
    frames[0, 1] = [-3e30, -1e19, -1e21, -1e22]
    found = scores(converted(pooling(1, 4, 1, 1, 2, 1, 1, 2, 1), 4), frames)
    assert found[0].tolist() == [[np.float32(-1e20)] * 2, [np.float32(-1e19), np.float32(-1e20)]]


@pytest.mark.parametrize(
    "sizes", [(1, 8, 4, 1, 3, 1, 1, 3, 1), (1, 9, 4, 1, 3, 1, 1, 0, 1), (1, 2, 4, 1, 3, 1, 1, 1, 1)]
)
def test_blocks_that_do_not_cover_the_frame_are_named(sizes: tuple[int, ...]) -> None:
    with pytest.raises(
        ModelFormatError, match="component 'layer' at byte 1234: field <PoolYSize>: expected blocks of 3"
    ):
        converted(pooling(*sizes), sizes[0] * sizes[1] * sizes[2])
