"""Tables looked up by key, for joining several of them; archives are read as far as the keys require."""

from __future__ import annotations

import contextlib
import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from types import TracebackType
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.matrices.matrix import read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import read_key, said_instead
from ov_asr_score.kaldi_io.tables.npy import key_of_npy, load_npy
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.parts import OnKey, parts_of
from ov_asr_score.kaldi_io.tables.script import ScriptLine, ScriptReader, read_script
from ov_asr_score.text import printable_name, shown_key

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
            self._skip(error)
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

    def _skip(self, error: FileAccessError | TableFormatError) -> None:
        """Log what cannot be read by the option ``p``, or raise it."""
        if not self.specifier.permissive:
            raise error
        logger.warning("skipped: %s", error)

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
    """Table to look up keys in: archive, script, NPZ or NPY, in one file or several (see parts.py).

    Memory is flat for scripts, NPZ and archives in plain files: only the offset of a skipped entry is kept. Pipes and
    gzip are not seekable: skipped arrays are kept until they are requested (with ``s,cs`` they are dropped), and arrays
    that were returned only with ``keep_values``, which is for keys that are requested again, such as speakers. Objects
    of one number are read where they ``may_hold_numbers`` (see matrix.py). Raises SpecifierError, FileAccessError, and
    TableFormatError for a bad script or NPZ file.
    """
    parsed = parse_read_specifier(specifier)
    if parsed.form == "scp":
        return _ScriptTable(parsed, allow_commands, may_hold_numbers)

    def table_of(part: ReadSpecifier, on_key: OnKey | None = None) -> KeyedTable:
        if part.form == "npz":
            return _NpzTable(part, allow_commands, on_key)
        if part.form == "npy":
            return _NpyTable(part, on_key)
        return _ArchiveTable(part, allow_commands, keep_values, may_hold_numbers, on_key)

    parts = parts_of(parsed)
    return table_of(parts[0]) if len(parts) == 1 else _TableOfParts(parsed, parts, table_of)


class _ScriptTable(KeyedTable):
    def __init__(self, specifier: ReadSpecifier, allow_commands: bool, may_hold_numbers: bool) -> None:
        super().__init__(specifier)
        self._lines: dict[str, ScriptLine] = {}
        try:
            parts = parts_of(specifier)
            scripts = [
                read_script(part.filename, allow_commands=allow_commands, path_map=part.path_map) for part in parts
            ]
        except FileAccessError as error:
            if not specifier.permissive:
                raise
            logger.warning("%s; treated as an empty table", error)
            scripts = []
        for line in chain.from_iterable(scripts):
            if (other := self._lines.get(line.key)) is not None:
                before = (
                    f"came before in line {other.number}" if other.script == line.script else f"is in {other.place}"
                )
                raise TableFormatError(f"{line.place}: the key {shown_key(line.key)} {before}; keys must differ")
            self._lines[line.key] = line
        reader = ScriptReader(allow_commands=allow_commands, may_hold_numbers=may_hold_numbers)
        self._reader = self._resources.enter_context(reader)

    def _find(self, key: str) -> NDArray[Any] | None:
        line = self._lines.get(key)
        return None if line is None else self._reader.read(line)

    def _all_keys(self) -> list[str]:
        return list(self._lines)


class _NpzTable(KeyedTable):
    def __init__(self, specifier: ReadSpecifier, allow_commands: bool, on_key: OnKey | None) -> None:
        super().__init__(specifier)
        self._reader = self._resources.enter_context(open_npz(specifier.filename, allow_commands=allow_commands))
        if on_key:
            for key in self._reader.keys:
                on_key(key)

    def _find(self, key: str) -> NDArray[Any] | None:
        return self._reader.read(key)

    def _all_keys(self) -> list[str]:
        return self._reader.keys


class _NpyTable(KeyedTable):
    def __init__(self, specifier: ReadSpecifier, on_key: OnKey | None) -> None:
        super().__init__(specifier)
        self._key = key_of_npy(specifier.filename)
        if on_key:
            on_key(self._key)

    def _find(self, key: str) -> NDArray[Any] | None:
        return load_npy(self.specifier.filename) if key == self._key else None

    def _all_keys(self) -> list[str]:
        return [self._key]


