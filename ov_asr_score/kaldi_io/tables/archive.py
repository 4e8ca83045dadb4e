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
from ov_asr_score.text import clipped, shown_key

NOT_SPACE = re.compile(rb"\S")
END_OF_KEY = re.compile(rb"[\s\0]")
CONTROL = re.compile(rb"[\0-\x1f\x7f]")
LONGEST_KEY = 4096
NOT_A_KEY = ("[", "[]")


def read_key(stream: KaldiStream, *, of_arrays: bool = True) -> str | None:
    """Next key, ``None`` at the end of the archive; the stream is then at the object. Raises TableFormatError.

    Bytes that are not UTF-8 become surrogates, so that every key is written as it was read. ``of_arrays``: the objects
    are matrices, vectors or examples, and what is known to be something else is refused.
    """
    stream.context = ""
    is_first = stream.offset == stream.start_offset
    stream.read_before(NOT_SPACE)
    start = stream.offset
    if not stream.peek(1):
        return None
    if of_arrays and is_first and BINARY_MARK not in stream.start:
        _check_is_a_table(stream)
    raw = stream.read_before(END_OF_KEY, LONGEST_KEY)
    key = raw.decode("utf-8", "surrogateescape")
    if not raw or key in NOT_A_KEY or CONTROL.search(raw):
        found = raw or stream.peek(20)
        raise stream.error("the key of an utterance", clipped(found), offset=start)
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


def check_is_itself(stream: KaldiStream) -> None:
    """Raise TableFormatError for text that stands in the place of a table, such as a pointer: it might be read as one.

    Nothing else has been read from the stream.
    """
    stream.peek(1)
    said = said_instead(stream)
    if "not the file itself" in said:
        raise TableFormatError(said)


def said_instead(stream: KaldiStream, expected: str = "") -> str:
    """What a file that cannot be read as a table, or as ``expected``, is, as a whole message; empty if not known."""
    said = what_instead(stream.start, stream.name, expected, whole=stream.size == len(stream.start))
    return f"{stream.name}: {said}" if said else ""


def _check_is_a_table(stream: KaldiStream) -> None:
    """Raise TableFormatError for text that is known to be no table, though its lines could be keys with empty vectors.

    Nothing but blanks has been read from the stream.
    """
    if said := said_instead(stream):
        raise TableFormatError(said)


def what_instead(start: bytes, name: str, expected: str = "", *, whole: bool = False) -> str:
    """What a file with these first bytes is instead of a table or an object in it, or of what is ``expected``.

    Empty if that is not known. ``whole`` says that it has no more bytes.
    """
    # Most tables are what they should be.
    from ov_asr_score.kaldi_io.foreign import TABLE, describe_start

    return describe_start(start, name, expected or TABLE, whole=whole)


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
