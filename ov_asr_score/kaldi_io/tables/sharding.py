"""Parts of a table for several processes, so that every utterance is in exactly one of them.

A part is a run of neighbours where it can be known beforehand how long the table is: parts that are joined in their
order give the order of the table, and each reads one stretch of the archives. Else every N-th entry is taken.
"""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.matrix import peek_num_rows
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.script import ScriptLine
from ov_asr_score.settings.shard import Shard


def with_frames(shard: Shard | None, utt2num_frames: str) -> Shard | None:
    """``shard`` with the lengths in the file ``utt2num_frames`` (lines ``key frames``), if one is named.

    Raises UsageError where there is no shard, and FileAccessError and TableFormatError over the file.
    """
    if not utt2num_frames:
        return shard
    if shard is None:
        raise UsageError("utt2num_frames: is for shard, which is not given", fields=("utt2num_frames", "shard"))
    return replace(shard, frames=_read_frames(utt2num_frames))


def shard_lines(lines: Sequence[ScriptLine], shard: Shard) -> list[ScriptLine]:
    """Neighbouring lines of a script, with about as many frames in every part.

    Frames are those of the shard's table, or those that ranges and the headers of matrices in plain files tell. Where
    either lacks an utterance, all count the same.
    """
    weights = _given_frames(lines, shard.frames) if shard.frames is not None else _frames_in_files(lines)
    if weights is None or not any(weights):
        weights = [1] * len(lines)
    total = sum(weights)
    ends = accumulate(weights)
    places = (shard.place_of(2 * end - weight, total) for end, weight in zip(ends, weights, strict=True))
    return [line for line, place in zip(lines, places, strict=True) if place == shard.index]


def archive_part(given: ReadSpecifier, stream: KaldiStream) -> tuple[int, int] | None:
    """First byte and number of bytes that are shared out of an archive in a plain file; None for what is a stream."""
    return None if stream.size is None else (split_offset(given.filename)[1] or 0, stream.size - stream.offset)


def _read_frames(path: str) -> dict[str, int]:
    frames = {}
    for key, word in read_token_table(path).items():
        if not (word.isascii() and word.isdigit()):
            raise TableFormatError(f"{path}: utterance '{key}': expected a number of frames, found {word[:20]!r}")
        frames[key] = int(word)
    return frames


def _given_frames(lines: Sequence[ScriptLine], frames: Mapping[str, int]) -> list[int] | None:
    return [frames[line.key] for line in lines] if all(line.key in frames for line in lines) else None


def _frames_in_files(lines: Sequence[ScriptLine]) -> list[int] | None:
    """Frames of every line, None if that of one cannot be told from a few bytes."""
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
                    if not Path(path).is_file():  # a command, or a FIFO that gives its bytes only once
                        return None
                    open_path, stream = path, open_file.enter_context(open_stream(path))
                rows = _rows_at(stream, offset or 0)
            except (OvAsrScoreError, ValueError):  # for the reader to tell
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
