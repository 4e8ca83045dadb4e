"""Files to read from: a path, ``path:offset``, ``-`` for standard input, or ``command |``.

The names are Kaldi's rxfilenames (util/kaldi-io.cc, ``ClassifyRxfilename``). Beyond Kaldi, gzip is recognized by its
first bytes and decompressed, and a command that exits with a status other than 0 is an error.
"""

from __future__ import annotations

import errno
import gzip
import io
import re
import stat
import subprocess
import sys
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, cast

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, SpecifierError
from ov_asr_score.kaldi_io.foreign import START_BYTES, describe_start
from ov_asr_score.text import did_you_mean, near_names, printable_name

BUFFER_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
SIGPIPE_STATUSES = (-13, 128 + 13)

_KEPT: ContextVar[Mapping[str, bytes]] = ContextVar("kept inputs", default=MappingProxyType({}))


@contextmanager
def keep_inputs(names: Iterable[str], *, allow_commands: bool = False) -> Iterator[None]:
    """Read what can be read only once, and give its content to all who open it by its name while the ``with`` lasts.

    These are the ``names`` that are standard input, a command, a FIFO, or ``path:offset``. A model is opened for
    its kind, for its digest and to be converted: a command must not run for each of them, nor give them different
    content. Nothing is left behind: the content is in memory. Raises what ``open_input`` raises.
    """
    kept = dict(_KEPT.get())
    for name in names:
        if name not in kept and _passes_by(name):
            with open_input(name, allow_commands=allow_commands) as file:
                try:
                    content = file.read()
                except (OSError, EOFError, zlib.error) as error:
                    shown = printable_name(name)
                    raise FileAccessError(f"{shown}: cannot be read: {str(error)[:60]}; is it damaged?") from error
            kept[name] = kept[str(Path(name))] = content
    token = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(token)


def is_stream(name: str) -> bool:
    """Whether ``name`` is standard input or a command, which have no folder in which other files could be."""
    return name == "-" or name.endswith("|")


def kept_input(name: str | Path) -> bytes | None:
    """The content that ``keep_inputs`` has read, None of a file that can be opened whenever it is needed."""
    return _KEPT.get().get(str(name))


def describe_input(name: str | Path, expected: str) -> str:
    """What a file or kept input is instead of what is ``expected``, as ``describe_start`` says; empty if unknown."""
    try:
        with open_path(str(name)) as file:
            start = file.read(START_BYTES)
            return describe_start(start, str(name), expected, whole=not file.read(1))
    except (OSError, OvAsrScoreError):
        return ""


def _passes_by(name: str) -> bool:
    """Whether ``name`` is not the path of a file that can be read again."""
    if is_stream(name):
        return True
    try:
        mode = Path(name).stat().st_mode
    except (OSError, ValueError):
        path, offset = split_offset(name)
        return offset is not None and Path(path).is_file()
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


@contextmanager
def open_input(rxfilename: str, *, allow_commands: bool = False) -> Iterator[BinaryIO]:
    """Binary file for an rxfilename, decompressed, positioned at its offset; closed at the end of the ``with``.

    ``command |`` is run by /bin/sh, only with ``allow_commands``. Raises SpecifierError (not an rxfilename, commands
    not allowed) and FileAccessError (cannot be opened, the command failed).
    """
    if (kept := kept_input(rxfilename)) is not None:
        yield io.BytesIO(kept)
        return
    if rxfilename.endswith("|"):
        with _open_command(rxfilename[:-1].strip(), allow_commands) as file:
            yield _without_gzip(file)
        return
    _check_rxfilename(rxfilename)
    if rxfilename in ("", "-"):
        if sys.stdin is None or sys.stdin.closed:
            raise FileAccessError("standard input: is closed")
        yield _without_gzip(sys.stdin.buffer)
        return
    path, offset = split_offset(rxfilename)
    with open_path(path) as file:
        if offset is None:
            yield _without_gzip(file)
        else:
            yield _at_offset(file, path, offset)


def split_offset(rxfilename: str) -> tuple[str, int | None]:
    """Path and byte offset of ``path:offset``; the whole text and ``None`` where there is no offset."""
    match = re.fullmatch(r"(.+):(\d{1,18})", rxfilename, re.ASCII | re.DOTALL)
    return (match[1], int(match[2])) if match else (rxfilename, None)


