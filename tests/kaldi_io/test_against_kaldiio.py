"""What kaldiio reads as we do, and where it departs from Kaldi, so that there is code of our own.

If a test of a departure fails with a newer kaldiio, kaldiio has been corrected, and our code may go.
"""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import kaldiio
import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import KaldiStream, TableWriter, encode_array, read_array, read_table

FLOATS = ("base.ark", "double.ark", "vec_fv.ark", "vec_dv.ark")


@pytest.mark.parametrize("name", FLOATS)
def test_floats_of_kaldi_are_what_kaldiio_reads(readers: Path, name: str) -> None:
    expected = dict(kaldiio.load_ark(f"{readers}/{name}"))
    found = dict(read_table(f"ark:{readers}/{name}"))
    assert list(found) == list(expected)
    for key, array in expected.items():
        assert found[key].dtype == array.dtype
        np.testing.assert_array_equal(found[key], array)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_kaldiio_reads_what_we_write(tmp_path: Path, dtype: type) -> None:
    generator = np.random.default_rng(7)
    expected: dict[str, NDArray[Any]] = {
        f"u{rows}": generator.standard_normal((rows, 3)).astype(dtype) for rows in (1, 2, 50)
    }
    with TableWriter(f"ark,scp:{tmp_path}/x.ark,{tmp_path}/x.scp", dtype=dtype) as writer:
        for key, array in expected.items():
            writer.write(key, array)
    for found in (dict(kaldiio.load_ark(f"{tmp_path}/x.ark")), dict(kaldiio.load_scp(f"{tmp_path}/x.scp"))):
        assert list(found) == list(expected)
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array)


def read_by_kaldiio(text: str) -> NDArray[Any] | None:
    """What kaldiio makes of ``text``, None for an error; with numpy below 2.3 some errors are warnings."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            return np.asarray(kaldiio.matio.read_kaldi(io.BytesIO(text.encode())))
        except (ValueError, AssertionError):
            return None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" [ 1.0 2.0 ; 3.0 4.0 ]\n", [[1, 2], [3, 4]]),
        (" []\n", []),
        (" [ 0 0.5 ]\n", [0, 0.5]),
        (" [\r\n  1.0 2.0\r\n  3.0 4.0 ]\r\n", [[1, 2], [3, 4]]),
    ],
)
def test_text_that_kaldiio_does_not_read(text: str, expected: list[float]) -> None:
    theirs = read_by_kaldiio(text)
    assert theirs is None or not np.array_equal(theirs.ravel(), np.ravel(expected))
    array = read_array(KaldiStream(io.BytesIO(text.encode()), "x"))
    np.testing.assert_array_equal(array.ravel(), np.ravel(expected).astype(np.float32))


def test_compressed_matrices_of_kaldi_are_off_by_the_last_bit_in_kaldiio(readers: Path) -> None:
    expanded = dict(kaldiio.load_ark(f"{readers}/cm3.expanded.ark"))
    theirs, ours = dict(kaldiio.load_ark(f"{readers}/cm3.ark")), dict(read_table(f"ark:{readers}/cm3.ark"))
    assert any((theirs[key] != matrix).any() for key, matrix in expanded.items())
    for key, matrix in expanded.items():
        np.testing.assert_array_equal(ours[key], matrix)


def test_values_outside_a_fixed_range_wrap_around_in_kaldiio() -> None:
    values = np.array([[2.0, 0.5], [0.0, 1.0]], np.float32)  # method 7: 0 to 1
    theirs = io.BytesIO()
    kaldiio.matio.write_array(theirs, values, compression_method=7)
    theirs.seek(0)
    assert kaldiio.matio.read_kaldi(theirs)[0, 0] < 1
    data = b"".join(map(bytes, encode_array(values, compression_method=7)))
    assert read_array(KaldiStream(io.BytesIO(data), "x"))[0, 0] == 1


def test_kaldiio_does_not_read_a_sparse_matrix(readers: Path) -> None:
    with pytest.raises(ValueError, match="Unexpected format"):
        dict(kaldiio.load_ark(f"{readers}/smat.ark"))
    assert dict(read_table(f"ark:{readers}/smat.ark"))
