"""Shards of a table for several processes: every utterance is in exactly one of them.

A shard is a run of consecutive entries if the size of the table is known beforehand: shards that are joined in their
order give the order of the table, and each reads one stretch of the archives. Otherwise it is every N-th entry.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.matrix import peek_num_rows
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.npz import open_npz
from ov_asr_score.kaldi_io.tables.script import ScriptLine
from ov_asr_score.settings.shard import Shard


def with_frames(shard: Shard | None, utt2num_frames: str) -> Shard | None:
    """``shard`` with the numbers of frames in the file ``utt2num_frames`` (lines ``key frames``), if one is named.

    Raises UsageError if there is no shard, and FileAccessError and TableFormatError for the file.
    """
    if not utt2num_frames:
        return shard
    if shard is None:
        raise UsageError("utt2num_frames: is for shard, which is not given", fields=("utt2num_frames", "shard"))
    return replace(shard, frames=_read_frames(utt2num_frames))


def shard_lines(lines: Sequence[ScriptLine], shard: Shard) -> list[ScriptLine]:
    """The consecutive lines of a script that belong to ``shard``; all shards have about the same number of frames.

    Frames come from ``shard.frames``, or from ranges and from the headers of matrices in plain files. If those of any
    utterance are unknown, every utterance counts as one.
    """
    weights = _frames_in_files(lines) if shard.frames is None else _given_frames([line.key for line in lines], shard)
    return [line for line, is_in in zip(lines, _in_shard(weights, len(lines), shard), strict=True) if is_in]


def keys_in_shard(keys: Sequence[str], shard: Shard) -> list[bool]:
    """Whether each of the utterances belongs to ``shard``, which takes consecutive ones.

    Shards have about the same number of frames if ``shard.frames`` has all, else of utterances.
    """
    return _in_shard(_given_frames(keys, shard), len(keys), shard)


def _in_shard(weights: Sequence[int] | None, count: int, shard: Shard) -> list[bool]:
    if weights is None or not any(weights):
        weights = [1] * count
    total = sum(weights)
    ends = accumulate(weights)
    return [shard.place_of(2 * end - weight, total) == shard.index for end, weight in zip(ends, weights, strict=True)]


@dataclass(frozen=True, slots=True)
class FileStretch:
    """What a file is of a table of ``total`` bytes that is divided into shards; None: entries are dealt out one by one.

    ``shift`` is added to places in the file for places in the table.
    """

    shift: int
    total: int | None

    @classmethod
    def of_archive(cls, stream: KaldiStream) -> FileStretch:
        """A table of one archive, at whose first key the stream is."""
        return cls(0, None) if stream.size is None else cls(-stream.offset, stream.size - stream.offset)

    def shard_of(self, shard: Shard, doubled_middle: int) -> int:
        """Part that holds an entry whose middle is ``doubled_middle`` / 2 in the file."""
        return shard.place_of(doubled_middle + 2 * self.shift, max(self.total or 0, 1))


def stretches(parts: Sequence[ReadSpecifier]) -> list[FileStretch]:
    """The stretch of each file of a table; raises FileAccessError, TableFormatError (NPZ)."""
    sizes = [_num_bytes(part) for part in parts]
    known = [size for size in sizes if size is not None]
    if len(known) < len(sizes):
        return [FileStretch(0, None)] * len(parts)
    return [FileStretch(end - size, sum(known)) for size, end in zip(known, accumulate(known), strict=True)]


def _num_bytes(part: ReadSpecifier) -> int | None:
    if part.form == "npy":
        return Path(part.filename).stat().st_size
    if part.form == "npz":
        with open_npz(part.filename) as reader:
            return sum(map(reader.num_bytes, reader.keys))
    with open_stream(part.filename) as stream:
        return stream.size


def _read_frames(path: str) -> dict[str, int]:
    frames = {}
    for key, word in read_token_table(path).items():
        if not (word.isascii() and word.isdigit()):
            raise TableFormatError(f"{path}: utterance '{key}': expected a number of frames, found {word[:20]!r}")
        frames[key] = int(word)
    return frames


def _given_frames(keys: Sequence[str], shard: Shard) -> list[int] | None:
    frames = shard.frames
    return None if frames is None or any(key not in frames for key in keys) else [frames[key] for key in keys]


def _frames_in_files(lines: Sequence[ScriptLine]) -> list[int] | None:
    """Frames of every line, None if those of one line are not in its range or in the header of its matrix."""
    weights = []
    open_path, stream = "", None
    with contextlib.ExitStack() as open_file:
        for line in lines:
            if line.part is not None and line.part.rows is not None:
                weights.append(line.part.rows[1] - line.part.rows[0] + 1)
                continue
            path, offset = split_offset(line.rxfilename)
            try:
                if stream is None or path != open_path:
                    open_file.close()
                    if not Path(path).is_file():  # a command, or a FIFO that can be read only once
                        return None
                    open_path, stream = path, open_file.enter_context(open_stream(path))
                rows = _rows_at(stream, offset or 0)
            except (OvAsrScoreError, ValueError):  # reported by the reader
                return None
            if rows is None:
                return None
            weights.append(rows)
    return weights


def _rows_at(stream: KaldiStream, offset: int) -> int | None:
    if stream.size is None:
        return None
    stream.seek(offset)
    return peek_num_rows(stream)
