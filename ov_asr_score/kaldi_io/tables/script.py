"""Script files: a line ``key rxfilename`` for every utterance, optionally with a range of rows and columns.

Source: util/kaldi-table.cc (``ReadScriptFile``) and kaldi-table-inl.h. As there, one bad line makes the whole file
invalid, and paths are relative to the working folder.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import GZIP_MAGIC, split_offset
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, read_array
from ov_asr_score.kaldi_io.matrices.stream import START_BYTES, KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import Range, apply_range, parse_range
from ov_asr_score.kaldi_io.tables.archive import check_is_itself, said_instead, what_instead
from ov_asr_score.kaldi_io.tables.npy import NPY_MAGIC, read_npy
from ov_asr_score.kaldi_io.tables.word_lines import pass_byte_order_mark
from ov_asr_score.settings.path_map import NO_PATH_MAP, PathMap
from ov_asr_score.text import clipped, printable_name, shown_key

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class ScriptLine:
    """Where one utterance is; ``part`` is a range of it, ``number`` that of the line in ``script``, from 1.

    ``written`` is the name in the script if it was mapped to another.
    """

    key: str
    rxfilename: str
    part: Range | None
    number: int
    script: str
    written: str = ""

    @property
    def place(self) -> str:
        """``script: line number``, for errors."""
        return f"{self.script}: line {self.number}"


def read_script(rxfilename: str, *, allow_commands: bool = False, path_map: PathMap = NO_PATH_MAP) -> list[ScriptLine]:
    """All lines of a script file. Raises FileAccessError, and TableFormatError with the number of a bad line."""
    with open_stream(rxfilename, allow_commands=allow_commands) as stream:
        return [line for _, line in script_lines(stream, path_map)]


def script_lines(stream: KaldiStream, path_map: PathMap = NO_PATH_MAP) -> Iterator[tuple[int, ScriptLine]]:
    """Offset in bytes and contents of each line of a script, one at a time. Raises TableFormatError at a bad line.

    Empty lines at the end are none: Kaldi warns of them, and has read everything before.
    """
    if b"\0" in stream.peek(256):
        if said := said_instead(stream):
            raise TableFormatError(said)
        raise stream.error("lines of text", "binary data", "this looks like an archive, use ark:<file>")
    check_is_itself(stream)
    pass_byte_order_mark(stream)
    try:
        first_empty = 0
        for number, (start, line) in enumerate(stream.lines(), start=1):
            if not line.strip():
                first_empty = first_empty or number
                continue
            if first_empty:
                parse_script_line(b"", stream.name, first_empty)
            yield start, parse_script_line(line, stream.name, number, path_map)
    except TableFormatError as error:
        said = said_instead(stream)
        if said and "use scp:" not in said:
            raise TableFormatError(said) from error
        raise


def parse_script_line(line: bytes, name: str, number: int, path_map: PathMap = NO_PATH_MAP) -> ScriptLine:
    """Line ``number`` (from 1) of the script ``name``, without its line break. Raises TableFormatError naming both."""
    place = f"{name}: line {number}"
    words = line.strip().split(None, 1)
    if len(words) != 2:
        found = clipped(line) if words else "an empty line"
        raise TableFormatError(f"{place}: expected a key and a file name, found {found}")
    key, rest = (word.decode("utf-8", "surrogateescape") for word in words)
    if rest.startswith("["):
        raise TableFormatError(
            f"{place}: expected a file name, found {clipped(rest)}; this looks like a text archive, use ark:<file>"
        )
    if not rest.endswith("]") or rest.endswith("|"):
        mapped = path_map.mapped(rest)
        return ScriptLine(key, mapped, None, number, name, "" if mapped == rest else rest)
    rxfilename, _, part = rest[:-1].rpartition("[")
    if not rxfilename:
        raise TableFormatError(f"{place}: expected a file name before the range, found {clipped(rest)}")
    try:
        mapped = path_map.mapped(rxfilename)
        return ScriptLine(key, mapped, parse_range(part), number, name, "" if mapped == rxfilename else rxfilename)
    except SpecifierError as error:
        raise TableFormatError(f"{place}: {error}") from error


class ScriptReader:
    """Reads the objects that script lines point to; the last archive stays open, as the next line is mostly in it."""

    def __init__(
        self, *, allow_commands: bool = False, may_hold_numbers: bool = False, wants_matrices: bool = False
    ) -> None:
        """No file is opened yet; see matrix.py for numbers, text_format.py for rows that are matrices."""
        self._allow_commands, self._may_hold_numbers = allow_commands, may_hold_numbers
        self._wants_matrices = wants_matrices
        self._open_file = contextlib.ExitStack()
        self._stream: KaldiStream | None = None
        self._path = ""
        self._whole: tuple[str, NDArray[Any]] | None = None

    def read(self, line: ScriptLine) -> NDArray[Any]:
        """Matrix [T, D] or vector [D], cut to the range of the line.

        Consecutive lines with ranges of the same rxfilename read it once, as in Kaldi. Raises
        FileAccessError, SpecifierError or TableFormatError, all naming the script's line.
        """
        return self._named(line, self._read)

    def read_with(self, line: ScriptLine, read: Callable[[KaldiStream], Result]) -> Result:
        """What ``read`` makes of the object that ``line`` points at, without its range. Raises what ``read`` does."""
        return self._named(line, lambda line: self._at(line.rxfilename, read))

    def _named(self, line: ScriptLine, read: Callable[[ScriptLine], Result]) -> Result:
        """What ``read`` gives; errors name the line."""
        try:
            return read(line)
        except OvAsrScoreError as error:
            if isinstance(error, TableFormatError):
                error = _explained(error, line)
            elif isinstance(error, FileAccessError):
                error = explained_absence(error, line)
            place = f"{line.place}: utterance {shown_key(line.key)}"
            raise type(error)(f"{place}: {error}", fields=error.fields) from error

    def _read(self, line: ScriptLine) -> NDArray[Any]:
        if line.part is None:
            return self._at(line.rxfilename, _read_object)
        if self._whole is None or self._whole[0] != line.rxfilename:
            self._whole = (line.rxfilename, self._at(line.rxfilename, _read_object))
        return apply_range(self._whole[1], line.part)

    def close(self) -> None:
        """Close the archive."""
        self._open_file.close()
        self._stream = None
        self._whole = None

    def __enter__(self) -> ScriptReader:
        """The reader itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the archive."""
        self.close()

    def _at(self, rxfilename: str, read: Callable[[KaldiStream], Result]) -> Result:
        path, offset = split_offset(rxfilename)
        if offset is None:
            with open_stream(rxfilename, allow_commands=self._allow_commands) as stream:
                return read(self._told(stream))
        if self._stream is None or self._path != path:
            self._stream = None
            self._open_file.close()
            opening = open_stream(rxfilename, allow_commands=self._allow_commands)
            self._stream = self._told(self._open_file.enter_context(opening))
            self._path = path
        else:
            self._stream.seek(offset)
        return read(self._stream)

    def _told(self, stream: KaldiStream) -> KaldiStream:
        """The stream, which knows what is expected in it."""
        stream.may_hold_numbers, stream.wants_matrices = self._may_hold_numbers, self._wants_matrices
        return stream


def _explained(error: TableFormatError, line: ScriptLine) -> TableFormatError:
    """What the file is instead, if it is known, that ``line`` points at; else ``error``."""
    path, offset = split_offset(line.rxfilename)
    try:
        with Path(path).open("rb") as file:
            is_gzip = file.read(len(GZIP_MAGIC)) == GZIP_MAGIC
            file.seek(offset or 0)
            start = file.read(START_BYTES)
            whole = not offset and not file.read(1)
    except (OSError, ValueError):
        return error
    if start.startswith(NPY_MAGIC):  # is expected here
        return error
    if is_gzip and offset:
        said = "is compressed with gzip, in which offsets lead nowhere; unpack it, and take the script of the archive"
    else:
        said = what_instead(start, path, whole=whole)
        if said.startswith("is one ") or "scp:" in said:  # is expected here, or cannot be
            said = ""
    return TableFormatError(f"{printable_name(path)}: {said}") if said else error


def explained_absence(error: FileAccessError, line: ScriptLine) -> FileAccessError:
    """``error`` of a missing file, with what is to do if the script is of another machine, or its files are beside it.

    Another error as it is.
    """
    if "no such file" not in str(error):
        return error
    if line.written:
        said = f"{printable_name(line.written)} in the script, mapped by path_map"
        return FileAccessError(f"{error} ({said})", fields=("path_map",))
    folder = Path(line.script).parent
    path = Path(split_offset(line.rxfilename)[0])
    if not path.is_absolute() and (folder / path).is_file():
        shown = printable_name(str(folder))
        advice = f"there is one beside the script: path_map .={shown} takes relative paths from there"
    else:
        advice = "if the script is of another machine, path_map OLD=NEW says where its files are"
    return FileAccessError(f"{error}; {advice}", fields=("path_map",))


def _read_object(stream: KaldiStream) -> NDArray[Any]:
    """An object of Kaldi's, or an array of NumPy's, which begins in a way that no object does."""
    if stream.peek(len(NPY_MAGIC)) == NPY_MAGIC:
        return read_npy(stream)
    array = read_array(stream)
    is_line = array.ndim == 1 and not stream.start.startswith(BINARY_MARK)
    if not array.size and is_line and not stream.start_offset and what_instead(stream.start, stream.name):
        raise stream.error("a matrix or vector", "an empty line")  # such as before a web page
    return array
