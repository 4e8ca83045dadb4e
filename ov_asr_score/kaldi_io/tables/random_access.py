"""Tables looked up by key, for joining several of them; archives are read as far as the keys require."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.matrices.matrix import read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import read_key
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.script import ScriptLine, ScriptReader, read_script
from ov_asr_score.text import shown_key

logger = logging.getLogger(__name__)


class KeyedTable(ABC):
    """A table looked up by key; made by ``open_table``, closed at the end of its ``with``.

    A duplicate key is an error when it is met, as in Kaldi: joining by it would be a guess.
    """

    def __init__(self, specifier: ReadSpecifier) -> None:
        """``specifier`` says what the table is, and what is promised about its keys."""
        self.specifier = specifier
        self._resources = contextlib.ExitStack()
        self._asked: set[str] = set()

    def get(self, key: str) -> NDArray[Any] | None:
        """Matrix or vector of an utterance, ``None`` if the table has none.

        Raises FileAccessError and TableFormatError naming file, utterance and byte, and UsageError for a key that is
        requested twice despite the option ``o`` (or in a pipe that was not opened with ``keep_values``).
        """
        if self.specifier.once and key in self._asked:
            raise UsageError(f"{self.specifier.original}: {shown_key(key)} is requested twice despite the option 'o'")
        try:
            array = self._find(key)
        except (FileAccessError, TableFormatError) as error:
            if not self.specifier.permissive:
                raise
            logger.warning("skipped: %s", error)
            array = None
        if array is not None:
            self._asked.add(key)
        return array

    def unused_keys(self) -> list[str]:
        """Keys that ``get`` was never asked for, in the order of the table; an archive is read to its end."""
        return [key for key in self._all_keys() if key not in self._asked]

    def close(self) -> None:
        """Close the files."""
        self._resources.close()

    def __enter__(self) -> KeyedTable:
        """The table itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self._resources.__exit__(kind, error, trace)

    @abstractmethod
    def _find(self, key: str) -> NDArray[Any] | None: ...

    @abstractmethod
    def _all_keys(self) -> list[str]: ...


def open_table(
    specifier: str | ReadSpecifier,
    *,
    allow_commands: bool = False,
    keep_values: bool = False,
    may_hold_numbers: bool = False,
) -> KeyedTable:
    """Table to look up keys in: archive, script or NPZ.

    Memory is flat for scripts, NPZ and archives in plain files: only the offset of a skipped entry is kept. Pipes and
    gzip are not seekable: skipped arrays are kept until they are requested (with ``s,cs`` they are dropped), and arrays
    that were returned only with ``keep_values``, which is for keys that are requested again, such as speakers. Objects
    of one number are read where they ``may_hold_numbers`` (see matrix.py). Raises SpecifierError, FileAccessError, and
    TableFormatError for a bad script or NPZ file.
    """
    parsed = parse_read_specifier(specifier)
    if parsed.form == "scp":
        return _ScriptTable(parsed, allow_commands, may_hold_numbers)
    if parsed.form == "npz":
        return _NpzTable(parsed, allow_commands)
    return _ArchiveTable(parsed, allow_commands, keep_values, may_hold_numbers)


class _ScriptTable(KeyedTable):
    def __init__(self, specifier: ReadSpecifier, allow_commands: bool, may_hold_numbers: bool) -> None:
        super().__init__(specifier)
        self._lines: dict[str, ScriptLine] = {}
        try:
            lines = read_script(specifier.filename, allow_commands=allow_commands)
        except FileAccessError as error:
            if not specifier.permissive:
                raise
            logger.warning("%s; treated as an empty table", error)
            lines = []
        for line in lines:
            if line.key in self._lines:
                place = f"{specifier.filename}: line {line.number}"
                raise TableFormatError(f"{place}: the key {shown_key(line.key)} came before; keys must differ")
            self._lines[line.key] = line
        reader = ScriptReader(specifier.filename, allow_commands=allow_commands, may_hold_numbers=may_hold_numbers)
        self._reader = self._resources.enter_context(reader)

    def _find(self, key: str) -> NDArray[Any] | None:
        line = self._lines.get(key)
        return None if line is None else self._reader.read(line)

    def _all_keys(self) -> list[str]:
        return list(self._lines)


