"""Output files that appear under their names only when they are complete.

A plain file is written under a hidden name in the same folder and renamed at the end. Standard output, devices, FIFOs
and commands are written to directly. The names are Kaldi's wxfilenames (util/kaldi-io.cc, ``ClassifyWxfilename``).
"""

from __future__ import annotations

import contextlib
import errno
import gzip
import io
import os
import re
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, TextIO, overload

from ov_asr_score.errors import FileAccessError, SpecifierError
from ov_asr_score.kaldi_io.files.input import BUFFER_BYTES, access_error, check_commands_allowed
from ov_asr_score.text import printable_name

DESCRIPTOR_FOLDERS = ("/dev/fd/", "/dev/std", "/proc/self/fd/")
FLUSH_SECONDS = 1.0


class OutputFile(io.BufferedIOBase):
    """A binary file being written; ``commit`` renames it to its final name, ``abort`` leaves no trace of it.

    As a context manager it commits, and aborts on any exception. With ``keeps_part`` an aborted file stays under its
    hidden name.

    ``is_plain_file`` is false for what cannot be undone (standard output, a device, a command). ``offset`` is the
    number of bytes written. All methods raise FileAccessError.
    """

    def __init__(
        self,
        file: IO[bytes],
        name: str,
        *,
        part: Path | None = None,
        target: Path | None = None,
        command: subprocess.Popen[bytes] | None = None,
        compress: bool = False,
        keeps_part: bool = False,
    ) -> None:
        """Write to ``file``; for plain files that is the hidden file ``part``, which becomes ``target``.

        With ``keeps_part``, ``file`` is positioned after what an earlier run left there.
        """
        super().__init__()
        self.is_plain_file = part is not None
        self.offset = file.tell() if keeps_part else 0
        self._keeps_part = keeps_part
        self._next_flush = time.monotonic() + FLUSH_SECONDS
        self._finished = False
        self._written = False
        self._name = name
        self._part = part
        self._target = target
        self._command = command
        self._raw = file
        # Without name and time in the gzip header the same contents give the same bytes.
        self._gzip = gzip.GzipFile("", "wb", fileobj=file, mtime=0) if compress else None
        self._is_stdout = file is getattr(sys.stdout, "buffer", None)

    @property
    def part_path(self) -> Path | None:
        """The hidden file of a plain file."""
        return self._part

    def writable(self) -> bool:
        """True, always."""
        return True

    def seekable(self) -> bool:
        """True for plain files that are not compressed."""
        return self.is_plain_file and self._gzip is None

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """New position in bytes."""
        try:
            self.offset = self._raw.seek(offset, whence)  # writes what is buffered
        except io.UnsupportedOperation:
            raise  # zipfile finds out in this way whether it can seek
        except OSError as error:
            raise self._explained(error) from error
        return self.offset

    def tell(self) -> int:
        """Position in bytes."""
        return self.offset

    def write(self, data: Any, /) -> int:
        """Number of bytes in ``data``; all of them are written."""
        try:
            count = (self._gzip or self._raw).write(data)
        except OSError as error:
            raise self._explained(error) from error
        self.offset += count
        return count

    def flush(self) -> None:
        """Pass buffered bytes on to the system."""
        if self._finished:
            return
        try:
            (self._gzip or self._raw).flush()
        except OSError as error:
            raise self._explained(error) from error

    def flush_if_due(self) -> None:
        """Flush once a second if the file is kept after an abort, so that a killed process loses little."""
        if self._keeps_part and time.monotonic() >= self._next_flush:
            self.flush()
            self._next_flush = time.monotonic() + FLUSH_SECONDS

    def finish(self) -> None:
        """Sync everything to the disk, so that only the rename is left to do; nothing can be written afterwards.

        Outputs that belong together are all finished before the first is committed. Raises FileAccessError.
        """
        if self._finished or self._written:
            return
        try:
            if self._gzip is not None:
                self._gzip.close()
            self._raw.flush()
            if self._part is not None:
                os.fsync(self._raw.fileno())
                self._raw.close()
        except OSError as error:
            explained = self._explained(error)
            self.abort()
            raise explained from error
        self._written = True

    def commit(self) -> None:
        """Finish the file and rename it to its final name. Raises FileAccessError, and then nothing is left behind."""
        if self._finished:
            return
        self.finish()
        try:
            if self._part is not None and self._target is not None:
                self._part.replace(self._target)
            self._close_raw()
        except OSError as error:
            explained = self._explained(error)
            self.abort()
            raise explained from error
        self._finished = True
        self._check_command()

    def abort(self) -> None:
        """Discard what was written where possible, or leave it for the next run (``keeps_part``)."""
        if self._finished:
            return
        self._finished = True
        if self._gzip is not None:
            # Otherwise it would write its trailer when it is garbage-collected.
            self._gzip.fileobj = None  # type: ignore[assignment]
        if self._command is not None:
            self._command.terminate()
        with contextlib.suppress(OSError):
            self._close_raw()
        if self._part is not None and not self._keeps_part:
            self._part.unlink(missing_ok=True)
        if self._command is not None:
            self._command.wait()

    def close(self) -> None:
        """Abort the output unless it was committed."""
        self.abort()
        super().close()

    def __enter__(self) -> OutputFile:
        """The file itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Commit, or abort after an exception, Ctrl-C included."""
        if kind is None:
            self.commit()
        self.close()

    def _close_raw(self) -> None:
        if not self._is_stdout:
            self._raw.close()

    def _check_command(self) -> None:
        if self._command is not None and (status := self._command.wait()) != 0:
            raise FileAccessError(f"command {self._name!r}: ended with exit status {status}")

    def _explained(self, error: OSError) -> FileAccessError:
        if error.errno == errno.EPIPE and self._command is not None:
            # Usually the command did not even start, and its exit status explains more.
            with contextlib.suppress(subprocess.TimeoutExpired):
                status = self._command.wait(timeout=1)
                return FileAccessError(f"command {self._name!r}: ended early with exit status {status}")
        elif error.errno == errno.EPIPE:
            # At exit Python would try to write the rest again, and print a message of its own.
            with contextlib.suppress(OSError, ValueError), Path(os.devnull).open("wb") as sink:
                os.dup2(sink.fileno(), self._raw.fileno())
        return access_error(self._name, error)


