"""Reading the values of Kaldi's model files, binary and text, and the fields of a component by a table.

Sources: base/io-funcs-inl.h, base/io-funcs.cc, matrix/kaldi-matrix.cc, matrix/kaldi-vector.cc.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from ov_asr_score.errors import ModelFormatError
from ov_asr_score.kaldi_io.matrices.compressed import read_compressed
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.matrices.text_format import read_text
from ov_asr_score.kaldi_model.network import FieldValue, FloatArray, IntArray
from ov_asr_score.text import clipped

Kind: TypeAlias = Literal[
    "int",
    "float",
    "bool",
    "bool or number",
    "token",
    "vector",
    "matrix",
    "ints",
    "pairs",
    "flag",
    "two",
    "two ints",
    "column map",
]
"""What follows a token.

``bool or number``: a number in some old files; ``flag``: nothing; ``two``: two numbers; ``column map``: a vector of
integers, or of floats in old files.
"""

Table: TypeAlias = Mapping[str, Kind]

_ARRAY_TYPES: dict[str, np.dtype[np.float32] | np.dtype[np.float64]] = {"F": np.dtype("<f4"), "D": np.dtype("<f8")}
# A longer word, or vector, would only fill the memory.
_LONGEST_WORD = 200
_MOST_ITEMS = 1 << 28
# As istream reads numbers: up to the first byte that cannot belong to one. It does not know the words that Kaldi itself
# writes for infinity and NaN.
_INTEGER = re.compile(rb"[+-]?[0-9]+")
_NUMBER = re.compile(rb"[+-]?(([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?|infinity|inf|nan)", re.IGNORECASE)
_BEHIND_NUMBER = re.compile(rb"[\s<\[\]+,-]")
# Kaldi wrote it in the common part of updatable components and once more behind the parameters.
_MAY_COME_TWICE = frozenset({"IsGradient"})


@dataclass(frozen=True, slots=True)
class ModelReader:
    """Values from a stream that stands in a model file; ``binary`` says in which form the file is.

    All methods raise TableFormatError or ModelFormatError, which name the file, the component and the byte, where
    Kaldi's functions of the same name refuse: ``ReadToken``, ``ExpectToken``, ``ReadBasicType``, ``ReadIntegerVector``,
    ``ReadIntegerPairVector`` (base/io-funcs.cc, base/io-funcs-inl.h), ``Matrix::Read`` and ``Vector::Read``. Blanks are
    passed over in binary, too, where Kaldi does so before tokens only.
    """

    stream: KaldiStream
    binary: bool

    @property
    def source(self) -> str:
        """Name of the file for messages."""
        return self.stream.name

    @property
    def offset(self) -> int:
        """The byte that is read next."""
        return self.stream.offset

    def error(self, expected: str, found: str, advice: str = "", *, offset: int | None = None) -> ModelFormatError:
        """Error that names the file, the component and the byte."""
        return ModelFormatError(str(self.stream.error(expected, found, advice, offset=offset)))

    def skip_blanks(self) -> None:
        """Go to the next byte that is not a blank."""
        while (ahead := self.stream.peek(1)) and ahead.isspace():
            self.stream.read(1)

    def read_token(self) -> str:
        """The next word (``ReadToken``)."""
        self.skip_blanks()
        if not self.stream.peek(1):
            raise self.error("a token", "the end of the file", "the file is truncated")
        return self.stream.read_token(_LONGEST_WORD)

    def peek_token(self) -> str:
        """The next word, without moving on; as much of it as can be seen at the end of the file."""
        self.skip_blanks()
        ahead = self.stream.peek(_LONGEST_WORD)
        return ahead.split(maxsplit=1)[0].decode("utf-8", "replace") if ahead.strip() else ""

    def expect_token(self, *tokens: str) -> str:
        """The next word, which must be one of ``tokens``; the ``<`` may be missing (ExpectToken, base/io-funcs.cc)."""
        offset = self.offset
        found = self.read_token()
        if f"<{found}" in tokens:
            return f"<{found}"
        if found not in tokens:
            raise self.error(" or ".join(tokens), clipped(found), "the file is damaged", offset=offset)
        return found

    def read_name(self) -> str:
        """The next word, which is a name that can be shown; Kaldi does not show names, and takes any word."""
        self.skip_blanks()
        offset = self.offset
        name = self.read_token()
        if not name.isprintable():
            raise self.error("a name of printable letters", clipped(name), "the file is damaged", offset=offset)
        return name

    def read_int(self) -> int:
        """An integer of four bytes."""
        return self.stream.read_int32() if self.binary else self._read_text_integer("an integer")

    def read_float(self) -> float:
        """A number, written as float32 or float64."""
        return self.stream.read_float() if self.binary else float(self._read_digits(_NUMBER, "a number"))

    def read_bool(self) -> bool:
        """``T`` or ``F`` (``ReadBasicType<bool>``)."""
        if not self.binary:
            self.skip_blanks()
        offset = self.offset
        found = self.stream.peek(1)
        if found not in (b"T", b"F"):
            raise self.error("T or F", clipped(found) if found else "the end of the file", offset=offset)
        self.stream.read(1)
        return found == b"T"

    def read_vector(self) -> FloatArray:
        """Vector, float32 [D] (``Vector::Read``, which takes no line breaks between numbers)."""
        array = self._read_array("V")
        if array.ndim != 1:
            if array.size:
                raise self.error("a vector", f"a matrix {array.shape[0]} x {array.shape[1]}")
            array = array.reshape(-1)
        return array

    def read_matrix(self) -> FloatArray:
        """Matrix, float32 [rows, columns]."""
        array = self._read_array("M")
        return array if array.ndim == 2 else array.reshape(1 if array.size else 0, -1)

    def read_ints(self) -> IntArray:
        """Vector of integers, int32 [D]."""
        return self._read_integers(1) if self.binary else self._read_text_integers(1)

    def read_pairs(self) -> IntArray:
        """Pairs of integers one after the other, int32 [2 D]."""
        return self._read_integers(2) if self.binary else self._read_text_integers(2)

    def read_value(self, kind: Kind) -> FieldValue:
        """What ``kind`` says."""
        match kind:
            case "int":
                return self.read_int()
            case "float":
                return self.read_float()
            case "bool":
                return self.read_bool()
            case "bool or number":
                return self._read_bool_or_number()
            case "token":
                return self.read_token()
            case "vector":
                return self.read_vector()
            case "matrix":
                return self.read_matrix()
            case "ints":
                return self.read_ints()
            case "pairs":
                return self.read_pairs()
            case "two":
                with np.errstate(over="ignore"):
                    return np.array([self.read_float(), self.read_float()]).astype(np.float32)
            case "two ints":
                return np.array([self.read_int(), self.read_int()], np.int32)
            case "flag":
                return True
        return self._read_column_map()

    def _read_bool_or_number(self) -> bool:
        """Some old files hold a number instead of T or F, which Kaldi takes for false whatever it is."""
        if not self.binary:
            self.skip_blanks()
        if self.stream.peek(1) in (b"T", b"F"):
            return self.read_bool()
        self.read_float()
        return False

    def _read_column_map(self) -> IntArray:
        if not self.binary or self.stream.peek(1) not in (b"F", b"D"):
            return self.read_ints()
        offset = self.offset
        numbers = self.read_vector()
        if not (np.abs(numbers) < 2**31).all():
            raise self.error("columns", "numbers that are none", "the file is damaged", offset=offset)
        columns = (numbers + np.float32(0.5)).astype(np.int32)
        # The writer of these old files got the last one wrong; Kaldi mends it when it reads them.
        columns[-1:] = len(columns) - 1
        return columns

    def _read_text_integer(self, expected: str) -> int:
        """An integer of 32 bits; beyond them istream fails, as ``ReadBasicType`` does then."""
        offset = self.offset
        text = self._read_digits(_INTEGER, expected)
        if not -(2**31) <= (value := int(text)) < 2**31:
            raise self.error(expected, clipped(text), offset=offset)
        return value

    def _read_digits(self, spelling: re.Pattern[bytes], expected: str) -> str:
        """The number that follows in text; no blank is needed where the next value begins with other letters.

        After other letters Kaldi fails at the next value, as they are none.
        """
        self.skip_blanks()
        ahead = self.stream.peek(_LONGEST_WORD)
        match = spelling.match(ahead)
        if match is None or not _BEHIND_NUMBER.match(ahead[match.end() : match.end() + 1]):
            offset = self.offset
            raise self.error(expected, clipped(self.read_token()), offset=offset)
        self.stream.read(match.end())
        return match[0].decode()

    def _read_array(self, shape: Literal["V", "M"]) -> FloatArray:
        """What ``Matrix::Read`` and ``Vector::Read`` take; sizes below 0 fail in their ``Resize``."""
        if not self.binary:
            self.skip_blanks()
            if self.stream.peek(1) != b"[":
                raise self.error("'['", clipped(self.stream.peek(20)))
            return np.asarray(read_text(self.stream), np.float32)
        offset = self.offset
        token = self.read_token()
        if token in ("CM", "CM2", "CM3") and shape == "M":
            return np.asarray(read_compressed(self.stream, token), np.float32)
        if len(token) != 2 or token[0] not in _ARRAY_TYPES or token[1] != shape:
            raise self.error(f"F{shape} or D{shape}", clipped(token), "the file is damaged", offset=offset)
        sizes = [self.stream.read_int32() for _ in range(1 if shape == "V" else 2)]
        if min(sizes) < 0:
            raise self.error("sizes of 0 or more", " x ".join(map(str, sizes)), "the file is damaged", offset=offset)
        dtype = _ARRAY_TYPES[token[0]]
        count = int(np.prod(sizes, dtype=object))
        data = self.stream.read_bytes(count * dtype.itemsize)
        with np.errstate(over="ignore"):
            return np.asarray(data.view(dtype), np.float32).reshape(sizes)

    def _read_integers(self, per_item: int) -> IntArray:
        """``ReadIntegerVector`` in binary, but for vectors that are too long to be any (``_MOST_ITEMS``)."""
        offset = self.offset
        size = self.stream.peek(1)
        if size != b"\4":
            raise self.error("a byte 4 before a vector of integers", clipped(size) if size else "the end of the file")
        self.stream.read(1)
        count = int(struct.unpack("<i", self.stream.read(4))[0])
        if not 0 <= count <= _MOST_ITEMS:
            raise self.error("a length of 0 or more", str(count), "the file is damaged", offset=offset)
        return self.stream.read_bytes(4 * count * per_item).view("<i4").astype(np.int32, copy=False)

    def _read_text_integers(self, per_item: int) -> IntArray:
        """``[ 1 2 ]`` or ``[ 1,2 3,4 ]``; blanks at the brackets may be missing (ReadIntegerVector)."""
        self.skip_blanks()
        if self.stream.peek(1) != b"[":
            raise self.error("[", clipped(self.read_token()))
        self.stream.read(1)
        wanted = "an integer" if per_item == 1 else "two integers as in 1,2"
        values: list[int] = []
        while True:
            self.skip_blanks()
            if self.stream.peek(1) == b"]":
                self.stream.read(1)
                return np.array(values, np.int32)
            values.append(self._read_text_integer(wanted))
            if per_item == 2:
                if self.stream.peek(1) != b",":
                    raise self.error(wanted, f"'{values[-1]}'")
                self.stream.read(1)
                values.append(self._read_text_integer(wanted))


def read_fields(
    reader: ModelReader, table: Table, end: Collection[str], required: Collection[str] = ()
) -> dict[str, FieldValue]:
    """The fields of a component up to one of the tokens ``end``; ``table`` says what follows each token.

    Tokens may come in any order; Kaldi's own order has changed over the years. Raises ModelFormatError for a token that
    is not in the table or comes twice, and when one of ``required`` did not come: Kaldi expects one token after the
    other (``ExpectToken``).
    """
    fields: dict[str, FieldValue] = {}
    while True:
        reader.skip_blanks()
        offset = reader.offset
        token = reader.read_token()
        if token in end or f"<{token}" in end:
            break
        # Some versions of Kaldi read the '<' ahead and put the rest back.
        name = token.strip("<>")
        if name not in table or not token.endswith(">"):
            known = ", ".join(f"<{name}>" for name in table)
            raise reader.error(f"one of {known}, {'/'.join(end)}", clipped(token), "the file is damaged", offset=offset)
        if name in fields and name not in _MAY_COME_TWICE:
            raise reader.error(f"<{name}> once", "it twice", "the file is damaged", offset=offset)
        fields[name] = reader.read_value(table[name])
    missing = [f"<{name}>" for name in required if name not in fields]
    if missing:
        raise reader.error(", ".join(missing), "the end of the component", "the file is damaged", offset=offset)
    return fields