class _NpzTable(KeyedTable):
    def __init__(self, specifier: ReadSpecifier, allow_commands: bool) -> None:
        super().__init__(specifier)
        self._reader = self._resources.enter_context(open_npz(specifier.filename, allow_commands=allow_commands))

    def _find(self, key: str) -> NDArray[Any] | None:
        return self._reader.read(key)

    def _all_keys(self) -> list[str]:
        return self._reader.keys


class _ArchiveTable(KeyedTable):
    def __init__(
        self, specifier: ReadSpecifier, allow_commands: bool, keep_values: bool, may_hold_numbers: bool
    ) -> None:
        super().__init__(specifier)
        self._stream = self._resources.enter_context(open_stream(specifier.filename, allow_commands=allow_commands))
        self._stream.may_hold_numbers = may_hold_numbers
        self._can_go_back = self._stream.size is not None
        self._keeps_values = keep_values and not self._can_go_back
        self._keeps_skipped = not self._can_go_back and not (specifier.sorted and specifier.called_sorted)
        self._values: dict[str, NDArray[Any]] = {}
        self._offsets: dict[str, int] = {}
        # Offset from which keys are not known yet, and the last key before it.
        self._next_offset = self._stream.offset
        self._last_key = ""
        # A key that was read too early; the stream is at its object, or can go back there.
        self._waiting: str | None = None

    def _find(self, key: str) -> NDArray[Any] | None:
        if key in self._values:
            return self._values[key] if self._keeps_values else self._values.pop(key)
        if key in self._offsets and key != self._waiting:
            return self._read_again(key)
        while (next_key := self._next_key()) is not None:
            if next_key == key:
                return self._read_here(key)
            if self.specifier.sorted and _bytes(next_key) > _bytes(key):
                self._waiting = next_key
                return None
            self._skip_entry(next_key)
        return None

    def _all_keys(self) -> list[str]:
        while (key := self._next_key()) is not None:
            self._skip_entry(key)
        return list(self._offsets)

    def _next_key(self) -> str | None:
        """Next key that was not passed yet; the stream is then at its object."""
        if self._waiting is not None:
            key, self._waiting = self._waiting, None
            self._go_to(self._offsets[key])
            return key
        self._go_to(self._next_offset)
        next_key = read_key(self._stream)
        if next_key is not None:
            self._remember(next_key)
        return next_key

    def _remember(self, key: str) -> None:
        offset = self._stream.offset
        place = f"{self._stream.name}: utterance {shown_key(key)} at byte {offset}"
        if key in self._offsets:
            raise TableFormatError(f"{place}: the key came before at byte {self._offsets[key]}; keys must differ")
        if self.specifier.sorted and _bytes(key) < _bytes(self._last_key):
            last = shown_key(self._last_key)
            raise TableFormatError(f"{place}: expected a key after {last} because of the option 's'; sort the table")
        self._offsets[key] = offset
        self._last_key = key

    def _read_here(self, key: str) -> NDArray[Any]:
        array = read_array(self._stream)
        self._next_offset = self._stream.offset
        if self._keeps_values:
            self._values[key] = array
        return array

    def _skip_entry(self, key: str) -> None:
        if self._keeps_skipped:
            self._values[key] = read_array(self._stream)
        else:
            skip_array(self._stream)
        self._next_offset = self._stream.offset

    def _read_again(self, key: str) -> NDArray[Any]:
        if not self._can_go_back:
            raise UsageError(
                f"{self.specifier.original}: {shown_key(key)} was read or skipped before, and a pipe is not "
                "seekable; look keys up in the order of the table, or store it in a file"
            )
        self._stream.context = f"utterance {shown_key(key)}"
        self._go_to(self._offsets[key])
        return read_array(self._stream)

    def _go_to(self, offset: int) -> None:
        if self._can_go_back and self._stream.offset != offset:
            self._stream.seek(offset)


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")
