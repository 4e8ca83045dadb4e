"""Tables joined into one without decoding what is in them: entries are copied as the bytes that they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import MissingUtteranceError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.files.output import OutputFile, open_output
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, encode_array, read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream, shown_key
from ov_asr_score.kaldi_io.specifier import Range, ReadSpecifier, WriteSpecifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.script import ScriptLine, ScriptReader, read_script

_PIECE_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Entry:
    """Where an utterance is: at ``start`` of the file ``path``, or as ``line`` of the script ``table`` says."""

    key: str
    table: int
    path: str
    start: int
    line: ScriptLine | None = None


def find_entries(
    tables: Sequence[ReadSpecifier], order: Sequence[str] | None, *, allow_missing: bool
) -> Iterator[Entry]:
    """Entries of all tables, table after table, or those of ``order`` in its order.

    Raises TableFormatError (a key that two entries have, damage), MissingUtteranceError for keys that only the tables
    hold or, without ``allow_missing``, that only ``order`` holds; SpecifierError (NPZ, streams), FileAccessError.
    """
    if order is None:
        yield from _all_entries(tables)
        return
    entries = {entry.key: entry for entry in _all_entries(tables)}
    listed = set(order)
    gaps = {
        "lack": [] if allow_missing else [key for key in order if key not in entries],
        "hold, besides those of the order,": [key for key in entries if key not in listed],
    }
    for what, keys in gaps.items():
        if keys:
            shown = ", ".join(map(shown_key, keys[:5])) + (", …" if len(keys) > 5 else "")
            advice = "; --allow-missing leaves them out" if what == "lack" else ""
            many = f"{len(keys)} utterance{'s' if len(keys) > 1 else ''}"
            raise MissingUtteranceError(f"the shards {what} {many}: {shown}{advice}")
    yield from (entries[key] for key in order if key in entries)


def read_order(path: str) -> list[str]:
    """The first words of the lines of a file: a script, utt2spk, or a list of keys.

    Raises FileAccessError, TableFormatError (an empty line, a key twice).
    """
    with open_stream(path) as stream:
        lines = stream.read_all().splitlines()
        name = stream.name
    keys: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split(None, 1)
        if not words or b"\0" in words[0]:
            raise TableFormatError(f"{name}: line {number}: expected a key at its beginning, found none")
        key = words[0].decode("utf-8", "surrogateescape")
        if keys.setdefault(key, number) != number:
            raise TableFormatError(f"{name}: line {number}: key {shown_key(key)} came before")
    return list(keys)


def join_archives(
    tables: Sequence[ReadSpecifier], entries: Iterable[Entry], target: WriteSpecifier, *, allow_commands: bool = False
) -> int:
    """Number of ``entries``, written to the archive, and script, of ``target``, which get their names when complete.

    Objects are copied as they are where they have the form that is wanted, binary or text, and have no range. Raises
    SpecifierError, FileAccessError, TableFormatError.
    """
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(open_output(target.archive or "", allow_commands=allow_commands))
        script = None
        if target.script is not None:
            if not archive.seekable():
                raise SpecifierError(f"{target.original!r}: a script needs offsets into a plain file")
            script = stack.enter_context(open_output(target.script, allow_commands=allow_commands))
        source = stack.enter_context(contextlib.closing(_Source(tables, allow_commands)))
        count = 0
        for entry in entries:
            raw_key = entry.key.encode("utf-8", "surrogateescape")
            archive.write(raw_key + b" ")
            if script is not None:
                place = f" {target.archive}:{archive.offset}\n"
                script.write(raw_key + place.encode("utf-8", "surrogateescape"))
            source.copy(entry, archive, text=target.text)
            count += 1
        outputs = [output for output in (archive, script) if output is not None]
        for output in outputs:  # both are on the disk before one has its name
            output.finish()
        for output in outputs:
            output.commit()
    return count


def join_scripts(entries: Iterable[Entry], target: str) -> int:
    """Number of ``entries``, which all come from scripts; their lines are written to the script ``target``.

    Raises SpecifierError for an entry of an archive, FileAccessError.
    """
    count = 0
    with open_output(target) as output:
        for entry in entries:
            if entry.line is None:
                raise SpecifierError(f"scp:{target}: joins scripts only, found the archive {entry.path}")
            line = f"{entry.key} {entry.line.rxfilename}{_range_text(entry.line.part)}\n"
            output.write(line.encode("utf-8", "surrogateescape"))
            count += 1
    return count


class _Source:
    """The files that entries lie in, the last one held open, because neighbours mostly lie in one."""

    def __init__(self, tables: Sequence[ReadSpecifier], allow_commands: bool) -> None:
        self._tables = tables
        self._allow_commands = allow_commands
        self._open_file = contextlib.ExitStack()
        self._stream: KaldiStream | None = None
        self._path = ""

    def close(self) -> None:
        self._open_file.close()

    def copy(self, entry: Entry, output: OutputFile, *, text: bool) -> None:
        """Write the object of an entry."""
        stream = self._at(entry)
        if stream is None or (stream.peek(2) == BINARY_MARK) == text:
            array = self._decoded(entry) if stream is None else read_array(stream)
            for piece in encode_array(array, text=text):
                output.write(piece)
            return
        start = stream.offset
        skip_array(stream)
        length = stream.offset - start
        stream.seek(start)
        last = b"\n"
        for done in range(0, length, _PIECE_BYTES):
            piece = stream.read_bytes(min(_PIECE_BYTES, length - done)).data
            output.write(piece)
            last = bytes(piece[-1:])
        if text and last != b"\n":  # a file of its own may lack it
            output.write(b"\n")

    def _at(self, entry: Entry) -> KaldiStream | None:
        """The entry's file, standing at its object; None where it must be read as its script says."""
        line = entry.line
        if line is not None and (line.part is not None or line.rxfilename.endswith("|")):
            return None
        if self._stream is None or self._path != entry.path:
            self._stream = None
            self._open_file.close()
            self._stream = self._open_file.enter_context(open_stream(entry.path))
            self._path = entry.path
        if self._stream.size is None:
            return None
        self._stream.context = f"utterance {shown_key(entry.key)}"
        self._stream.seek(entry.start)
        return self._stream

    def _decoded(self, entry: Entry) -> NDArray[Any]:
        line = entry.line
        if line is None:
            raise SpecifierError(f"{entry.path}: is compressed or no plain file; copy-table makes it one")
        with ScriptReader(self._tables[entry.table].filename, allow_commands=self._allow_commands) as reader:
            return reader.read(line)


