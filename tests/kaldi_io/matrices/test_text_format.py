from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.matrices.text_format import format_text, parse_floats, read_text, skip_text
from ov_asr_score.kaldi_io.tables.sequential import read_table


def decode(data: bytes, rest: bytes = b"next") -> NDArray[Any]:
    stream = KaldiStream(io.BytesIO(data + rest), "x")
    array = read_text(stream)
    assert stream.read_all() == rest
    skipping = KaldiStream(io.BytesIO(data + rest), "x")
    skip_text(skipping)
    assert skipping.read_all() == rest
    return array


@pytest.mark.parametrize("name", ["text.ark", "text2.ark", "text.ark.gz"])
def test_text_of_kaldi(readers: Path, name: str) -> None:
    binary = dict(read_table(f"ark:{readers}/base.ark"))
    text = dict(read_table(f"ark:{readers}/{name}"))
    assert list(text) == list(binary)
    for key, matrix in text.items():
        assert matrix.dtype == np.float32
        # Kaldi prints seven digits.
        np.testing.assert_allclose(matrix, binary[key], rtol=6e-7)


def test_vectors_of_kaldi(readers: Path) -> None:
    binary = dict(read_table(f"ark:{readers}/vec_fv.ark"))
    for key, vector in read_table(f"ark,t:{readers}/vec_text.ark"):
        np.testing.assert_allclose(vector, binary.pop(key), rtol=6e-7)
    assert binary == {}


def test_alignments_of_kaldi(readers: Path) -> None:
    binary = dict(read_table(f"ark:{readers}/ali.ark"))
    for key, vector in read_table(f"ark:{readers}/ali.txt"):
        assert vector.dtype == np.int32
        np.testing.assert_array_equal(vector, binary.pop(key))
    assert binary == {}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b" [\n  1 2 \n  3 4 ]\n", [[1, 2], [3, 4]]),
        (b"[1 2\n3 4]\n", [[1, 2], [3, 4]]),
        (b" [ 1 2 ; 3 4 ]\n", [[1, 2], [3, 4]]),
        (b" [ 1 2 ;\n 3 4 ;\n ]\n", [[1, 2], [3, 4]]),
        (b" [\r\n  1 2 \r\n  3 4 ]\r\n", [[1, 2], [3, 4]]),
        (b" [\n\n  1\t2 \n\n]", [[1, 2]]),
        (b"\n [\n 1 2 ]\n", [[1, 2]]),
        (b" [ 1 2 ]\n", [1, 2]),
        (b"[ 0 1e-05 nan ]\n", [0, 1e-05, np.nan]),
        (b" [ inf -inf Infinity NaN ]\n", [np.inf, -np.inf, np.inf, np.nan]),
        (b" [ 7246 1.5e+06 ]\n", [7246, 1.5e6]),
        (b" 0.5\n", [0.5]),
    ],
)
def test_accepted_forms_of_floats(text: bytes, expected: list[float]) -> None:
    array = decode(text)
    assert array.dtype == np.float32
    np.testing.assert_array_equal(array, np.array(expected, np.float32))


@pytest.mark.parametrize("text", [b"[]", b" [ ]\n", b"[\n]\n"])
def test_empty_matrix(text: bytes) -> None:
    assert decode(text).shape == (0, 0)


@pytest.mark.parametrize(
    ("text", "expected"), [(b"1 2 3\n", [1, 2, 3]), (b"57\r\n", [57]), (b"\n", []), (b"-2147483648\n", [-(2**31)])]
)
def test_integers(text: bytes, expected: list[int]) -> None:
    array = decode(text)
    assert array.dtype == np.int32
    np.testing.assert_array_equal(array, expected)


def test_integers_too_large_for_int32_are_floats() -> None:
    assert decode(b"4000000000\n").dtype == np.float32


def test_integers_may_end_without_a_line_break(caplog: pytest.LogCaptureFixture) -> None:
    # BasicVectorHolder reads a line with getline, which takes the end of the file for its end
    values = read_text(KaldiStream(io.BytesIO(b"1 -2 30"), "x.txt"))
    assert values.dtype == np.int32
    assert values.tolist() == [1, -2, 30]
    assert caplog.messages == [
        "x.txt: at byte 0: the last line has no line break; if the file was cut, so is its last number"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b" [ 1 2", "']' at the end"),
        (b" [\n 1 2\n 3 ]\n", "expected 2 numbers in row 1, found 1"),
        (b" [ 1 two ]\n", "expected a number, found 'two'"),
        (b" [ 1_0 ]\n", "expected a number, found '1_0'"),
        (b" [ 0x10 ]\n", "expected a number"),
        (b" [ 1 [ 2 ]\n", "expected a number"),
        (b"1 2 x\n", "expected a number, found 'x'"),
        (b"1 2.5", "a line break"),
        (b"1 2 x", "a line break"),
        (b"rows=1 dim=1 [ ]", "a line break"),
        (b" ", "a line break"),
        (b"", "a line break"),
        (b"feats.ark:15\n", "use scp:<file>"),
        (b"cat x |\n", "use scp:<file>"),
        (b"utt1 \0BFM \4\n", "this looks like a key"),
        (b"utt1  [\n", "this looks like a key"),
    ],
)
def test_bad_text_is_refused(text: bytes, message: str) -> None:
    with pytest.raises(TableFormatError) as caught:
        read_text(KaldiStream(io.BytesIO(text), "x.txt"))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@given(
    st.sampled_from([np.float32]).flatmap(
        lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=1, max_dims=2, max_side=5))
    )
)
@settings(max_examples=200)
def test_float32_comes_back_bit_for_bit(array: NDArray[Any]) -> None:
    decoded = decode(format_text(array))
    np.testing.assert_array_equal(decoded, array)
    assert decoded.shape == array.shape


def test_numbers_are_as_short_as_they_can_be() -> None:
    assert format_text(np.array([0.1, 1e-5, 3, np.inf, np.nan], np.float32)) == b" [ 0.1 1e-05 3.0 inf nan ]\n"
    assert format_text(np.array([[1.5]], np.float32)) == b" [\n  1.5 ]\n"


def test_rounding_to_float32_happens_once() -> None:
    # Just above the middle between 1 and the next float32: float64 rounds it to the middle, and the middle goes to 1.
    above = b"1.000000059604644775390625000000001"
    exactly = b"1.000000059604644775390625"
    below = b"1.000000059604644775390624999999999"
    after_one = np.nextafter(np.float32(1), np.float32(2))
    np.testing.assert_array_equal(parse_floats([above, exactly, below]), [after_one, 1, 1])


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_wide_floats_are_written_in_full(dtype: type) -> None:
    values: NDArray[Any] = np.array([np.pi, 1e-30]).astype(dtype)
    words = format_text(values).split()[1:-1]
    np.testing.assert_array_equal(np.array(words, np.float64).astype(dtype), values)
