"""Outputs of runs that can be interrupted and resumed: their hidden names are the same in every run.

The entries that an interrupted run wrote completely are found, and what follows them is cut off.
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
    """Number of entries that are complete in all files of a table, and the bytes of each file that they take."""

    count: int
    archive_bytes: int
    script_bytes: int


class PartialFile:
    """A hidden file ``path`` that becomes ``target``, locked by this process until it is closed.

    ``path`` and ``target`` are the same for a file that was complete already.
    """

    def __init__(self, path: Path, target: Path, name: str) -> None:
        """Open the file, or create it. Raises FileAccessError, also if another run has it open."""
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
        """Output that appends to the file after its first ``kept_bytes``. Raises FileAccessError."""
        try:
            descriptor = os.dup(self._file.fileno())  # the lock is held as long as any descriptor is open
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
        """Close and unlock the file, which stays."""
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
                f"{printable_name(self.name)}: another run is writing it; wait for it to end, or stop it"
            ) from error


def check_resumable(specifier: WriteSpecifier) -> None:
    """Raise SpecifierError for a table whose writing cannot be resumed after an interruption."""
    if specifier.archive is None:
        why = "a script of single files does not say which of them this run wrote"
    elif specifier.form == "npz":
        why = "NPZ files have their directory at the end"
    else:
        names = [name for name in (specifier.archive, specifier.script) if name is not None]
        why = next(filter(None, map(why_not_resumable, names)), "")
    if why:
        message = f"resume: {specifier.original!r}: {why}; write an archive to a plain file"
        raise SpecifierError(message, fields=("resume",))


def hidden_path(name: str, suffix: str) -> Path:
    """Hidden path beside the file ``name`` (symbolic links resolved), the same in every run."""
    target = Path(os.path.realpath(name))
    shown = target.name
    raw = os.fsencode(shown)
    if len(raw) > _LONGEST_NAME:
        shown = f"{shown[:40]}.{hashlib.sha256(raw).hexdigest()[:16]}"
    return target.with_name(f".{shown}.{suffix}")


def find_whole_entries(
    specifier: WriteSpecifier, archive: Path, script: Path | None, limit: int | None = None
) -> WholeEntries:
    """The entries that are complete in ``archive`` and in the ``script`` that points into it; at most ``limit``.

    Raises FileAccessError.
    """
    whole = WholeEntries(0, 0, 0)
    with contextlib.ExitStack() as stack:
        stream = KaldiStream(stack.enter_context(open_path(str(archive))), specifier.archive or "")
        bytes_of_archive = stack.enter_context(open_path(str(archive)))
        lines = stack.enter_context(open_path(str(script))) if script is not None else None
        while limit is None or whole.count < limit:
            try:
                key = read_key(stream)
                if key is None:
                    return whole
                start = stream.offset
                skip_array(stream)
            except TableFormatError:
                return whole
            if specifier.text and os.pread(bytes_of_archive.fileno(), 1, stream.offset - 1) != b"\n":
                return whole
            script_bytes = whole.script_bytes
            if lines is not None:
                line = f"{key} {specifier.archive}:{start}\n".encode("utf-8", "surrogateescape")
                if lines.read(len(line)) != line:
                    return whole
                script_bytes += len(line)
            whole = WholeEntries(whole.count + 1, stream.offset, script_bytes)
    return whole


def why_not_resumable(name: str) -> str:
    """Why writing the file cannot go on after an interruption; empty for a plain file."""
    if name in ("", "-"):
        return "standard output cannot be continued"
    if name.startswith("|"):
        return "a command cannot be continued"
    if name.endswith(".gz"):
        return "gzip cannot be continued"
    try:
        mode = mode_of_existing(name)
    except OSError:
        mode = None  # reported where it is opened
    if name.startswith(DESCRIPTOR_FOLDERS) or (mode is not None and not stat.S_ISREG(mode)):
        return "only plain files can be continued"
    return ""