class _ArchiveTable(KeyedTable):
    def __init__(
        self,
        specifier: ReadSpecifier,
        allow_commands: bool,
        keep_values: bool,
        may_hold_numbers: bool,
        on_key: OnKey | None,
    ) -> None:
        super().__init__(specifier)
        self._allow_commands, self._may_hold_numbers = allow_commands, may_hold_numbers
        self._on_key = on_key
        self._is_open = False
        self._stream = self._opened()
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

    def rest(self) -> None:
        """Close the file until it is needed again, if it can be opened again."""
        if self._can_go_back:
            self._resources.close()
            self._is_open = False

    def follow(self, other: _ArchiveTable) -> None:
        """Expect, by the option ``s``, keys behind those of ``other``, which has been read to its end."""
        self._last_key = other._last_key

    @property
    def is_waiting(self) -> bool:
        """Whether the keys that are left come after the one that was asked for, by the option ``s``."""
        return self._waiting is not None

    def _opened(self) -> KaldiStream:
        stream = open_stream(self.specifier.filename, allow_commands=self._allow_commands)
        opened = self._resources.enter_context(stream)
        opened.may_hold_numbers = self._may_hold_numbers
        self._is_open = True
        return opened

    def _find(self, key: str) -> NDArray[Any] | None:
        if not self._is_open:
            self._stream = self._opened()
        if key in self._values:
            return self._values[key] if self._keeps_values else self._values.pop(key)
        if key in self._offsets and key != self._waiting:
            return self._read_again(key)
        try:
            while (next_key := self._next_key()) is not None:
                if next_key == key:
                    return self._read_here(key)
                if self.specifier.sorted and _bytes(next_key) > _bytes(key):
                    self._waiting = next_key
                    return None
                self._skip_entry(next_key)
        except TableFormatError as error:
            if said := said_instead(self._stream):
                raise TableFormatError(said) from error
            raise
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
        if self._on_key:
            self._on_key(key)
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


class _TableOfParts(KeyedTable):
    """A table in several files, which are opened in their order, as far as the keys require.

    Keys that were met are looked up where they are; one archive at a time stays open.
    """

    def __init__(
        self, specifier: ReadSpecifier, parts: Sequence[ReadSpecifier], table_of: Callable[..., KeyedTable]
    ) -> None:
        super().__init__(specifier)
        self._unopened = list(parts)
        self._table_of = table_of
        self._tables: list[KeyedTable] = []
        self._owners: dict[str, int] = {}
        self._used = 0

    def _find(self, key: str) -> NDArray[Any] | None:
        if (owner := self._owners.get(key)) is not None:
            return self._find_in(owner, key)
        number = max(len(self._tables) - 1, 0)
        while self._open_to(number):
            try:
                array = self._find_in(number, key)
            except (FileAccessError, TableFormatError) as error:
                self._skip(error)  # and go on with the next file
                array = None
            table = self._tables[number]
            if array is not None or (isinstance(table, _ArchiveTable) and table.is_waiting):
                return array
            number += 1
        return None

    def _all_keys(self) -> list[str]:
        number = max(len(self._tables) - 1, 0)
        while self._open_to(number):
            self._use(number)
            self._tables[number]._all_keys()
            number += 1
        return list(self._owners)

    def close(self) -> None:
        for table in self._tables:
            table.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _find_in(self, number: int, key: str) -> NDArray[Any] | None:
        self._use(number)
        return self._tables[number]._find(key)

    def _use(self, number: int) -> None:
        used = self._tables[self._used]
        if self._used != number and isinstance(used, _ArchiveTable):
            used.rest()
        self._used = number

    def _open_to(self, number: int) -> bool:
        """Whether there is a part ``number``, which is then open."""
        while number >= len(self._tables):
            if not self._unopened:
                return False
            part = self._unopened.pop(0)
            try:
                table = self._table_of(part, partial(self._meet, number, part))
            except (FileAccessError, TableFormatError) as error:
                self._skip(error)
                self._owners = {key: owner for key, owner in self._owners.items() if owner != number}
                continue
            before = self._tables[-1] if self._tables else None
            if isinstance(table, _ArchiveTable) and isinstance(before, _ArchiveTable):
                table.follow(before)
            self._tables.append(table)
        return True

    def _meet(self, number: int, part: ReadSpecifier, key: str) -> None:
        """Note that ``key`` is in ``part``, the table ``number``. Raises TableFormatError if it is in another one."""
        if (other := self._owners.setdefault(key, number)) != number:
            name, before = (printable_name(each.filename) for each in (part, self._tables[other].specifier))
            raise TableFormatError(f"{name}: the key {shown_key(key)} is also in {before}; keys must differ")


def _bytes(key: str) -> bytes:
    return key.encode("utf-8", "surrogateescape")
