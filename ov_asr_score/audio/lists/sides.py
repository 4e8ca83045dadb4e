"""Kaldi's reco2file_and_channel: the file that a recording is of, and its side there (A, B, or a number).

Scoring with NIST's tools needs it; features do not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass

from ov_asr_score.errors import TableFormatError
from ov_asr_score.kaldi_io.tables.word_lines import word_lines
from ov_asr_score.text import shown_key


@dataclass(frozen=True, slots=True)
class RecordingSide:
    """The name of a file, without folder and ending, and the side of it, as they stand in the list."""

    file: str
    side: str


def read_recording_sides(rxfilename: str, *, allow_commands: bool = False) -> dict[str, RecordingSide]:
    """File and side of every recording, in the order of the list.

    Raises FileAccessError, and TableFormatError with the number of a line that is wrong.
    """
    table: dict[str, RecordingSide] = {}
    for line in word_lines(rxfilename, allow_commands=allow_commands):
        if len(line.words) != 3:
            raise TableFormatError(
                f"{line.place}: expected a recording, its file and its side (A or B), found {len(line.words)} "
                f"word{'s' if len(line.words) > 1 else ''} in {line.shown}"
            )
        recording, file, side = line.words
        if recording in table:
            raise TableFormatError(f"{line.place}: recording {shown_key(recording)} came before")
        table[recording] = RecordingSide(file, side)
    return table
