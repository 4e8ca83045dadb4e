"""Reading final.ie, binary and text, what follows from it, and what is said of damaged files."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, OvAsrScoreError, UnsupportedModelError
from ov_asr_score.ivector.extractor_model import load_extractor_model
from tests.ivector.references import EXTRACTOR

PROJECTIONS = np.array([[[1.0, 2], [3, 4], [0, 1]], [[0, 1], [2, 5], [1, 1]]])
INVERSE = np.array([[[2.0, 0.5, 0], [0.5, 1, 0], [0, 0, 3]], np.eye(3)])
TEXT = """<IvectorExtractor> <w>  [ ]
<w_vec>  [ 0.5 0.5 ]
<M> 2  [
  1 2
  3 4
  0 1 ]
 [
  0 1
  2 5
  1 1 ]
<SigmaInv> [
2
0.5 1
0 0 3 ]
[
1
0 1
0 0 1 ]
<IvectorOffset> 65.5 </IvectorExtractor> """


def written(content: str | bytes, tmp_path: Path) -> str:
    path = tmp_path / "final.ie"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_bundled_extractor() -> None:
    model = load_extractor_model(str(EXTRACTOR / "final.ie"))
    assert (model.num_gaussians, model.feature_dim, model.ivector_dim) == (64, 40, 24)
    assert model.quadratic_terms.shape == (64, 300)
    assert model.prior_offset == pytest.approx(65.80715, abs=1e-5)


@pytest.mark.parametrize("compressed", [False, True])
def test_text(compressed: bool, tmp_path: Path) -> None:
    content = TEXT.encode()
    model = load_extractor_model(written(gzip.compress(content) if compressed else content, tmp_path))
    assert model.prior_offset == 65.5
    np.testing.assert_allclose(model.linear_terms, INVERSE @ PROJECTIONS)
    quadratic = PROJECTIONS.transpose(0, 2, 1) @ INVERSE @ PROJECTIONS
    assert model.quadratic_terms.tolist() == [[0, 0, each[1, 1]] for each in quadratic]
    assert model.first_columns.tolist() == quadratic[:, :, 0].tolist()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<M> 2", "<M> 0", "extractor at byte 53: expected one Gaussian or more, found 0"),
        ("<M> 2", "<M> 3", "projection of Gaussian 2 at byte .*: expected '\\['"),
        ("1 1 ]", "1 1 \n 1 1 ]", "projection of Gaussian 1 at byte .*: expected 3 x 2 numbers as before, found 4 x 2"),
        ("2 5", "2 nan", "projection of Gaussian 1 at byte .*: expected finite numbers, found \\[1, 1\\] is NaN"),
        ("0 0 3 ]", "0 0 3 \n 0 0 0 1 ]", "covariance of Gaussian 0 at byte .*: expected 3 rows, as projections have"),
        ("0 0 3 ]", "0 0 -3 ]", "covariance of Gaussian 0 at byte .*: expected a positive definite matrix, found"),
        ("0.5 1", "inf 1", "covariance of Gaussian 0 at byte .*: .* found \\[0, 1\\] is inf, and 1 more"),
        ("3 4", "3e300 4", "extractor at byte .*: expected numbers with finite products, found"),
        (
            "3 4",
            "3 1e30",
            "extractor at byte .*: expected numbers with products in the range of single precision, found",
        ),
        ("65.5", "nan", "extractor at byte .*: expected a finite offset, found nan"),
        ("</Ivec", "</Evec", "expected </IvectorExtractor>, found '</EvectorExtractor>'"),
    ],
)
def test_damaged_files(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=message):
        load_extractor_model(written(TEXT.replace(old, new, 1), tmp_path))


def test_weights_that_depend_on_the_ivector(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedModelError, match="expected weights that do not depend on the i-vector"):
        load_extractor_model(written(TEXT.replace("<w>  [ ]", "<w>  [\n  1 2 \n  3 4 ]"), tmp_path))


def test_cuts_and_flips_are_refused_or_read(tmp_path: Path) -> None:
    content = (EXTRACTOR / "final.ie").read_bytes()
    for cut in (*range(0, 80), *range(80, len(content) - 20, 40_009), len(content) - 21):
        with pytest.raises(OvAsrScoreError, match=r"final\.ie: .*at byte \d+: expected .*, found "):
            load_extractor_model(written(content[:cut], tmp_path))
    for place in (*range(0, 700, 7), *range(700, len(content), 30_011)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        try:
            model = load_extractor_model(written(bytes(damaged), tmp_path))
        except OvAsrScoreError as error:
            assert "\n" not in str(error) and ("at byte" in str(error) or isinstance(error, UnsupportedModelError))
        else:
            assert np.isfinite(model.quadratic_terms).all()
