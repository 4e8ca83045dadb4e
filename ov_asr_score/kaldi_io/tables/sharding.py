"""Parts of a table for several processes, so that every utterance is in exactly one of them.

A part is a run of neighbours where it can be known beforehand how long the table is: parts that are joined in their
order give the order of the table, and each reads one stretch of the archives. Else every N-th entry is taken.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.kaldi_io.files.input import split_offset
from ov_asr_score.kaldi_io.matrices.matrix import peek_num_rows
from ov_asr_score.kaldi_io.matrices.stream import KaldiStream, open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier
from ov_asr_score.kaldi_io.tables.key_value import read_token_table
from ov_asr_score.kaldi_io.tables.script import ScriptLine


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` (from 1) of ``count`` parts of a table.

    ``frames`` are the lengths of utterances by key, where they are known from a file (Kaldi's utt2num_frames).
    """

    index: int
    count: int
    frames: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        """Raise UsageError for a part that there is not."""
        if not 1 <= self.index <= self.count:
            raise UsageError(f"--shard {self}: expected I/N with I from 1 to N, as in 2/8")

    def __str__(self) -> str:
        """``2/8``."""
        return f"{self.index}/{self.count}"

    def place_of(self, doubled_middle: int, total: int) -> int:
        """Part that holds an entry whose middle is ``doubled_middle`` / 2 of ``total`` frames or bytes."""
        return min(doubled_middle * self.count // (2 * total), self.count - 1) + 1

    def has_turn(self, position: int) -> bool:
        """Whether entry ``position`` (from 0) is in this part when entries are dealt out one by one."""
        return position % self.count == self.index - 1


def parse_shard(text: str, utt2num_frames: str = "") -> Shard | None:
    """The part that ``I/N`` names, None for an empty text; ``utt2num_frames`` is a file with a line ``key frames``.

    Raises UsageError, and FileAccessError and TableFormatError over the file.
    """
    if not text:
        if utt2num_frames:
            raise UsageError("--utt2num-frames: is for --shard, which is not given")
        return None
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match:
        raise UsageError(f"--shard {text[:20]!r}: expected I/N with I from 1 to N, as in 2/8")
    index, count = int(match[1]), int(match[2])
    return Shard(index, count, _read_frames(utt2num_frames) if utt2num_frames else None)


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
