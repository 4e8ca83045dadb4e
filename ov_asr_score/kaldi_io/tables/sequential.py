"""Tables read from the first utterance to the last, one matrix in memory at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.script import ScriptReader, read_script
from ov_asr_score.kaldi_io.tables.sharding import archive_part, shard_lines
from ov_asr_score.settings.shard import Shard

logger = logging.getLogger(__name__)

Entries = Iterator[tuple[str, NDArray[Any]]]
OnSkip = Callable[[str, OvAsrScoreError], None]


def read_table(
    specifier: str | ReadSpecifier,
    *,
    allow_commands: bool = False,
    on_skip: OnSkip | None = None,
    shard: Shard | None = None,
) -> Entries:
    """Key and matrix or vector of every utterance, in the order of the table; arrays as ``read_array`` gives them.

    ``on_skip`` is called for an utterance that cannot be read, and reading goes on with the next one; without it the
    error is raised. An archive ends there if the damage hides where the utterance ends. With the option ``p`` skipped
    utterances are logged, and a missing script is an empty table, as in Kaldi. Raises
    SpecifierError at once; FileAccessError and TableFormatError, naming file, utterance and byte, on the way.

    With ``shard`` only that part of the table is read (see sharding.py), and no other array is decoded.
    """
    parsed = parse_read_specifier(specifier)
    if on_skip is None and parsed.permissive:
        on_skip = _log_skipped
    if parsed.form == "scp":
        return _read_script_table(parsed, allow_commands, on_skip, shard)
    if parsed.form == "npz":
        return _read_npz_table(parsed, allow_commands, on_skip, shard)
    return _read_archive_table(parsed, allow_commands, on_skip, shard)


def _read_archive_table(
    specifier: ReadSpecifier, allow_commands: bool, on_skip: OnSkip | None, shard: Shard | None
) -> Entries:
    with open_stream(specifier.filename, allow_commands=allow_commands) as stream:
        reading = ""
        part = None if shard is None else archive_part(specifier, stream)
        try:
            for position, (key, start) in enumerate(archive_entries(stream)):
                reading = key
                if shard is not None:
                    place = _place(shard, part, position, stream)
                    if place > shard.index:
                        return
                    if place < shard.index:
                        continue
                try:
                    array = read_array(stream)
                except TableFormatError as error:
                    if on_skip is None or not _end_is_known(stream, start):
                        raise
                    on_skip(key, error)
                    continue
                yield key, array
                reading = ""  # from here on, damage lies between utterances
        except TableFormatError as error:
            if on_skip is None:
                raise
            rest = type(error)(f"{error}; nothing after it can be read")
            on_skip(reading, rest)


def _read_script_table(
    specifier: ReadSpecifier, allow_commands: bool, on_skip: OnSkip | None, shard: Shard | None
) -> Entries:
    try:
        lines = read_script(specifier.filename, allow_commands=allow_commands)
    except FileAccessError as error:
        if not specifier.permissive:
            raise
        logger.warning("%s; treated as an empty table", error)
        return
    if shard is not None:
        lines = shard_lines(lines, shard)
    with ScriptReader(specifier.filename, allow_commands=allow_commands) as reader:
        for line in lines:
            try:
                array = reader.read(line)
            except (FileAccessError, TableFormatError) as error:
                if on_skip is None:
                    raise
                on_skip(line.key, error)
                continue
            yield line.key, array


def _read_npz_table(
    specifier: ReadSpecifier, allow_commands: bool, on_skip: OnSkip | None, shard: Shard | None
) -> Entries:
    with open_npz(specifier.filename, allow_commands=allow_commands) as reader:
        total = max(1, sum(reader.num_bytes(key) for key in reader.keys))
        before = 0
        for key in reader.keys:
            num_bytes = reader.num_bytes(key)
            before += num_bytes
            if shard is not None and shard.place_of(2 * before - num_bytes, total) != shard.index:
                continue
            try:
                array = reader.read(key)
            except TableFormatError as error:
                if on_skip is None:
                    raise
                on_skip(key, error)
                continue
            if array is not None:
                yield key, array


def _place(shard: Shard, part: tuple[int, int] | None, position: int, stream: KaldiStream) -> int:
    """Shard that the entry at the stream's position belongs to; the stream stays there if it is ``shard``.

    In a pipe it is 0 for entries of all other shards, which are interleaved.
    """
    if part is None:
        return shard.index if shard.has_turn(position) else 0
    start = stream.offset
    try:
        skip_array(stream)
    except TableFormatError:  # reported where it is read
        stream.seek(start)
    first, num_bytes = part
    place = shard.place_of(start + stream.offset - 2 * first, num_bytes)
    if place == shard.index:
        stream.seek(start)
    return place


def _end_is_known(stream: KaldiStream, start: int) -> bool:
    """True, with the stream after the object at ``start``, if its header or brackets show where that ends."""
    if stream.size is None:
        return False
    stream.seek(start)
    is_binary = stream.peek(2) == BINARY_MARK
    try:
        skip_array(stream)
    except TableFormatError:
        return False
    end = stream.offset
    stream.seek(start)
    # Binary data without its mark would pass for a line of text, and what follows it would mean nothing.
    is_text = not is_binary and b"\0" not in stream.read(end - start)
    stream.seek(end)
    return is_binary or is_text


def _log_skipped(key: str, error: OvAsrScoreError) -> None:
    logger.warning("skipped: %s", error)
