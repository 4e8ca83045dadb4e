"""Reading Gaussians, binary and text, their log-likelihoods against Kaldi's, and what is said of damaged files."""

from __future__ import annotations

import gzip
import math
from pathlib import Path

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, OvAsrScoreError
from ov_asr_score.ivector.diag_gmm import load_diag_gmm
from tests.ivector.references import EXTRACTOR, extractor

TEXT = """<DiagGMM>
<GCONSTS>  [ 9 9 ]
<WEIGHTS>  [ 0.25 0.75 ]
<MEANS_INVVARS>  [
  1 2
  3 4 ]
<INV_VARS>  [
  1 2
  0.5 4 ]
</DiagGMM>
"""


def written(content: str | bytes, tmp_path: Path) -> str:
    path = tmp_path / "final.dubm"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(path)


def test_bundled_gaussians() -> None:
    gmm = load_diag_gmm(str(EXTRACTOR / "final.dubm"))
    assert (gmm.num_gaussians, gmm.dim) == (64, 40)
    assert gmm.weights.sum() == pytest.approx(1, abs=1e-5)
    # Kaldi computes the constants from the rest, too; those stored are the ones it wrote
    content = (EXTRACTOR / "final.dubm").read_bytes()
    start = content.index(b"<GCONSTS> FV \x04") + len("<GCONSTS> FV ") + 5
    stored = np.frombuffer(content, "<f4", 64, start)
    np.testing.assert_allclose(gmm.constants, stored, atol=1e-4)


@pytest.mark.parametrize("old", [False, True])
def test_text(old: bool, tmp_path: Path) -> None:
    text = TEXT.replace("<DiagGMM>", "<DiagGMMBegin>").replace("</DiagGMM>", "<DiagGMMEnd>") if old else TEXT
    gmm = load_diag_gmm(written(gzip.compress(text.encode()) if old else text, tmp_path))
    assert gmm.means_inv_vars.tolist() == [[1, 2], [3, 4]]
    means, variances = np.array([[1, 1], [6, 1]]), np.array([[1, 0.5], [2, 0.25]])
    frame = np.array([0.5, -1.5])
    normalized = np.exp(-((frame - means) ** 2) / (2 * variances)) / np.sqrt(2 * math.pi * variances)
    expected = np.log([0.25, 0.75]) + np.log(normalized).sum(axis=1)
    found = gmm.likelihood_matrix() @ np.concatenate((frame, frame**2, [1]))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_constants_may_be_missing(tmp_path: Path) -> None:
    without = TEXT.replace("<GCONSTS>  [ 9 9 ]\n", "")
    assert np.array_equal(
        load_diag_gmm(written(without, tmp_path)).constants, load_diag_gmm(written(TEXT, tmp_path)).constants
    )


def test_a_gaussian_without_weight_is_ruled_out(tmp_path: Path) -> None:
    gmm = load_diag_gmm(written(TEXT.replace("0.25 0.75", "0 1"), tmp_path))
    assert gmm.constants[0] == -np.inf and np.isfinite(gmm.constants[1])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("<DiagGMM>", "<FullGMM>", "Gaussians at byte 0: expected <DiagGMM> or <DiagGMMBegin>, found '<FullGMM>'"),
        ("3 4 ]", "3 4 \n 5 6 ]", "expected means of 2 Gaussians x 2 columns, found 3 x 2"),
        ("0.5 4 ]", "0.5 nan ]", r"expected inverse variances that are finite, found \[1, 1\] is NaN"),
        ("1 2\n  3 4", "1 inf\n  3 4", r"expected means that are finite, found \[0, 1\] is inf"),
        ("0.25 0.75", "-0.25 0.75", "found weight -0.25 and inverse variances from 1 on in Gaussian 0"),
        ("0.5 4 ]", "-0.5 4 ]", "found weight 0.75 and inverse variances from -0.5 on in Gaussian 1"),
        ("0.25 0.75", "0 0", "expected a Gaussian that frames can belong to, found none"),
        ("[ 0.25 0.75 ]", "[ ]", "expected one Gaussian or more, found none"),
        ("</DiagGMM>", "", "expected a token, found the end of the file; the file is truncated"),
    ],
)
def test_damaged_files(old: str, new: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ModelFormatError, match=message):
        load_diag_gmm(written(TEXT.replace(old, new), tmp_path))


def test_cuts_and_flips_are_refused_or_read(tmp_path: Path) -> None:
    content = (EXTRACTOR / "final.dubm").read_bytes()
    for cut in (*range(0, 60), *range(60, len(content) - 12, 997), len(content) - 12):
        with pytest.raises(OvAsrScoreError, match=r"final\.dubm: .*at byte \d+: expected .*, found "):
            load_diag_gmm(written(content[:cut], tmp_path))
    for place in (*range(80), *range(80, len(content), 499)):
        damaged = bytearray(content)
        damaged[place] ^= 1 << place % 8
        try:
            gmm = load_diag_gmm(written(bytes(damaged), tmp_path))
        except OvAsrScoreError as error:
            assert "\n" not in str(error) and "at byte" in str(error)
        else:
            assert not np.isnan(gmm.constants).any()


def test_model_is_shared() -> None:
    assert extractor().gmm.num_gaussians == 64
