"""Tables of lattices: archives and scripts, binary and text, as Kaldi's lattice tools read and write them.

Source: lat/kaldi-lattice.cc (``LatticeHolder``, ``CompactLatticeHolder``).
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from types import TracebackType

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.output import OutputFile, open_output
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, WriteSpecifier, parse_read_specifier, parse_write_specifier
from ov_asr_score.kaldi_io.tables.archive import check_key, read_key
from ov_asr_score.kaldi_io.tables.script import ScriptReader, read_script
from ov_asr_score.lattice.arcs.arc_groups import AnyLattice
from ov_asr_score.lattice.conversion import to_compact, to_lattice
from ov_asr_score.lattice.files.binary_lattices import encode_binary_lattice, read_binary_lattice
from ov_asr_score.lattice.files.text_lattices import encode_text_lattice, read_text_lattice
from ov_asr_score.lattice.lattice import CompactLattice, Lattice

logger = logging.getLogger(__name__)


def read_lattices(specifier: str | ReadSpecifier, *, allow_commands: bool = False) -> Iterator[tuple[str, AnyLattice]]:
    """Key and lattice of every utterance, in the order of the table, each in the form that it is stored in.

    Raises SpecifierError at once; FileAccessError and TableFormatError, naming file, utterance and byte, on the way.
    With the option ``p`` (permissive) lattices that a script cannot give are skipped, and an archive ends where it is
    damaged.
    """
    parsed = parse_read_specifier(specifier)
    if parsed.form in ("npz", "npy"):
        raise SpecifierError(f"{parsed.original!r}: expected an archive or a script of lattices, found {parsed.form}")
    return (_read_script if parsed.form == "scp" else _read_archive)(parsed, allow_commands)


def read_plain_lattices(
    specifier: str | ReadSpecifier, *, allow_commands: bool = False
) -> Iterator[tuple[str, Lattice]]:
    """As ``read_lattices``, all with a transition-id per arc."""
    return ((key, to_lattice(lattice)) for key, lattice in read_lattices(specifier, allow_commands=allow_commands))


def read_compact_lattices(
    specifier: str | ReadSpecifier, *, allow_commands: bool = False
) -> Iterator[tuple[str, CompactLattice]]:
    """As ``read_lattices``, all as acceptors of words, as deterministic as they are stored."""
    return ((key, to_compact(lattice)) for key, lattice in read_lattices(specifier, allow_commands=allow_commands))


def _read_archive(specifier: ReadSpecifier, allow_commands: bool) -> Iterator[tuple[str, AnyLattice]]:
    with open_stream(specifier.filename, allow_commands=allow_commands) as stream:
        while True:
            try:
                key = read_key(stream, of_arrays=False)
                lattice = None if key is None else read_lattice(stream)
            except TableFormatError as error:
                if not specifier.permissive:
                    raise
                logger.warning("skipped, with all that follows: %s", error)
                return
            if key is None or lattice is None:
                return
            yield key, lattice


def _read_script(specifier: ReadSpecifier, allow_commands: bool) -> Iterator[tuple[str, AnyLattice]]:
    lines = read_script(specifier.filename, allow_commands=allow_commands, path_map=specifier.path_map)
    with ScriptReader(allow_commands=allow_commands) as reader:
        for line in lines:
            try:
                if line.part is not None:
                    raise TableFormatError(f"{line.place}: lattices cannot be cut by a range")
                lattice = reader.read_with(line, read_lattice)
            except (FileAccessError, TableFormatError) as error:
                if not specifier.permissive:
                    raise
                logger.warning("skipped: %s", error)
                continue
            yield line.key, lattice


def read_lattice(stream: KaldiStream) -> AnyLattice:
    """The lattice at the stream's position, binary or text, compact or not. Raises TableFormatError."""
    start = stream.peek(1)
    if not start:
        raise stream.error("a lattice", "the end of the file", "the file is truncated")
    return read_text_lattice(stream) if start.isspace() else read_binary_lattice(stream)


class LatticeWriter:
    """Writes a table of lattices; as a context manager it commits at the end, and leaves no file after an exception.

    ``ark``, ``ark,scp`` and ``ark,t`` are taken; lattices are written in the form that they have.
    """

    def __init__(self, specifier: str | WriteSpecifier, *, allow_commands: bool = False) -> None:
        """Open the outputs, so that a bad path is reported early. Raises SpecifierError, FileAccessError."""
        parsed = parse_write_specifier(specifier)
        if parsed.archive is None or parsed.form != "kaldi":
            raise SpecifierError(f"{parsed.original!r}: lattices are written as ark, ark,t or ark,scp")
        self.specifier = parsed
        self._archive: OutputFile = open_output(parsed.archive, allow_commands=allow_commands)
        self._script: OutputFile | None = None
        try:
            if parsed.script is not None:
                if not self._archive.seekable():
                    raise SpecifierError(f"{parsed.original!r}: a script needs offsets into a plain file")
                self._script = open_output(parsed.script, allow_commands=allow_commands)
        except BaseException:
            self.abort()
            raise

    def write(self, key: str, lattice: AnyLattice) -> None:
        """Write a lattice. Raises TableFormatError for a bad key, and FileAccessError."""
        check_key(key)
        raw_key = key.encode("utf-8", "surrogateescape")
        self._archive.write(raw_key + b" ")
        place = f" {self.specifier.archive}:{self._archive.offset}\n"
        self._archive.write(encode_lattice(lattice, text=self.specifier.text))
        if self._script is not None:
            self._script.write(raw_key + place.encode("utf-8", "surrogateescape"))
            self._script.flush_if_due()
        if self.specifier.flush and not self._archive.is_plain_file:
            self._archive.flush()
        self._archive.flush_if_due()

    def finish(self) -> None:
        """Sync everything to the disk, so that only the renames are left to do. Raises FileAccessError."""
        for output in self._outputs():
            output.finish()

    def commit(self) -> None:
        """Finish all files and rename them to their final names. Raises FileAccessError."""
        self.finish()
        for output in self._outputs():
            output.commit()

    def abort(self) -> None:
        """Discard what was written."""
        for output in reversed(self._outputs()):
            output.abort()

    def _outputs(self) -> list[OutputFile]:
        return [output for output in (self._archive, self._script) if output is not None]

    def __enter__(self) -> LatticeWriter:
        """The writer itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or abort after an exception."""
        with contextlib.ExitStack() as cleaning:
            cleaning.callback(self.abort)
            if kind is None:
                self.commit()


def encode_lattice(lattice: AnyLattice, *, text: bool) -> bytes:
    """The bytes of a lattice behind its key, in the form that it has."""
    return encode_text_lattice(lattice) if text else encode_binary_lattice(lattice)
