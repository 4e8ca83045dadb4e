"""An output file that bypasses the page cache once it is large, if that is faster.

Filling the page cache takes 0.2 to 2 seconds of processor time per gigabyte, which scoring needs itself. Direct
transfers (Linux's ``O_DIRECT``) take next to none, but wait for the disk, and some file systems lack them. So both are
tried on each file. The gain is in docs/benchmarks.md.
"""

from __future__ import annotations

import contextlib
import errno
import mmap
import os
import time
from typing import IO, Any

# Bytes that are written each way before speeds are compared.
_TRIAL_BYTES = 64 << 20
_STAGE_BYTES = 8 << 20
_ALIGNMENT = 4096
_O_DIRECT: int = getattr(os, "O_DIRECT", 0)


class LargeFile:
    """Writes to ``file``, a plain file, directly or through the page cache. All methods raise OSError."""

    def __init__(self, file: IO[bytes], trial_bytes: int = _TRIAL_BYTES) -> None:
        """Begin with the page cache; ``trial_bytes`` are written each way before one is chosen."""
        self._file, self._trial = file, trial_bytes
        self._stage: mmap.mmap | None = None  # exists while transfers are direct
        self._staged = 0
        self._is_settled = not _O_DIRECT
        self._written = self._direct_bytes = 0
        self._seconds = self._direct_seconds = 0.0

    def fileno(self) -> int:
        """The file descriptor."""
        return self._file.fileno()

    def tell(self) -> int:
        """Position in bytes."""
        return self._file.tell() if self._stage is None else self._written + self._direct_bytes + self._staged

    def write(self, data: Any, /) -> int:
        """Number of bytes in ``data``; all of them are written."""
        view = memoryview(data).cast("B")
        if not self._is_settled and self._stage is None and self._written >= self._trial:
            view = self._begin(view)
        done = 0
        while self._stage is not None and done < len(view):
            done += self._put(view[done:])
        if done < len(view):
            started = time.perf_counter()
            self._file.write(view[done:])
            self._seconds += time.perf_counter() - started
            self._written += len(view) - done
        return memoryview(data).nbytes

    def flush(self) -> None:
        """Pass everything on to the system. Later writes go through the page cache."""
        self._end()
        self._file.flush()

    def seek(self, offset: int, whence: int = 0, /) -> int:
        """New position in bytes."""
        self.flush()
        self._is_settled = True
        return self._file.seek(offset, whence)

    def close(self) -> None:
        """Close the file; staged bytes that were not flushed are lost."""
        if self._stage is not None:
            self._stage.close()
            self._stage = None
        self._file.close()

    def _begin(self, view: memoryview) -> memoryview:
        """Begin direct transfers at a multiple of the alignment; the part of ``view`` that is left to write."""
        started = time.perf_counter()
        gap = -self._written % _ALIGNMENT
        self._file.write(view[:gap])
        self._written += min(gap, len(view))
        if gap > len(view):
            return view[len(view) :]
        self._file.flush()
        self._seconds += time.perf_counter() - started
        if self._set_direct(True):
            self._stage = mmap.mmap(-1, _STAGE_BYTES)
        else:
            self._is_settled = True
        return view[gap:]

    def _put(self, view: memoryview) -> int:
        """Number of bytes of ``view`` that fitted into the stage, which is written when it is full."""
        stage = self._stage
        if stage is None:
            return 0
        count = min(len(view), _STAGE_BYTES - self._staged)
        stage[self._staged : self._staged + count] = view[:count]
        self._staged += count
        if self._staged == _STAGE_BYTES:
            started = time.perf_counter()
            try:
                sent = os.write(self.fileno(), stage)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    raise
                sent = 0  # a file system that accepts the flag but not the transfer
            self._staged = 0
            self._direct_seconds += time.perf_counter() - started
            self._direct_bytes += sent
            if sent < _STAGE_BYTES:
                self._leave(stage[sent:])
            elif self._direct_bytes == _STAGE_BYTES * -(-self._trial // _STAGE_BYTES) and not self._is_faster():
                self._leave(b"")
        return count

    def _is_faster(self) -> bool:
        return self._direct_seconds * self._written <= self._seconds * self._direct_bytes

    def _leave(self, rest: bytes) -> None:
        """Return to the page cache for good, and write ``rest`` there."""
        self._set_direct(False)
        if self._stage is not None:
            self._stage.close()
        self._stage, self._is_settled = None, True
        self._file.write(rest)

    def _end(self) -> None:
        if self._stage is not None:
            rest, self._staged = self._stage[: self._staged], 0
            self._leave(rest)

    def _set_direct(self, wanted: bool) -> bool:
        import fcntl

        with contextlib.suppress(OSError):
            flags = fcntl.fcntl(self.fileno(), fcntl.F_GETFL)
            fcntl.fcntl(self.fileno(), fcntl.F_SETFL, flags | _O_DIRECT if wanted else flags & ~_O_DIRECT)
            return True
        return False
