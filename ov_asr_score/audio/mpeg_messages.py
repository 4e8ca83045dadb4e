"""What libmpg123 prints on standard error, which libsndfile does not turn off.

It prints lines even for files that are as they should be. Lines of others pass.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

KINDS = ("MP3", "wav")
"""Kinds of sound files with MPEG audio inside."""

_STANDARD_ERROR = 2
_LOCK = threading.Lock()
_MESSAGE = re.compile(rb"\s*$|.*libmpg123|(Note|Warning|Error|\w*warning|\w*error): ")
_DAMAGE = re.compile(rb"Illegal Audio-MPEG-Header|resync|Skipped|free format|Giving up", re.IGNORECASE)


@contextmanager
def held_back(kind: str) -> Iterator[list[str]]:
    """A list that holds the messages about damage when the ``with`` is left, for sound of that ``kind``.

    Standard error is caught meanwhile; what others print is printed at the end.
    """
    damage: list[str] = []
    if kind not in KINDS:
        yield damage
        return
    with _LOCK, tempfile.TemporaryFile() as caught:
        try:
            saved = os.dup(_STANDARD_ERROR)
        except OSError:  # closed: nobody would see messages
            yield damage
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(caught.fileno(), _STANDARD_ERROR)
        try:
            yield damage
        finally:
            os.dup2(saved, _STANDARD_ERROR)
            os.close(saved)
            caught.seek(0)
            for line in caught:
                if _DAMAGE.search(line):
                    damage.append(line.decode("latin-1").strip())
                elif not _MESSAGE.match(line):
                    os.write(_STANDARD_ERROR, line)
