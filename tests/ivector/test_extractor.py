"""Loading a whole extractor: files that do not belong together, damaged matrices, the bundled one."""

from __future__ import annotations

import gzip
import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, OvAsrScoreError, ShapeMismatchError
from ov_asr_score.ivector.extraction import extract_ivectors
from ov_asr_score.ivector.extractor import load_extractor
from ov_asr_score.ivector.utterance_queue import IvectorUtterance
from ov_asr_score.kaldi_io.matrices.matrix import write_array
from ov_asr_score.settings.speech.ivectors import IvectorOptions
from tests.ivector.references import EXTRACTOR, extractor, table

OPTIONS = IvectorOptions(str(EXTRACTOR))


def written(array: Any, path: Path, *, text: bool = False) -> str:
    with path.open("wb") as file:
        write_array(file, np.asarray(array), text=text)
    return str(path)


def with_file(field: str, path: str) -> IvectorOptions:
    options: dict[str, Any] = {field: path}
    return replace(OPTIONS, **options)


def test_bundled_extractor() -> None:
    loaded = load_extractor(OPTIONS)
    assert (loaded.feature_dim, loaded.ivector_dim, loaded.splice) == (40, 24, (3, 3))
    assert loaded.lda.shape == (40, 281) and loaded.lda.dtype == np.float32
    assert loaded.options.max_count == 100


def test_text_forms_are_the_same(tmp_path: Path) -> None:
    usual = extractor()
    lda = written(usual.lda, tmp_path / "final.mat", text=True)
    stats = written(usual.global_stats, tmp_path / "stats", text=True)
    (tmp_path / "stats.gz").write_bytes(gzip.compress(Path(stats).read_bytes()))
    loaded = load_extractor(replace(OPTIONS, lda_matrix=lda, global_cmvn_stats=str(tmp_path / "stats.gz"), max_count=0))
    assert np.array_equal(loaded.lda, usual.lda) and np.array_equal(loaded.global_stats, usual.global_stats)


def test_a_transform_without_offset(tmp_path: Path) -> None:
    usual = extractor()
    lda = written(usual.lda[:, :-1], tmp_path / "final.mat")
    loaded = load_extractor(replace(OPTIONS, lda_matrix=lda, max_count=0))
    zero = usual.lda.copy()
    zero[:, -1] = 0
    features = table("feats.ark")["es_Annie-t0024"]
    (found,) = extract_ivectors(loaded, [IvectorUtterance("a", features)])
    (expected,) = extract_ivectors(replace(usual, lda=zero), [IvectorUtterance("a", features)])
    np.testing.assert_allclose(found.ivectors, expected.ivectors, atol=1e-3)


@pytest.mark.parametrize(
    ("field", "array", "message"),
    [
        (
            "lda_matrix",
            np.ones((40, 200)),
            r"expected 280 or 281 columns for 3 \+ 1 \+ 3 frames of 40 .*found 200",
        ),
        ("lda_matrix", np.ones((39, 281)), r"expected 40 rows, as wide as the Gaussians of .*final\.dubm, found 39"),
        ("global_cmvn_stats", np.ones((2, 14)), r"final\.mat: expected 91 or 92 columns .*found 281"),
        ("global_cmvn_stats", np.ones((1, 41)), "expected statistics of two rows, found 1 x 41"),
        ("lda_matrix", np.full((40, 281), np.nan), r"expected finite numbers, found \[0, 0\] is NaN, and 11239 more"),
        ("lda_matrix", np.zeros((0, 0)), "expected a matrix, found an empty one"),
        ("lda_matrix", np.zeros(281), "expected a matrix, found a vector"),
    ],
)
def test_matrices_that_do_not_fit(field: str, array: Any, message: str, tmp_path: Path) -> None:
    path = written(array, tmp_path / "matrix")
    with pytest.raises(OvAsrScoreError, match=message.replace("11239", "11,239")):
        load_extractor(with_file(field, path))


def test_gaussians_that_do_not_fit(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    gmm = extractor().gmm

    def gaussians(count: int, dim: int) -> str:
        def text(array: Any) -> str:
            return " [\n" + "\n".join(" ".join(map(str, row)) for row in array.tolist()) + " ]\n"

        repeated = np.arange(count) % len(gmm.weights)
        weights = "<WEIGHTS> [ " + " ".join(map(str, gmm.weights[repeated].tolist())) + " ]\n"
        means = "<MEANS_INVVARS>" + text(gmm.means_inv_vars[repeated, :dim])
        content = f"<DiagGMM> {weights}{means}<INV_VARS>{text(gmm.inv_vars[repeated, :dim])}</DiagGMM> "
        (tmp_path / "final.dubm").write_text(content)
        return str(tmp_path / "final.dubm")

    with pytest.raises(ShapeMismatchError, match=r"final\.ie: expected 65 Gaussians, as in .*final\.dubm, found 64"):
        load_extractor(replace(OPTIONS, diag_ubm=gaussians(65, 40)))
    lda = written(extractor().lda[:39], tmp_path / "final.mat")
    with pytest.raises(ShapeMismatchError, match=r"final\.ie: expected frames of 39 columns, as in .*, found 40"):
        load_extractor(replace(OPTIONS, diag_ubm=gaussians(64, 39), lda_matrix=lda))
    with caplog.at_level(logging.WARNING):
        load_extractor(replace(OPTIONS, diag_ubm=gaussians(63, 40)))
    assert "has 64 Gaussians" in caplog.text and "only 63" in caplog.text


@pytest.mark.parametrize("field", ["lda_matrix", "global_cmvn_stats"])
def test_damaged_matrices(field: str, tmp_path: Path) -> None:
    name = "final.mat" if field == "lda_matrix" else "global_cmvn.stats"
    content = (EXTRACTOR / name).read_bytes()
    path = tmp_path / name
    for cut in (*range(20), *range(20, len(content), max(len(content) // 7, 1)), len(content) - 3):
        path.write_bytes(content[:cut])
        with pytest.raises(ModelFormatError, match=rf"{name}: .*at byte \d+: expected .*, found "):
            load_extractor(with_file(field, str(path)))


def test_offset_of_the_prior_is_taken_off() -> None:
    usual = extractor()
    assert np.abs(usual.without_offset(usual.default_ivector)).max() < 1e-5
    rows = np.stack([usual.default_ivector, usual.default_ivector + 1])
    np.testing.assert_allclose(usual.without_offset(rows)[1], 1, atol=1e-5)
