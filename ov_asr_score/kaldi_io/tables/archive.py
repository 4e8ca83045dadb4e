"""Entries of an archive: a key, a blank, and an object, one after the other to the end of the file.

Source: util/kaldi-table-inl.h (``SequentialTableReaderArchiveImpl``). Archives of OpenVINO's ``speech_sample`` are read
too: its keys have no blank before the ``\\0B``, or one too many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream
from ov_asr_score.kaldi_io.tables.npy import NPY_MAGIC
from ov_asr_score.text import clipped, shown_key

NOT_SPACE = re.compile(rb"\S")
END_OF_KEY = re.compile(rb"[\s\0]")
CONTROL = re.compile(rb"[\0-\x1f\x7f]")
LONGEST_KEY = 4096
NOT_A_KEY = ("[", "[]")
FOREIGN_FILES = {
    b"PK\3\4": "this is an NPZ file, use npz:<file>",
    NPY_MAGIC: "this is an NPY file, use npy:<file>",
    b"RIFF": "this is a sound file, features are expected",
    b"fLaC": "this is a sound file, features are expected",
    b"\0B<": "this is a Kaldi model, not a table",
}


def read_key(stream: KaldiStream) -> str | None:
    """Next key, ``None`` at the end of the archive; the stream is then at the object. Raises TableFormatError.

    Bytes that are not UTF-8 become surrogates, so that every key is written as it was read.
    """
    stream.context = ""
    stream.read_before(NOT_SPACE)
    start = stream.offset
    if not stream.peek(1):
        return None
    raw = stream.read_before(END_OF_KEY, LONGEST_KEY)
    key = raw.decode("utf-8", "surrogateescape")
    if not raw or key in NOT_A_KEY or CONTROL.search(raw):
        found = raw or stream.peek(20)
        advice = next((words for magic, words in FOREIGN_FILES.items() if found.startswith(magic)), "")
        raise stream.error("the key of an utterance", clipped(found), advice, offset=start)
    stream.context = f"utterance {shown_key(key)}"
    after = stream.peek(1)
    if not after:
        raise stream.error("a blank after the key", "the end of the file", "the file is truncated")
    if len(raw) == LONGEST_KEY:
        raise stream.error("a blank after the key", clipped(raw), "this is not an archive", offset=start)
    if after in b" \t":
        stream.read(1)
        _pass_blanks_before_binary(stream)
    elif after == b"\0" and stream.peek(2) != BINARY_MARK:
        raise stream.error("a blank after the key", clipped(stream.peek(2)))
    return key


def check_key(key: str, *, blanks_inside: bool = False) -> None:
    """Raise TableFormatError for a key that cannot be read back from an archive, or (``blanks_inside``) from NPZ.

    A key has at least one character, no blanks and no control characters (util/text-utils.cc, ``IsToken``).
    """
    raw = key.encode("utf-8", "surrogateescape")
    if not key.strip() or key in NOT_A_KEY:
        raise TableFormatError(f"{key!r} cannot be the key of an utterance; give it a name")
    inner = raw.replace(b" ", b"_") if blanks_inside and key == key.strip() else raw
    if b" " in inner or CONTROL.search(inner):
        raise TableFormatError(f"the key {clipped(key)} contains a blank or a control character; rename the utterance")


def archive_entries(stream: KaldiStream) -> Iterator[tuple[str, int]]:
    """Key of every entry and the offset of its object, where the stream then is.

    An object that the caller has not read when it asks for the next entry is skipped. Raises TableFormatError.
    """
    while (key := read_key(stream)) is not None:
        start = stream.offset
        yield key, start
        if stream.offset == start:
            skip_array(stream)


def _pass_blanks_before_binary(stream: KaldiStream) -> None:
    count = 0
    while stream.peek(count + 1)[count:] == b" ":
        count += 1
    if count and stream.peek(count + 2)[count:] == BINARY_MARK:
        stream.read(count)
