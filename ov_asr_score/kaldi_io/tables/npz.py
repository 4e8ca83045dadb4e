"""NPZ files as tables: one array per utterance, read and written one at a time. Pickled objects are refused.

The format is a zip file of ``<key>.npy`` members (numpy.lib.format).
"""

from __future__ import annotations

import lzma
import shutil
import struct
import tempfile
import tokenize
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy_format
from numpy.typing import NDArray

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.files.input import open_input
from ov_asr_score.kaldi_io.files.output import OutputFile
from ov_asr_score.kaldi_io.matrices.stream import START_BYTES, plain_file_size
from ov_asr_score.kaldi_io.tables.archive import check_key
from ov_asr_score.kaldi_io.tables.npy import float_type, wrong_array
from ov_asr_score.text import clipped, printable_name, shown_key

SUFFIX = ".npy"
FIRST_ZIP_DATE = (1980, 1, 1, 0, 0, 0)
"""Instead of the present time, so that the same arrays give the same bytes."""

MOST_DEFLATED = 1032
"""Bytes that one byte of deflated data can expand to, at most."""

DAMAGE = (
    *(ValueError, TypeError, LookupError, ArithmeticError, SyntaxError, RuntimeError, EOFError, MemoryError, OSError),
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError),
)
"""Exceptions of zipfile and numpy for damaged files."""


class NpzReader:
    """The arrays of an NPZ file by key; ``keys`` are in the order of the file."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Read the directory only. Raises TableFormatError (not a zip file, a duplicate key)."""
        self._name = name
        try:
            self._zip = zipfile.ZipFile(file)
            members = sorted(self._zip.infolist(), key=lambda member: member.header_offset)
        except DAMAGE as error:
            raise _no_npz(error, name, file) from error
        self._members: dict[str, zipfile.ZipInfo] = {}
        for member in members:
            # OpenVINO's speech_sample writes keys with a blank at the end.
            key = member.filename.removesuffix(SUFFIX).strip()
            if key in self._members:
                raise TableFormatError(f"{name}: duplicate key {shown_key(key)}")
            self._members[key] = member
        self.keys = list(self._members)

    def num_bytes(self, key: str) -> int:
        """Uncompressed size in bytes of the array's member, according to the directory."""
        return self._members[key].file_size

    def read(self, key: str) -> NDArray[Any] | None:
        """Matrix [T, D] or vector [D], float32 or (from float64 and wide integers) float64; ``None`` for no such key.

        Raises TableFormatError naming file, utterance and the byte where the member begins.
        """
        member = self._members.get(key)
        if member is None:
            return None
        place = f"{self._name}: utterance {shown_key(key)} at byte {member.header_offset}"
        try:
            return self._read_member(member, place)
        except DAMAGE as error:
            found = str(error).partition("\n")[0][:100] or type(error).__name__
            raise TableFormatError(f"{place}: expected an array in NPY format, found damage: {found}") from error

    def _read_member(self, member: zipfile.ZipInfo, place: str) -> NDArray[Any]:
        with self._zip.open(member) as file:
            version = npy_format.read_magic(file)
            read_header = npy_format.read_array_header_1_0 if version == (1, 0) else npy_format.read_array_header_2_0
            shape, by_column, dtype = read_header(file)
            if wrong := wrong_array(shape, dtype):
                raise TableFormatError(f"{place}: expected a matrix or vector of real numbers, found {wrong}")
            num_bytes = dtype.itemsize * int(np.prod(shape, dtype=object))
            # The sizes may be damaged: no more is allocated than the file can hold.
            most = member.compress_size * (1 if member.compress_type == zipfile.ZIP_STORED else MOST_DEFLATED)
            if not 0 <= num_bytes <= min(member.file_size, most):
                found = f"a shape of {num_bytes}"
                raise TableFormatError(f"{place}: expected {member.file_size} bytes at most, found {found}")
            data = file.read(num_bytes)
            if len(data) < num_bytes or file.read(1):
                raise TableFormatError(f"{place}: expected {num_bytes} bytes, found more or fewer")
        values = np.frombuffer(data, dtype).reshape(shape, order="F" if by_column else "C")
        return np.array(values, float_type(dtype), order="C")


def _no_npz(error: Exception, name: str, file: IO[bytes]) -> TableFormatError:
    """What the file is instead, if that is known."""
    from ov_asr_score.kaldi_io.foreign import describe_start

    try:
        file.seek(0)
        start = file.read(START_BYTES)
    except (OSError, ValueError):
        start = b""
    said = describe_start(start, name, "an NPZ file")
    found = str(error)[:60] or type(error).__name__
    return TableFormatError(f"{name}: {said or f'expected an NPZ file, found damage: {found}'}")


class NpzWriter:
    """Writes an NPZ file one array at a time; ``close`` writes the directory."""

    def __init__(self, output: OutputFile, *, compressed: bool = False) -> None:
        """Write to ``output``, which stays open; ``compressed`` deflates every array."""
        self._zip = zipfile.ZipFile(output, "w")
        self._compress_type = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED

    def write(self, key: str, array: NDArray[Any]) -> None:
        """Add one array. Raises TableFormatError for a duplicate key, or one that is not UTF-8."""
        check_key(key, blanks_inside=True)
        member = zipfile.ZipInfo(key + SUFFIX, FIRST_ZIP_DATE)
        member.compress_type = self._compress_type
        member.external_attr = 0o644 << 16
        # With the size, zipfile uses the wide header for large members only.
        member.file_size = array.nbytes + 256
        if member.filename in self._zip.NameToInfo:
            raise TableFormatError(f"duplicate key {clipped(key)}; an NPZ file holds every key once")
        try:
            key.encode()
        except UnicodeEncodeError as error:
            raise TableFormatError(f"the key {clipped(key)} is not UTF-8, as NPZ requires; write an archive") from error
        with self._zip.open(member, "w") as file:
            npy_format.write_array(file, array, allow_pickle=False)

    def close(self) -> None:
        """Write the directory."""
        self._zip.close()

    def abort(self) -> None:
        """Make sure that nothing more is written."""
        self._zip.fp = None


@contextmanager
def open_npz(rxfilename: str, *, allow_commands: bool = False) -> Iterator[NpzReader]:
    """Reader of an NPZ file; what is not seekable (a pipe, gzip) is copied to a temporary file first.

    Raises FileAccessError, SpecifierError, TableFormatError.
    """
    name = printable_name(rxfilename)
    with open_input(rxfilename, allow_commands=allow_commands) as file:
        if plain_file_size(file) is not None:
            yield NpzReader(file, name)
            return
        with tempfile.TemporaryFile() as copy:
            try:
                shutil.copyfileobj(file, copy, 1 << 20)
            except DAMAGE as error:
                raise TableFormatError(f"{name}: expected an NPZ file, found damage: {str(error)[:60]}") from error
            yield NpzReader(copy, name)