def _all_entries(tables: Sequence[ReadSpecifier]) -> Iterator[Entry]:
    seen: set[str] = set()
    for number, given in enumerate(tables):
        for entry in _entries_of(given, number):
            if entry.key in seen:
                raise TableFormatError(
                    f"{given.original}: the key {shown_key(entry.key)} came before; keys must differ"
                )
            seen.add(entry.key)
            yield entry


def _entries_of(given: ReadSpecifier, number: int) -> Iterator[Entry]:
    if given.form == "npz":
        raise SpecifierError(f"{given.original}: NPZ cannot be joined; copy-table makes it an archive")
    if given.form == "scp":
        for line in read_script(given.filename):
            path, offset = split_offset(line.rxfilename)
            yield Entry(line.key, number, path, offset or 0, line)
        return
    with open_stream(given.filename) as stream:
        if stream.size is None:
            raise SpecifierError(f"{given.original}: expected a plain file; copy-table makes one of pipes and gzip")
        path = split_offset(given.filename)[0]
        for key, start in archive_entries(stream):
            yield Entry(key, number, path, start)


def _range_text(part: Range | None) -> str:
    if part is None:
        return ""
    spans = [":" if span is None else f"{span[0]}:{span[1]}" for span in (part.rows, part.columns)]
    return f"[{','.join(spans if part.columns is not None else spans[:1])}]"
