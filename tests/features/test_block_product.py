from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.features.block_product import BLOCK_FRAMES, MOST_WEIGHTS, BlockProduct
from ov_asr_score.features.frame_options import FrameOptions, MelOptions
from ov_asr_score.features.mel_banks import mel_banks

RANDOM = np.random.default_rng(4)


def with_empty_columns() -> NDArray[np.float32]:
    weights = RANDOM.normal(size=(30, 6)).astype(np.float32)
    weights[:, [0, 3, 5]] = 0
    return weights


@pytest.mark.parametrize(
    "weights",
    [
        mel_banks(MelOptions(80), FrameOptions()).weights,
        RANDOM.normal(size=(100, 90)).astype(np.float32),
        RANDOM.normal(size=(2 * MOST_WEIGHTS, 2)).astype(np.float32),
        RANDOM.normal(size=(3, 1)).astype(np.float32),
        with_empty_columns(),
    ],
)
def test_products(weights: NDArray[np.float32]) -> None:
    source = np.zeros((BLOCK_FRAMES, len(weights) + 1), np.float32)
    product = BlockProduct(source, weights)
    for _ in range(2):
        source[...] = RANDOM.normal(size=source.shape)
        expected = source[:, :-1].astype(np.float64) @ weights.astype(np.float64)
        np.testing.assert_allclose(product.compute(), expected, atol=1e-3)
    assert product.out is product.compute()


def test_no_product_is_for_several_threads() -> None:
    product = BlockProduct(np.zeros((BLOCK_FRAMES, 256), np.float32), mel_banks(MelOptions(80), FrameOptions()).weights)
    sizes = [weights.size for _, weights, _ in product._parts]
    assert max(sizes) <= MOST_WEIGHTS and sum(sizes) < 256 * 80 / 2 and len(sizes) < 8
