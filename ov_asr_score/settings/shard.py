"""Which part of a table a process takes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ov_asr_score.errors import UsageError


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` (from 1) of ``count`` parts of a table.

    ``frames`` are the lengths of utterances by key, where they are known from a file (Kaldi's utt2num_frames).
    """

    index: int
    count: int
    frames: Mapping[str, int] | None = None

    def __post_init__(self) -> None:
        """Raise UsageError where ``index`` is not from 1 to ``count``."""
        if not 1 <= self.index <= self.count:
            raise UsageError(f"shard {self}: expected I/N with I from 1 to N, as in 2/8", fields=("shard",))

    def __str__(self) -> str:
        """``2/8``."""
        return f"{self.index}/{self.count}"

    def place_of(self, doubled_middle: int, total: int) -> int:
        """Part that holds an entry whose middle is ``doubled_middle`` / 2 of ``total`` frames or bytes."""
        return min(doubled_middle * self.count // (2 * total), self.count - 1) + 1

    def has_turn(self, position: int) -> bool:
        """Whether entry ``position`` (from 0) is in this part when entries are dealt out one by one."""
        return position % self.count == self.index - 1


def parse_shard(text: str) -> Shard | None:
    """The part that ``I/N`` names, None for an empty text. Raises UsageError."""
    if not text:
        return None
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text, re.ASCII)
    if not match:
        raise UsageError(f"{text[:20]!r}: expected I/N with I from 1 to N, as in 2/8")
    return Shard(int(match[1]), int(match[2]))
