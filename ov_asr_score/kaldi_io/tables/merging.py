"""Tables joined into one: the bytes of entries are copied without decoding them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.output import OutputFile, open_output
from ov_asr_score.kaldi_io.foreign import TABLE, describe_file
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, encode_array, read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import Range, WriteSpecifier
from ov_asr_score.kaldi_io.tables.entries import TableEntry
from ov_asr_score.kaldi_io.tables.npy import NPY_MAGIC
from ov_asr_score.kaldi_io.tables.script import ScriptReader
from ov_asr_score.text import printable_name, shown_key

_PIECE_BYTES = 1 << 20


def join_archives(entries: Iterable[TableEntry], target: WriteSpecifier, *, allow_commands: bool = False) -> int:
    """Number of ``entries``, after writing them to the archive and the script of ``target``.

    The files get their names when they are complete. Objects are copied as they are if they have the form of ``target``
    (binary or text) and no range; the others are decoded. Raises
    SpecifierError, FileAccessError, TableFormatError.
    """
    with contextlib.ExitStack() as stack:
        archive = stack.enter_context(open_output(target.archive or "", allow_commands=allow_commands))
        script = None
        if target.script is not None:
            if not archive.seekable():
                raise SpecifierError(f"{target.original!r}: a script needs offsets into a plain file")
            script = stack.enter_context(open_output(target.script, allow_commands=allow_commands))
        source = stack.enter_context(contextlib.closing(_Source(allow_commands)))
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
        for output in outputs:  # both are on the disk before one gets its name
            output.finish()
        for output in outputs:
            output.commit()
    return count


def join_scripts(entries: Iterable[TableEntry], target: str) -> int:
    """Number of ``entries``, after writing their lines to the script ``target``; all must come from scripts.

    Raises SpecifierError for an entry of an archive, FileAccessError.
    """
    count = 0
    with open_output(target) as output:
        for entry in entries:
            if entry.line is None:
                raise SpecifierError(
                    f"scp:{target}: only scripts can be joined to a script, found the archive {entry.path}"
                )
            line = f"{entry.key} {entry.line.rxfilename}{_range_text(entry.line.part)}\n"
            output.write(line.encode("utf-8", "surrogateescape"))
            count += 1
    return count


class _Source:
    """The files that entries lie in, the last one held open, because neighbours mostly lie in one."""

    def __init__(self, allow_commands: bool) -> None:
        self._allow_commands = allow_commands
        self._open_file = contextlib.ExitStack()
        self._stream: KaldiStream | None = None
        self._path = ""

    def close(self) -> None:
        self._open_file.close()

    def copy(self, entry: TableEntry, output: OutputFile, *, text: bool) -> None:
        """Write the object of an entry to ``output``. Raises TableFormatError."""
        try:
            self._copy(entry, output, text=text)
        except TableFormatError as error:
            if said := describe_file(entry.path, TABLE):
                raise TableFormatError(f"{printable_name(entry.path)}: {said}") from error
            raise

    def _copy(self, entry: TableEntry, output: OutputFile, *, text: bool) -> None:
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
        if text and last != b"\n":  # an object in a file of its own may lack it
            output.write(b"\n")

    def _at(self, entry: TableEntry) -> KaldiStream | None:
        """The entry's file, positioned at its object; None if the object must be decoded as its script says."""
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
        return None if self._stream.peek(len(NPY_MAGIC)) == NPY_MAGIC else self._stream

    def _decoded(self, entry: TableEntry) -> NDArray[Any]:
        line = entry.line
        if line is None:
            raise SpecifierError(f"{entry.path}: is not an uncompressed plain file; copy-table makes it one")
        with ScriptReader(allow_commands=self._allow_commands) as reader:
            return reader.read(line)


def _range_text(part: Range | None) -> str:
    if part is None:
        return ""
    spans = [":" if span is None else f"{span[0]}:{span[1]}" for span in (part.rows, part.columns)]
    return f"[{','.join(spans if part.columns is not None else spans[:1])}]"
