"""Positions of the utterances of several tables: table after table, or in the order of a list of keys.

Only a few bytes are held for each utterance, so that tables of millions can be joined: duplicate keys are found by
digests, and for an order the position of each entry is kept, from which it is read again.
"""

from __future__ import annotations

import contextlib
from array import array
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from ov_asr_score.errors import MissingUtteranceError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries, said_instead
from ov_asr_score.kaldi_io.tables.key_digests import KeyDigests
from ov_asr_score.kaldi_io.tables.script import ScriptLine, parse_script_line, script_lines
from ov_asr_score.text import shown_key

_SHOWN_KEYS = 5


@dataclass(frozen=True, slots=True)
class TableEntry:
    """Where an utterance is: at byte ``start`` of the file ``path``, or as ``line`` of a script says.

    ``table`` counts the tables from 0. ``place`` is the byte of the table's own file at which the object or the line
    begins; None where the table cannot be read twice (a script in a pipe or gzip).
    """

    key: str
    table: int
    path: str
    start: int
    line: ScriptLine | None
    place: int | None


def find_entries(
    tables: Sequence[ReadSpecifier], order: Mapping[str, int] | None, *, allow_missing: bool
) -> Iterator[TableEntry]:
    """Entries of all tables, table after table, or those of the keys of ``order`` (see ``read_order``) in its order.

    Raises TableFormatError (a key that two entries have, damage), MissingUtteranceError for keys that only the tables
    hold or, without ``allow_missing``, that only ``order`` holds; SpecifierError (NPZ, streams), FileAccessError.
    """
    if order is None:
        yield from _all_entries(tables)
        return
    places = _Places(tables, len(order))
    unlisted, num_unlisted = [], 0
    for entry in _all_entries(tables):
        position = order.get(entry.key)
        if position is not None:
            places.put(position, entry)
            continue
        num_unlisted += 1
        if num_unlisted <= _SHOWN_KEYS:
            unlisted.append(entry.key)
    if not allow_missing and (num_missing := places.num_missing()):
        missing = islice((key for key, position in order.items() if position not in places), _SHOWN_KEYS)
        raise MissingUtteranceError(
            f"the shards lack {_keys_text(num_missing, list(missing))}; allow_missing leaves them out",
            fields=("allow_missing",),
        )
    if num_unlisted:
        raise MissingUtteranceError(
            f"the shards hold, besides those of the order, {_keys_text(num_unlisted, unlisted)}"
        )
    yield from places.entries(order)


def read_order(path: str) -> dict[str, int]:
    """Position, from 0, of every key: the first words of the lines of a script, utt2spk, or list of keys.

    Raises FileAccessError, TableFormatError (an empty line, a key twice).
    """
    positions: dict[str, int] = {}
    with open_stream(path) as stream:
        # A carriage return alone ends a line as well.
        lines = (part for _, line in stream.lines() for part in line.splitlines() or [b""])
        for position, line in enumerate(lines):
            words = line.split(None, 1)
            place = f"{stream.name}: line {position + 1}"
            if not words or b"\0" in words[0]:
                raise TableFormatError(f"{place}: expected a key at its beginning, found none")
            key = words[0].decode("utf-8", "surrogateescape")
            if positions.setdefault(key, position) != position:
                raise TableFormatError(f"{place}: key {shown_key(key)} came before")
    return positions


class _Places:
    """Where the entries of an order are, in 16 bytes for each position."""

    def __init__(self, tables: Sequence[ReadSpecifier], count: int) -> None:
        self._tables = tables
        self._table = array("i", [-1]) * count  # -1: no entry
        self._place = array("q", [0]) * count
        self._line_number = array("i", [0]) * count
        self._entries: dict[int, TableEntry] = {}  # of tables that cannot be read twice

    def __contains__(self, position: int) -> bool:
        return self._table[position] >= 0

    def num_missing(self) -> int:
        return self._table.count(-1)

    def put(self, position: int, entry: TableEntry) -> None:
        self._table[position] = entry.table
        if entry.place is None:
            self._entries[position] = entry
            return
        self._place[position] = entry.place
        self._line_number[position] = entry.line.number if entry.line is not None else 0

    def entries(self, order: Mapping[str, int]) -> Iterator[TableEntry]:
        """The entries in the order of ``order``; the last script stays open, as the next line is mostly in it too."""
        stream: KaldiStream | None = None
        open_table = -1
        with contextlib.ExitStack() as open_script:
            for key, position in order.items():
                if position not in self:
                    continue
                if position in self._entries:
                    yield self._entries[position]
                    continue
                table, place = self._table[position], self._place[position]
                specifier = self._tables[table]
                if specifier.form == "ark":
                    yield TableEntry(key, table, split_offset(specifier.filename)[0], place, None, place)
                    continue
                if stream is None or table != open_table:
                    open_script.close()
                    stream, open_table = open_script.enter_context(open_stream(specifier.filename)), table
                if stream.offset != place:
                    stream.seek(place)
                line = parse_script_line(
                    stream.read_line(), stream.name, self._line_number[position], specifier.path_map
                )
                if line.key != key:
                    raise TableFormatError(f"{line.place}: changed while it was read; expected key {shown_key(key)}")
                yield _script_entry(line, table, place)


def _all_entries(tables: Sequence[ReadSpecifier]) -> Iterator[TableEntry]:
    digests = KeyDigests()
    # Tables that cannot be read twice, and their keys.
    kept_keys: set[str] = set()
    streams: set[int] = set()
    for number, specifier in enumerate(tables):
        for count, entry in enumerate(_entries_of(specifier, number)):
            key = entry.key
            if digests.add(key):
                # Digests may be equal by chance: it is an error only if the keys, which are read again, are equal.
                others = (
                    other.key
                    for table in range(number + 1)
                    if table not in streams
                    for other in islice(_entries_of(tables[table], table), count if table == number else None)
                )
                if key in kept_keys or key in others:
                    raise TableFormatError(
                        f"{specifier.original}: the key {shown_key(key)} came before; keys must differ"
                    )
            if entry.place is None:
                streams.add(number)
                kept_keys.add(key)
            yield entry


def _entries_of(specifier: ReadSpecifier, table: int) -> Iterator[TableEntry]:
    if specifier.form in ("npz", "npy"):
        form = specifier.form.upper()
        raise SpecifierError(f"{specifier.original}: {form} cannot be joined; copy-table makes it an archive")
    with open_stream(specifier.filename) as stream:
        if specifier.form == "scp":
            can_go_back = stream.size is not None
            for place, line in script_lines(stream, specifier.path_map):
                yield _script_entry(line, table, place if can_go_back else None)
            return
        if stream.size is None:
            raise SpecifierError(f"{specifier.original}: expected a plain file; copy-table makes one of pipes and gzip")
        path = split_offset(specifier.filename)[0]
        try:
            for key, start in archive_entries(stream):
                yield TableEntry(key, table, path, start, None, start)
        except TableFormatError as error:
            if said := said_instead(stream):
                raise TableFormatError(said) from error
            raise


def _script_entry(line: ScriptLine, table: int, place: int | None) -> TableEntry:
    path, offset = split_offset(line.rxfilename)
    return TableEntry(line.key, table, path, offset or 0, line, place)


def _keys_text(count: int, first: Sequence[str]) -> str:
    shown = ", ".join(map(shown_key, first)) + (", …" if count > len(first) else "")
    return f"{count} utterance{'s' if count > 1 else ''}: {shown}"
