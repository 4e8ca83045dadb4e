"""Values and fields of Kaldi's model files, binary and text."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
import pytest

from ov_asr_score.errors import ModelFormatError, TableFormatError
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_model.token_reader import ModelReader, read_fields


def reader_of(content: bytes, binary: bool) -> ModelReader:
    return ModelReader(KaldiStream(io.BytesIO(content), "x.mdl"), binary)


LARGEST = b"\4\xff\xff\xff\x7f"


def test_numbers_in_text() -> None:
    reader = reader_of(b" 12 -7\n+3 1e-05 .5 inf -nan T F ", binary=False)
    assert [reader.read_int() for _ in range(3)] == [12, -7, 3]
    assert [reader.read_float() for _ in range(3)] == [1e-05, 0.5, float("inf")]
    assert np.isnan(reader.read_float())
    assert [reader.read_bool() for _ in range(2)] == [True, False]


def test_numbers_in_binary() -> None:
    content = struct.pack("<BiBfBd", 4, -7, 4, 0.25, 8, 0.1) + b"TF"
    reader = reader_of(content, binary=True)
    assert (reader.read_int(), reader.read_float(), reader.read_float()) == (-7, 0.25, 0.1)
    assert [reader.read_bool() for _ in range(2)] == [True, False]


@pytest.mark.parametrize(
    ("content", "binary", "read", "message"),
    [
        (b"12.5 ", False, ModelReader.read_int, "at byte 0: expected an integer, found '12.5'"),
        (b"1_000 ", False, ModelReader.read_int, "expected an integer, found '1_000'"),
        (b"2147483648 ", False, ModelReader.read_int, "expected an integer, found '2147483648'"),
        (b"  x ", False, ModelReader.read_float, "at byte 2: expected a number, found 'x'"),
        (b"1e5x ", False, ModelReader.read_float, "expected a number, found '1e5x'"),
        (b"", False, ModelReader.read_int, "expected a token, found the end of the file"),
        (b"12", False, ModelReader.read_int, "expected a token and a blank, found '12'"),
        (b"x", False, ModelReader.read_bool, "expected T or F, found 'x'"),
        (b"", True, ModelReader.read_bool, "expected T or F, found the end of the file"),
        (b"\5\0\0\0\0", True, ModelReader.read_int, "expected a byte 4 before a number"),
        (b"\4\0\0", True, ModelReader.read_int, "expected 5 bytes, found 3"),
        (b"[ 1 2", False, ModelReader.read_vector, "expected ']' at the end of a matrix or vector"),
        (b"1 2 ]", False, ModelReader.read_vector, r"expected '\[', found '1 2 \]'"),
        (b"[\n 1 2\n 3 ]\n", False, ModelReader.read_matrix, "expected 2 numbers in row 1, found 1"),
        (b"[\n 1 2\n 3 4 ]\n", False, ModelReader.read_vector, "expected a vector, found a matrix 2 x 2"),
        (b"FM \4\1\0\0\0\4\1\0\0\0", True, ModelReader.read_vector, "expected FV or DV, found 'FM'"),
        (b"FV \4\1\0\0\0", True, ModelReader.read_matrix, "expected FM or DM, found 'FV'"),
        (b"FV \4\xff\xff\xff\xff", True, ModelReader.read_vector, "expected sizes of 0 or more, found -1"),
        (b"FV " + LARGEST, True, ModelReader.read_vector, "expected 8589934588 bytes, found 0"),
        (
            b"DM " + b"\4\xff\xff\xff\x7f" * 2,
            True,
            ModelReader.read_matrix,
            r"expected 36893488113059364872 bytes, found 0",
        ),
        (
            b"CM2 " + struct.pack("<ffii", 0, 1, 2**30, 2**30),
            True,
            ModelReader.read_matrix,
            r"expected \d+ bytes, found 0",
        ),
        (b"CM2 " + struct.pack("<ffii", 0, 1, -1, 2), True, ModelReader.read_matrix, "found -1 rows, 2 columns"),
        (b"\4\xff\xff\xff\x0f", True, ModelReader.read_ints, r"expected 1073741820 bytes, found 0"),
        (b"\4\xff\xff\xff\xff", True, ModelReader.read_ints, "expected a length of 0 or more, found -1"),
        (b"\3\0\0\0\0", True, ModelReader.read_ints, "expected a byte 4 before a vector of integers"),
        (b"[ 1 2", False, ModelReader.read_ints, "expected a token and a blank, found '2'"),
        (b"[ 1 x ]\n", False, ModelReader.read_ints, "expected an integer, found 'x'"),
        (b"[ 1,2 3 ]\n", False, ModelReader.read_pairs, "expected two integers as in 1,2, found '3'"),
    ],
)
def test_what_is_no_value(content: bytes, binary: bool, read: Callable[[ModelReader], object], message: str) -> None:
    with pytest.raises((ModelFormatError, TableFormatError), match=message) as failure:
        read(reader_of(content, binary))
    assert str(failure.value).startswith("x.mdl:")
    assert " at byte " in str(failure.value)


def test_vectors_and_matrices() -> None:
    text = reader_of(b"[ 1 2 3 ]\n [\n 1 2\n 3 4 ]\n [ ]\n [ ]\n [ 5 6 ]\n [ 1,2 3,4 ]\n", binary=False)
    assert text.read_vector().tolist() == [1, 2, 3]
    assert text.read_matrix().tolist() == [[1, 2], [3, 4]]
    assert text.read_vector().shape == (0,)
    assert text.read_matrix().shape == (0, 0)
    assert text.read_ints().tolist() == [5, 6]
    assert text.read_pairs().tolist() == [1, 2, 3, 4]
    ints = struct.pack("<Bi", 4, 2) + struct.pack("<2i", 5, 6)
    pairs = struct.pack("<Bi", 4, 2) + struct.pack("<4i", 1, 2, 3, 4)
    binary = reader_of(ints + pairs + b"FV \4\0\0\0\0" + b"FM \4\0\0\0\0\4\0\0\0\0", binary=True)
    assert binary.read_ints().tolist() == [5, 6]
    assert binary.read_pairs().tolist() == [1, 2, 3, 4]
    assert binary.read_vector().shape == (0,)
    assert binary.read_matrix().shape == (0, 0)


def test_a_large_double_becomes_infinite_without_a_warning() -> None:
    content = b"DV \4\1\0\0\0" + struct.pack("<d", 1e300)
    assert reader_of(content, binary=True).read_vector().tolist() == [float("inf")]


def test_fields_in_any_order() -> None:
    content = b"<B> 2 <A> 1 <C> T </X> rest "
    reader = reader_of(content, binary=False)
    assert read_fields(reader, {"A": "int", "B": "float", "C": "bool"}, ("</X>",)) == {"B": 2.0, "A": 1, "C": True}
    assert reader.read_token() == "rest"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"<D> 2 </X> ", "at byte 0: expected one of <A>, <B>, </X>, found '<D>'; the file is damaged"),
        (b"<A> 1 <A> 1 </X> ", "at byte 6: expected <A> once, found it twice"),
        (b"<B> 1 </X> ", "at byte 6: expected <A>, found the end of the component"),
        (b"<A> 1 ", "expected a token, found the end of the file"),
        (b"A 1 </X> ", "expected one of <A>, <B>, </X>, found 'A'"),
    ],
)
def test_what_are_no_fields(content: bytes, message: str) -> None:
    with pytest.raises(ModelFormatError, match=message):
        read_fields(reader_of(content, binary=False), {"A": "int", "B": "float"}, ("</X>",), ("A",))


def test_an_old_column_map_of_floats() -> None:
    """Kaldi once wrote the columns of PermuteComponent as floats, the last of them wrong; it mends it when it reads."""
    content = b"FV \4\4\0\0\0" + struct.pack("<4f", 1, 0, 2, 0)
    assert np.array_equal(np.asarray(reader_of(content, binary=True).read_value("column map")), [1, 0, 2, 3])
    bad = b"FV \4\1\0\0\0" + struct.pack("<f", float("nan"))
    with pytest.raises(ModelFormatError, match="expected columns, found numbers that are none"):
        reader_of(bad, binary=True).read_value("column map")


def test_numbers_end_where_something_else_begins() -> None:
    reader = reader_of(b"1.0<Bias> 5[-1 2]<X> [3,4 5,-6] 7 ", binary=False)
    assert reader.read_float() == 1
    assert reader.read_token() == "<Bias>"
    assert reader.read_int() == 5
    assert reader.read_ints().tolist() == [-1, 2]
    assert reader.read_token() == "<X>"
    assert reader.read_pairs().tolist() == [3, 4, 5, -6]
    assert reader.read_int() == 7


def test_a_token_without_its_first_bracket() -> None:
    reader = reader_of(b"Dim> /Nnet> ", binary=False)
    assert reader.expect_token("<Dim>") == "<Dim>"
    assert reader.expect_token("</Nnet>", "<X>") == "</Nnet>"