def open_output(wxfilename: str, *, allow_commands: bool = False) -> OutputFile:
    """Output for a path (gzip if it ends in ``.gz``), ``-`` for standard output, or ``| command``.

    The command is run by /bin/sh, only with ``allow_commands``. Raises SpecifierError (not a wxfilename, commands not
    allowed) and FileAccessError (a folder, no such folder, no permission).
    """
    if wxfilename.startswith("|"):
        command = wxfilename[1:].strip()
        check_commands_allowed(command, allow_commands)
        process = subprocess.Popen(["/bin/sh", "-c", command], stdin=subprocess.PIPE, bufsize=BUFFER_BYTES)
        if process.stdin is None:
            raise FileAccessError(f"command {printable_name(command)!r}: has no standard input")
        return OutputFile(process.stdin, printable_name(command), command=process)
    _check_wxfilename(wxfilename)
    return _open_file(wxfilename)


@overload
def atomic_output(path: str | Path, mode: Literal["wb"] = "wb") -> contextlib.AbstractContextManager[OutputFile]: ...
@overload
def atomic_output(path: str | Path, mode: Literal["w"]) -> contextlib.AbstractContextManager[TextIO]: ...
def atomic_output(path: str | Path, mode: str = "wb") -> contextlib.AbstractContextManager[Any]:
    """Context manager with a file to write to, binary (``wb``) or UTF-8 text (``w``); ``-`` is standard output.

    The file gets its name at the end of the ``with``. After an exception it never does, and an older file of that name
    stays. Raises FileAccessError.
    """
    return _text_output(str(path)) if mode == "w" else _open_file(str(path))


@contextlib.contextmanager
def _text_output(path: str) -> Iterator[TextIO]:
    with _open_file(path) as output:
        text = io.TextIOWrapper(output, encoding="utf-8", newline="\n")  # type: ignore[type-var]
        yield text
        text.detach()


def _check_wxfilename(name: str) -> None:
    shown = printable_name(name)
    if "|" in name:
        raise SpecifierError(f"{shown}: the pipe symbol must be at the beginning")
    if name != name.strip():
        raise SpecifierError(f"{name!r}: a file name must not begin or end with a blank")
    if re.search(r":\d+\Z", name, re.ASCII):
        raise SpecifierError(f"{shown}: cannot write to an offset inside a file")
    if re.match(r"(ark|scp|npz|npy)(,[a-z]+)*:", name):
        raise SpecifierError(f"{shown}: expected a file name, found a table specifier")


def _open_file(name: str) -> OutputFile:
    if name in ("", "-"):
        if sys.stdout is None or sys.stdout.closed:
            raise FileAccessError("standard output: is closed")
        return OutputFile(sys.stdout.buffer, "standard output")
    compress = name.endswith(".gz")
    try:
        mode = mode_of_existing(name)
        if name.startswith(DESCRIPTOR_FOLDERS) or (mode is not None and not stat.S_ISREG(mode)):
            return OutputFile(Path(name).open("wb", buffering=BUFFER_BYTES), name, compress=compress)
        return _open_part(name, mode, compress)
    except (OSError, ValueError) as error:
        folder = Path(name).parent
        if isinstance(error, FileNotFoundError) and not folder.is_dir():
            raise FileAccessError(f"{printable_name(name)}: no such folder {printable_name(str(folder))}") from error
        raise access_error(name, error) from error


def _open_part(name: str, mode: int | None, compress: bool) -> OutputFile:
    # A symbolic link stays, and the file it points to is replaced.
    target = Path(os.path.realpath(name))
    if mode is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    # Shortened, so that the hidden name does not exceed the limit of the file system.
    part = target.with_name(f".{target.name[:40]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
    if mode is not None:
        os.fchmod(descriptor, stat.S_IMODE(mode))
    file = open(descriptor, "wb", buffering=BUFFER_BYTES)  # noqa: PTH123, SIM115
    return OutputFile(file, name, part=part, target=target, compress=compress)


def mode_of_existing(name: str) -> int | None:
    """The ``st_mode`` (kind and permissions) of the file ``name``, None if there is none. Raises OSError (a folder)."""
    try:
        mode = Path(name).stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, "expected a file name, found a folder")
    return mode