def open_path(path: str) -> BinaryIO:
    """File opened for reading, large reads unbuffered; a kept input from its beginning.

    Raises FileAccessError in one line.
    """
    if (kept := kept_input(path)) is not None:
        return io.BytesIO(kept)
    try:
        if stat.S_ISDIR(Path(path).stat().st_mode):
            raise FileAccessError(f"{printable_name(path)}: expected a file, found a folder")
        return Path(path).open("rb", buffering=BUFFER_BYTES)
    except (OSError, ValueError) as error:
        raise access_error(path, error) from error


def access_error(path: str, error: Exception) -> FileAccessError:
    """The error for a path that the system refuses, in one line; for a missing file with similar names nearby."""
    shown = printable_name(path)
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.ENOENT:
        return FileAccessError(f"{shown}: no such file{_advice_for_missing(path)}")
    if code == errno.ENOSPC:
        return FileAccessError(f"{shown}: no space left on the device; free some and run again")
    if code == errno.EPIPE:
        return FileAccessError(f"{shown}: closed by its reader before everything was written")
    reason = error.strerror.lower() if isinstance(error, OSError) and error.strerror else str(error)
    return FileAccessError(f"{shown}: {reason}")


def check_commands_allowed(command: str, allow_commands: bool) -> None:
    """Raise SpecifierError if commands are not allowed, or the command is empty."""
    if not command:
        raise SpecifierError("expected a command next to the pipe symbol, found nothing")
    if not allow_commands:
        raise SpecifierError(
            f"{printable_name(command)}: commands are not run unless allowed; set allow_commands if you trust it",
            fields=("allow_commands",),
        )


def _check_rxfilename(name: str) -> None:
    if name.startswith("|"):
        raise SpecifierError(f"{printable_name(name)}: a command to read from must end with the pipe symbol")
    if "|" in name:
        raise SpecifierError(f"{printable_name(name)}: the pipe symbol must be at the end")
    if name != name.strip():
        raise SpecifierError(f"{name!r}: a file name must not begin or end with a blank")
    if re.match(r"(ark|scp|npz|npy)(,[a-z]+)*:", name):
        raise SpecifierError(f"{printable_name(name)}: expected a file name, found a table specifier")


def _advice_for_missing(path: str) -> str:
    if path.startswith("~"):
        return "; the shell expands ~ only at the start of a word, write the path in full"
    if path == "-" or path.rstrip().endswith("|"):
        return "; this file is not read from standard input or a command"
    folder = Path(path).parent
    if not folder.is_dir():
        return f", and no such folder {printable_name(str(folder))}"
    try:
        names = [entry.name for entry in folder.iterdir()]
    except OSError:
        return ""
    return did_you_mean([printable_name(name) for name in near_names(Path(path).name, names)])


def _at_offset(file: BinaryIO, path: str, offset: int) -> BinaryIO:
    try:
        file.seek(offset)
    except OSError as error:
        raise FileAccessError(f"{printable_name(path)}: cannot seek to offset {offset}, not a regular file") from error
    return file


def _without_gzip(file: BinaryIO) -> BinaryIO:
    """The file itself, or its decompressed contents if it begins with the magic number of gzip."""
    peek = getattr(file, "peek", None)
    # peek() returns what has arrived; a pipe may have delivered only the first byte so far.
    first = peek(2)[:2] if peek else b""
    return cast(BinaryIO, gzip.GzipFile(fileobj=file)) if first and GZIP_MAGIC.startswith(first) else file


@contextmanager
def _open_command(command: str, allow_commands: bool) -> Iterator[BinaryIO]:
    check_commands_allowed(command, allow_commands)
    process = subprocess.Popen(["/bin/sh", "-c", command], stdout=subprocess.PIPE, bufsize=BUFFER_BYTES)
    output = cast(BinaryIO, process.stdout)
    reached_end = False
    try:
        yield output
        reached_end = not output.read(1)
    except OvAsrScoreError as error:
        # Damaged data is mostly due to a command that failed, and then its status explains more.
        reached_end = not output.read(1)
        _finish_command(process, command, reached_end, cause=error)
        raise
    except BaseException:
        process.terminate()
        raise
    else:
        _finish_command(process, command, reached_end)
    finally:
        output.close()
        process.wait()


def _finish_command(
    process: subprocess.Popen[bytes], command: str, reached_end: bool, cause: Exception | None = None
) -> None:
    cast(BinaryIO, process.stdout).close()
    status = process.wait()
    stopped_by_us = not reached_end and status in SIGPIPE_STATUSES
    if status != 0 and not stopped_by_us:
        raise FileAccessError(f"command {printable_name(command)!r}: ended with exit status {status}") from cause
