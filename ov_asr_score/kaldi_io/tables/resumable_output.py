"""Outputs of runs that may be broken off and gone on with: their hidden names are the same in every run.

What an earlier run left is looked through for entries that are whole; what is behind them is cut off.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from ov_asr_score.errors import FileAccessError, SpecifierError, TableFormatError
from ov_asr_score.kaldi_io.files.input import BUFFER_BYTES, access_error, open_path
from ov_asr_score.kaldi_io.files.output import DESCRIPTOR_FOLDERS, OutputFile, mode_of_existing
from ov_asr_score.kaldi_io.matrices.matrix import skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.specifier import WriteSpecifier
from ov_asr_score.kaldi_io.tables.archive import read_key
from ov_asr_score.text import printable_name

_LONGEST_NAME = 200  # bytes, so that the hidden name does not become longer than a name may be


@dataclass(frozen=True, slots=True)
class WholeEntries:
    """Entries at the beginning of a table's files that are whole in each of them, and where the last one ends."""

    count: int
    archive_bytes: int
    script_bytes: int


class PartialFile:
    """A hidden file that is this process's alone until it is closed; ``path`` is where it is, ``target`` where it goes.

    ``path`` and ``target`` are the same for a file that was complete already.
    """

    def __init__(self, path: Path, target: Path, name: str) -> None:
        """Open the file, make it if need be. Raises FileAccessError, also when another run has it open."""
        self.path, self.target, self.name = path, target, name
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            self._file: BinaryIO = open(descriptor, "r+b", buffering=0)  # noqa: PTH123, SIM115
        except OSError as error:
            raise access_error(name, error) from error
        try:
            self._lock()
        except BaseException:
            self._file.close()
            raise

    def continued(self, kept_bytes: int) -> OutputFile:
        """The file to write on, cut off behind ``kept_bytes``; closed with this output. Raises FileAccessError."""
        try:
            descriptor = os.dup(self._file.fileno())  # a lock lives as long as any descriptor of the file
            file = open(descriptor, "r+b", buffering=BUFFER_BYTES)  # noqa: PTH123, SIM115
            if os.fstat(descriptor).st_size != kept_bytes:
                file.truncate(kept_bytes)
            file.seek(kept_bytes)
            mode = mode_of_existing(str(self.target))
            if mode is not None and self.path != self.target:
                os.fchmod(descriptor, stat.S_IMODE(mode))
        except OSError as error:
            raise access_error(self.name, error) from error
        self.close()
        return OutputFile(file, self.name, part=self.path, target=self.target, keeps_part=True)

    def close(self) -> None:
        """Nothing; lets go of the file, which stays."""
        self._file.close()

    def _lock(self) -> None:
        if sys.platform == "win32":
            return
        import fcntl

        try:
            fcntl.flock(self._file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                return  # a file system without locks
            raise FileAccessError(
                f"{printable_name(self.name)}: another run is writing it; wait for its end, or stop it"
            ) from error


def check_continuable(given: WriteSpecifier) -> None:
    """Nothing; raises SpecifierError for a table whose writing cannot be gone on with after an interruption."""
    if given.archive is None:
        why = "a script of single files does not tell which of them are of this run"
    elif given.form == "npz":
        why = "NPZ has its directory at the end"
    else:
        names = [name for name in (given.archive, given.script) if name is not None]
        why = next(filter(None, map(_why_not_continuable, names)), "")
    if why:
        raise SpecifierError(f"--resume: {given.original!r}: {why}; write an archive into a plain file")


def hidden_path(name: str, suffix: str) -> Path:
    """Path beside the file ``name`` (behind its symbolic links) that is hidden and the same in every run."""
    target = Path(os.path.realpath(name))
    shown = target.name
    raw = os.fsencode(shown)
    if len(raw) > _LONGEST_NAME:
        shown = f"{shown[:40]}.{hashlib.sha256(raw).hexdigest()[:16]}"
    return target.with_name(f".{shown}.{suffix}")


def find_whole_entries(
    given: WriteSpecifier, archive: Path, script: Path | None, limit: int | None = None
) -> WholeEntries:
    """The entries in ``archive``, and in the ``script`` that points into it, that were written whole; up to ``limit``.

    Raises FileAccessError.
    """
    found = WholeEntries(0, 0, 0)
    with contextlib.ExitStack() as stack:
        stream = KaldiStream(stack.enter_context(open_path(str(archive))), given.archive or "")
        bytes_of_archive = stack.enter_context(open_path(str(archive)))
        lines = stack.enter_context(open_path(str(script))) if script is not None else None
        while limit is None or found.count < limit:
            try:
                key = read_key(stream)
                if key is None:
                    return found
                start = stream.offset
                skip_array(stream)
            except TableFormatError:
                return found
            if given.text and os.pread(bytes_of_archive.fileno(), 1, stream.offset - 1) != b"\n":
                return found
            script_bytes = found.script_bytes
            if lines is not None:
                line = f"{key} {given.archive}:{start}\n".encode("utf-8", "surrogateescape")
                if lines.read(len(line)) != line:
                    return found
                script_bytes += len(line)
            found = WholeEntries(found.count + 1, stream.offset, script_bytes)
    return found


def _why_not_continuable(name: str) -> str:
    if name in ("", "-"):
        return "standard output cannot be taken up again"
    if name.startswith("|"):
        return "a command cannot be taken up again"
    if name.endswith(".gz"):
        return "gzip cannot be gone on with in the middle"
    try:
        mode = mode_of_existing(name)
    except OSError:
        mode = None  # said where it is opened
    if name.startswith(DESCRIPTOR_FOLDERS) or (mode is not None and not stat.S_ISREG(mode)):
        return "what is no plain file cannot be taken up again"
    return ""
