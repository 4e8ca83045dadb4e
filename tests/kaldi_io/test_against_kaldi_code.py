"""Our tables through Kaldi's own table code, and Kaldi's through ours.

kaldi_native_io is Kaldi's C++ table and matrix code with Python bindings.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from ov_asr_score.kaldi_io import TableWriter, read_table

# the package has wheels for Linux on x86-64 only
kaldi = pytest.importorskip("kaldi_native_io")

READERS = {"f32": kaldi.SequentialFloatMatrixReader, "f64": kaldi.SequentialDoubleMatrixReader}
WRITERS = {"f32": kaldi.FloatMatrixWriter, "f64": kaldi.DoubleMatrixWriter}
DTYPES = {"f32": np.float32, "f64": np.float64}


def matrices(dtype: str) -> dict[str, NDArray[Any]]:
    generator = np.random.default_rng(7)
    shapes = {"utt1": (37, 13), "one": (1, 1), "file": (9, 3), "wide": (2, 70_000), "utt-é": (100, 4)}
    return {
        key: (generator.standard_normal(shape) * 10.0 ** generator.integers(-6, 6)).astype(DTYPES[dtype])
        for key, shape in shapes.items()
    }


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ark:{0}/a.ark", "ark:{0}/a.ark"),
        ("ark,scp:{0}/a.ark,{0}/a.scp", "scp:{0}/a.scp"),
        ("ark,t:{0}/a.ark", "ark:{0}/a.ark"),
        ("ark,t,scp:{0}/a.ark,{0}/a.scp", "scp:{0}/a.scp"),
    ],
)
def test_kaldi_reads_what_we_write(tmp_path: Path, written: str, read: str, dtype: str) -> None:
    expected = matrices(dtype)
    with TableWriter(written.format(tmp_path), dtype=DTYPES[dtype]) as writer:
        for key, matrix in expected.items():
            writer.write(key, matrix)
    with READERS[dtype](read.format(tmp_path)) as reader:
        found = {key: np.array(value) for key, value in reader}
    assert list(found) == list(expected)
    for key, matrix in expected.items():
        assert np.array_equal(found[key], matrix), key


@pytest.mark.parametrize("dtype", ["f32", "f64"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("ark:{0}/a.ark", "ark:{0}/a.ark"),
        ("ark,scp:{0}/a.ark,{0}/a.scp", "scp:{0}/a.scp"),
        ("ark,t:{0}/a.ark", "ark,t:{0}/a.ark"),
    ],
)
def test_we_read_what_kaldi_writes(tmp_path: Path, written: str, read: str, dtype: str) -> None:
    expected = matrices(dtype)
    with WRITERS[dtype](written.format(tmp_path)) as writer:
        for key, matrix in expected.items():
            writer.write(key, matrix)
    found = dict(read_table(read.format(tmp_path)))
    assert list(found) == list(expected)
    # Kaldi prints seven digits, and our text reader gives float32
    tolerance = 2e-6 if ",t" in written else 0.0
    for key, matrix in expected.items():
        np.testing.assert_allclose(found[key], matrix, rtol=tolerance, atol=0, err_msg=key)


@pytest.mark.parametrize("method", range(1, 8))
def test_kaldi_expands_our_compressed_matrices_to_what_we_expand(tmp_path: Path, method: int) -> None:
    generator = np.random.default_rng(method)
    expected = {f"utt{rows}": generator.random((rows, 6)).astype(np.float32) for rows in (1, 5, 8, 9, 200)}
    with TableWriter(f"ark:{tmp_path}/a.ark", compression_method=method) as writer:
        for key, matrix in expected.items():
            writer.write(key, matrix)
    ours = dict(read_table(f"{tmp_path}/a.ark"))
    with kaldi.SequentialFloatMatrixReader(f"ark:{tmp_path}/a.ark") as reader:
        theirs = {key: np.array(value) for key, value in reader}
    assert list(theirs) == list(ours)
    for key, matrix in ours.items():
        # builds of Kaldi with and without fused multiply-add differ in the last bit
        np.testing.assert_allclose(theirs[key], matrix, rtol=3e-7, atol=1e-6, err_msg=key)


@pytest.mark.parametrize("written", ["ark:{0}/a.ark", "ark,scp:{0}/a.ark,{0}/a.scp", "ark,t:{0}/a.ark"])
def test_kaldi_reads_on_after_an_utterance_without_frames(tmp_path: Path, written: str) -> None:
    expected = {
        "a": np.ones((2, 3), np.float32),
        "none": np.zeros((0, 3), np.float32),
        "b": np.ones((1, 3), np.float32),
    }
    with TableWriter(written.format(tmp_path)) as writer:
        for key, matrix in expected.items():
            writer.write(key, matrix)
    with kaldi.SequentialFloatMatrixReader(f"ark:{tmp_path}/a.ark") as reader:
        found = {key: np.array(value) for key, value in reader}
    assert list(found) == list(expected)
    assert found["none"].size == 0
    assert np.array_equal(found["b"], expected["b"])
