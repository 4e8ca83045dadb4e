"""Tables written one utterance at a time: archive, script, text, compressed, NPZ."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from functools import partial
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ov_asr_score.errors import MissingUtteranceError, SpecifierError, UsageError
from ov_asr_score.kaldi_io.files.output import OutputFile, open_output
from ov_asr_score.kaldi_io.matrices.compressed import ALL_COMPRESSION_METHODS
from ov_asr_score.kaldi_io.matrices.integer_pairs import encode_pairs
from ov_asr_score.kaldi_io.matrices.matrix import encode_array
from ov_asr_score.kaldi_io.specifier import WriteSpecifier, parse_write_specifier
from ov_asr_score.kaldi_io.tables.archive import check_key
from ov_asr_score.kaldi_io.tables.npz import NpzWriter
from ov_asr_score.kaldi_io.tables.script import read_script
from ov_asr_score.text import shown_key


class TableWriter:
    """Writes a table; as a context manager it commits at the end, and leaves no file behind after an exception.

    Archive and script get their final names together, the archive first. ``scp:<file>`` writes each utterance to the
    file that the existing script names for it, complete at once.
    """

    def __init__(
        self,
        specifier: str | WriteSpecifier,
        *,
        dtype: DTypeLike | None = np.float32,
        compression_method: int | None = None,
        npz_compressed: bool = False,
        allow_commands: bool = False,
        open_file: Callable[[str], OutputFile] | None = None,
    ) -> None:
        """Open the outputs, so that a bad path is reported before the work begins.

        ``dtype`` is float32 or float64 and applies to floats, None keeps that of each array; vectors of int32 stay
        integers. ``compression_method`` is Kaldi's, 1 to 7. ``open_file`` opens archive and script by name, instead of
        ``open_output``. Raises SpecifierError, UsageError (contradictory options), FileAccessError.
        """
        parsed = parse_write_specifier(specifier)
        self.specifier = parsed
        self._dtype = None if dtype is None else np.dtype(dtype)
        self._compression_method = compression_method
        self._allow_commands = allow_commands
        self._check_options()
        self._archive: OutputFile | None = None
        self._script: OutputFile | None = None
        self._npz: NpzWriter | None = None
        self._finished = False
        self._files_of_script: dict[str, str] = {}
        self._write: Callable[[str, NDArray[Any]], None] = self._write_entry
        if parsed.archive is None:
            lines = read_script(parsed.script or "", allow_commands=allow_commands)
            self._files_of_script = {line.key: line.rxfilename for line in lines}
            self._write = self._write_own_file
            return
        opened = open_file or partial(open_output, allow_commands=allow_commands)
        self._archive = opened(parsed.archive)
        try:
            if parsed.form == "npz":
                self._npz = NpzWriter(self._archive, compressed=npz_compressed)
                self._write = self._npz.write
            if parsed.script is not None:
                self._check_offsets_possible(self._archive)
                self._script = opened(parsed.script)
        except BaseException:
            self.abort()
            raise

    def write(self, key: str, array: NDArray[Any]) -> None:
        """Write a matrix [T, D] or a vector [D]. Blanks around the key are removed, as when it is read.

        Raises TableFormatError for a bad key, values other than real numbers, and NaN with compression; the table is
        then as it was before. Raises FileAccessError, and MissingUtteranceError for a key that the script of ``scp:``
        lacks.
        """
        self._write(key.strip(), self._converted(array))

    def write_pairs(self, key: str, pairs: NDArray[np.int32]) -> None:
        """Write pairs of integers [P, 2], as Kaldi's tables of them have them; raises what ``write`` raises.

        Kaldi: ``BasicPairVectorHolder``. NPZ gets the matrix.
        """
        self._write(key.strip(), np.ascontiguousarray(pairs, np.int32).reshape(-1, 2))

    def finish(self) -> None:
        """Sync everything to the disk, so that only the renames are left to do. Raises FileAccessError."""
        if self._npz is not None and not self._finished:
            self._npz.close()
        self._finished = True
        for output in (self._archive, self._script):
            if output is not None:
                output.finish()

    def commit(self) -> None:
        """Finish all files and rename them to their final names. Raises FileAccessError."""
        self.finish()
        for output in (self._archive, self._script):
            if output is not None:
                output.commit()

    def abort(self) -> None:
        """Discard what was written."""
        if self._npz is not None:
            self._npz.abort()
        for output in (self._script, self._archive):
            if output is not None:
                output.abort()

    def __enter__(self) -> TableWriter:
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

    def _check_options(self) -> None:
        specifier = self.specifier
        if self._dtype not in (None, np.float32, np.float64):
            raise UsageError(f"{specifier.original}: expected float32 or float64, found {self._dtype}")
        if self._compression_method is None:
            return
        if self._compression_method not in ALL_COMPRESSION_METHODS:
            raise UsageError(f"{specifier.original}: compression method {self._compression_method}: expected 1 to 7")
        if specifier.text or specifier.form == "npz":
            raise UsageError(f"{specifier.original}: Kaldi's compression is for binary archives; choose one of the two")

    def _check_offsets_possible(self, archive: OutputFile) -> None:
        if not archive.seekable():
            raise SpecifierError(
                f"{self.specifier.original!r}: a script needs offsets into a plain file; "
                "the archive cannot be a pipe, standard output or gzip"
            )

    def _converted(self, array: NDArray[Any]) -> NDArray[Any]:
        keeps_integers = array.dtype == np.int32 and array.ndim == 1
        own = np.float64 if array.dtype == np.float64 else np.float32
        wanted = own if self._dtype is None else self._dtype
        if keeps_integers or array.dtype == wanted or array.dtype.kind not in "fiub":
            return np.ascontiguousarray(array)
        return np.ascontiguousarray(array, wanted)

    def _encoded(self, array: NDArray[Any]) -> list[bytes | memoryview]:
        if array.ndim == 2 and array.dtype == np.int32:  # matrices are floats by now
            return [encode_pairs(array, text=self.specifier.text)]
        return encode_array(array, text=self.specifier.text, compression_method=self._compression_method)

    def _write_entry(self, key: str, array: NDArray[Any]) -> None:
        check_key(key)
        pieces = self._encoded(array)
        raw_key = key.encode("utf-8", "surrogateescape")
        if self._archive is not None:
            self._archive.write(raw_key + b" ")
            offset = self._archive.offset
            for piece in pieces:
                self._archive.write(piece)
            if self._script is not None:
                place = f" {self.specifier.archive}:{offset}\n"
                self._script.write(raw_key + place.encode("utf-8", "surrogateescape"))
                self._script.flush_if_due()
            self._archive.flush_if_due()
            self._flush(self._archive)

    def _write_own_file(self, key: str, array: NDArray[Any]) -> None:
        name = self._files_of_script.get(key)
        if name is None:
            if self.specifier.permissive:
                return
            raise MissingUtteranceError(f"{self.specifier.script}: no line for utterance {shown_key(key)}")
        with open_output(name, allow_commands=self._allow_commands) as output:
            for piece in self._encoded(array):
                output.write(piece)

    def _flush(self, output: OutputFile) -> None:
        # Somebody may wait at the other end of a pipe; a plain file is visible only when it is complete.
        if self.specifier.flush and not output.is_plain_file:
            output.flush()
