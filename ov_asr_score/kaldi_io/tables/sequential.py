"""Tables read from the first utterance to the last, one matrix in memory at a time."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from ov_asr_score.errors import FileAccessError, OvAsrScoreError, TableFormatError
from ov_asr_score.kaldi_io.matrices.matrix import BINARY_MARK, read_array, skip_array
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries, said_instead
from ov_asr_score.kaldi_io.tables.npy import key_of_npy, load_npy
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.parts import OnKey, UniqueKeys, check_keys, parts_of
from ov_asr_score.kaldi_io.tables.script import ScriptReader, read_script
from ov_asr_score.kaldi_io.tables.sharding import FileStretch, shard_lines, stretches
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
    wants_matrices: bool = False,
) -> Entries:
    """Key and matrix or vector of every utterance, in the order of the table; arrays as ``read_array`` gives them.

    ``on_skip`` is called for an utterance that cannot be read, and reading goes on with the next one; without it the
    error is raised. An archive ends there if the damage hides where the utterance ends. With the option ``p`` skipped
    utterances are logged, and a missing script is an empty table, as in Kaldi. In a table of several files (see
    parts.py) every key must differ. Raises SpecifierError at once; FileAccessError and TableFormatError, naming file,
    utterance and byte, on the way.

    With ``wants_matrices`` one row in text is a matrix, too, as where Kaldi reads features.
    With ``shard`` only that part of the table is read (see sharding.py), and no other array is decoded.
    """
    parsed = parse_read_specifier(specifier)
    if on_skip is None and parsed.permissive:
        on_skip = log_skipped
    how = _How(allow_commands, on_skip, shard, wants_matrices)
    return _read_scripts(parsed, how) if parsed.form == "scp" else _read_files(parsed, how)


@dataclass(frozen=True, slots=True)
class _How:
    """How ``read_table`` is to read."""

    allow_commands: bool
    on_skip: OnSkip | None
    shard: Shard | None
    wants_matrices: bool

    def failed(self, key: str, error: OvAsrScoreError) -> None:
        """Skip the utterance, or raise the error."""
        if self.on_skip is None:
            raise error
        self.on_skip(key, error)


@dataclass(frozen=True, slots=True)
class _File:
    """One file of a table; ``on_key`` gets its keys. ``first`` is the position of its first entry in the table."""

    specifier: ReadSpecifier
    stretch: FileStretch | None = None
    first: int = 0
    on_key: OnKey = lambda key: None

    @property
    def name(self) -> str:
        return self.specifier.filename


def _read_scripts(specifier: ReadSpecifier, how: _How) -> Entries:
    try:
        parts = parts_of(specifier)
        lines = [
            read_script(part.filename, allow_commands=how.allow_commands, path_map=part.path_map) for part in parts
        ]
    except FileAccessError as error:
        if not specifier.permissive:
            raise
        logger.warning("%s; treated as an empty table", error)
        return
    if len(parts) > 1:
        check_keys(parts, lines)
    wanted = list(chain.from_iterable(lines))
    if how.shard is not None:
        wanted = shard_lines(wanted, how.shard)
    with ScriptReader(allow_commands=how.allow_commands, wants_matrices=how.wants_matrices) as reader:
        for line in wanted:
            try:
                array = reader.read(line)
            except (FileAccessError, TableFormatError) as error:
                how.failed(line.key, error)
                continue
            yield line.key, array


def _read_files(specifier: ReadSpecifier, how: _How) -> Entries:
    read_part = {"ark": _read_archive, "npz": _read_npz, "npy": _read_npy}[specifier.form]
    parts = parts_of(specifier)
    if len(parts) == 1:
        yield from read_part(_File(parts[0]), how)
        return
    keys = UniqueKeys(parts)
    places = [None] * len(parts) if how.shard is None else stretches(parts)
    for number, (part, stretch) in enumerate(zip(parts, places, strict=True)):
        yield from read_part(_File(part, stretch, keys.count, keys.of_part(number)), how)


def _read_archive(part: _File, how: _How) -> Entries:
    with open_stream(part.name, allow_commands=how.allow_commands) as stream:
        stream.wants_matrices = how.wants_matrices
        reading = ""
        stretch = part.stretch or FileStretch.of_archive(stream)
        try:
            for position, (key, start) in enumerate(archive_entries(stream), start=part.first):
                part.on_key(key)
                reading = key
                if how.shard is not None:
                    place = _place(how.shard, stretch, position, stream)
                    if place > how.shard.index:
                        return
                    if place < how.shard.index:
                        continue
                try:
                    array = read_array(stream)
                except TableFormatError as error:
                    if how.on_skip is None or not end_is_known(stream, start):
                        raise
                    how.on_skip(key, error)
                    continue
                yield key, array
                reading = ""  # from here on, damage lies between utterances
        except TableFormatError as error:
            if how.on_skip is None:
                raise damage_of(stream, error) from None
            how.on_skip(reading, rest_of(damage_of(stream, error)))


def _read_npz(part: _File, how: _How) -> Entries:
    with open_npz(part.name, allow_commands=how.allow_commands) as reader:
        stretch = part.stretch or FileStretch(0, sum(map(reader.num_bytes, reader.keys)))
        before = 0
        for key in reader.keys:
            part.on_key(key)
            num_bytes = reader.num_bytes(key)
            before += num_bytes
            if how.shard is not None and stretch.shard_of(how.shard, 2 * before - num_bytes) != how.shard.index:
                continue
            try:
                array = reader.read(key)
            except TableFormatError as error:
                how.failed(key, error)
                continue
            if array is not None:
                yield key, array


def _read_npy(part: _File, how: _How) -> Entries:
    key = key_of_npy(part.name)
    part.on_key(key)
    if how.shard is not None:
        num_bytes = Path(part.name).stat().st_size if part.stretch else 1
        if (part.stretch or FileStretch(0, 1)).shard_of(how.shard, num_bytes) != how.shard.index:
            return
    try:
        array = load_npy(part.name)
    except TableFormatError as error:
        how.failed(key, error)
        return
    yield key, array


def _place(shard: Shard, stretch: FileStretch, position: int, stream: KaldiStream) -> int:
    """Shard that the entry at the stream's position belongs to; the stream stays there if it is ``shard``.

    In a pipe it is 0 for entries of all other shards, which are interleaved.
    """
    if stretch.total is None:
        return shard.index if shard.has_turn(position) else 0
    start = stream.offset
    try:
        skip_array(stream)
    except TableFormatError:  # reported where it is read
        stream.seek(start)
    place = stretch.shard_of(shard, start + stream.offset)
    if place == shard.index:
        stream.seek(start)
    return place


def damage_of(stream: KaldiStream, error: TableFormatError) -> TableFormatError:
    """The error, or one that says what the file is instead of an archive."""
    said = said_instead(stream)
    return type(error)(said) if said else error


def rest_of(damage: TableFormatError) -> TableFormatError:
    """The error for an archive that is skipped from the damage on."""
    return type(damage)(f"{damage}; nothing after it can be read")


def end_is_known(stream: KaldiStream, start: int) -> bool:
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


def log_skipped(key: str, error: OvAsrScoreError) -> None:
    """Log an utterance that the option ``p`` skips."""
    logger.warning("skipped: %s", error)
