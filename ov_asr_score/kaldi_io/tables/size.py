"""Estimates of the number of utterances of a table, for the remaining time of a run."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.kaldi_io.tables.script import read_script

_SAMPLED_ENTRIES = 50


def estimate_utterances(specifier: str | ReadSpecifier) -> int | None:
    """Number of utterances of a table: exact for scripts and NPZ, for an archive from the size of its first 50 entries.

    None if it is unknown until the table is read (standard input, a command, gzip), and for damaged tables, whose
    errors the reader reports.
    """
    try:
        counts = [_estimate(part) for part in parts_of(parse_read_specifier(specifier))]
        known = [count for count in counts if count is not None]
        return sum(known) if len(known) == len(counts) else None
    except (OvAsrScoreError, OSError, zipfile.BadZipFile):
        return None


def _estimate(parsed: ReadSpecifier) -> int | None:
    if not Path(parsed.filename).is_file():  # the reader would miss what is read here of a FIFO
        return None
    if parsed.form == "scp":
        return len(read_script(parsed.filename))
    if parsed.form == "npy":
        return 1
    if parsed.form == "npz":
        with open_path(parsed.filename) as file, zipfile.ZipFile(file) as archive:
            return len(archive.namelist())
    with open_stream(parsed.filename) as stream:
        if stream.size is None:
            return None
        # an entry is skipped after it was yielded, so the last offset is the end of the entry before
        starts = [offset for _, offset in islice(archive_entries(stream), _SAMPLED_ENTRIES + 1)]
        if len(starts) <= _SAMPLED_ENTRIES:
            return len(starts)
        return round(stream.size * _SAMPLED_ENTRIES / (starts[-1] - starts[0]))
