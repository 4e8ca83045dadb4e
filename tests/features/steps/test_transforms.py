from __future__ import annotations

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.features.steps.transforms import compose_transforms, live_transform, transform
from ov_asr_score.kaldi_io import load_array
from tests.features.steps.kaldi_post import BASE, FEATURES, UTT2SPK, assert_same, in_pieces, table

DELTAS = table("post/deltas.ark")
SQUARE, LINEAR, AFFINE = (
    load_array(str(FEATURES / "post" / f"{name}.txt")) for name in ("square", "lda_linear", "lda_affine")
)
ROWS = DELTAS["es_Annie-t0024"]


@pytest.mark.parametrize("name", ["square", "linear", "affine"])
def test_transforms_of_kaldi(name: str) -> None:
    matrix = {"square": SQUARE, "linear": LINEAR, "affine": AFFINE}[name]
    source = BASE if name == "square" else DELTAS
    assert_same({key: transform(rows, matrix) for key, rows in source.items()}, f"transform_{name}", 1e-5)


def test_transforms_per_speaker_of_kaldi() -> None:
    matrices = table("post/spk_trans.txt")
    made = {key: transform(rows, matrices[UTT2SPK[key]]) for key, rows in BASE.items() if UTT2SPK[key] in matrices}
    assert_same(made, "transform_per_spk", 1e-5)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("columns", [39, 40])
@pytest.mark.parametrize("outputs", [1, 20, 77])
def test_pieces_give_the_same_bits(seed: int, columns: int, outputs: int) -> None:
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((outputs, columns)).astype(np.float32)
    rows = random.standard_normal((200, 39)).astype(np.float32)
    np.testing.assert_array_equal(in_pieces(live_transform(matrix), rows, seed), transform(rows, matrix))


def test_widths_that_do_not_fit() -> None:
    message = r"transform of 20 x 40: expected .* 40 columns \(39 .* found 30"
    with pytest.raises(ShapeMismatchError, match=message):
        transform(ROWS[:, :30], AFFINE)
    with pytest.raises(ShapeMismatchError, match=message):
        live_transform(AFFINE).accept(ROWS[:, :30])
    with pytest.raises(ShapeMismatchError, match="expected a matrix"):
        transform(ROWS, ROWS[0])


def test_no_rows() -> None:
    assert transform(ROWS[:0], LINEAR).shape == (0, 20)
    assert transform(np.zeros((0, 0), np.float32), LINEAR).shape == (0, 20)


@pytest.mark.parametrize("first_is_affine", [False, True])
def test_composed_transforms_do_both(first_is_affine: bool) -> None:
    random = np.random.default_rng(3)
    first = random.standard_normal((12, 14 if first_is_affine else 13)).astype(np.float32)
    second = random.standard_normal((5, 13)).astype(np.float32)
    both = compose_transforms(second, first, first_is_affine=first_is_affine)
    assert both.shape == (5, 14)
    rows = BASE["es_Annie-t0024"]
    np.testing.assert_allclose(transform(rows, both), transform(transform(rows, first), second), rtol=1e-3, atol=2e-3)


def test_composed_linear_transforms() -> None:
    np.testing.assert_allclose(compose_transforms(SQUARE, SQUARE), SQUARE @ SQUARE, rtol=1e-6)
    with pytest.raises(ShapeMismatchError, match=r"20 x 40 after one of 13 x 13: expected 13 or 14 columns, found 40"):
        compose_transforms(AFFINE, SQUARE)
