"""About how many utterances a table holds, without reading it; for the time left of a run."""

from __future__ import annotations

import zipfile
from itertools import islice
from pathlib import Path

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.kaldi_io.files.input import open_path
from ov_asr_score.kaldi_io.matrices.stream import open_stream
from ov_asr_score.kaldi_io.specifier import ReadSpecifier, parse_read_specifier
from ov_asr_score.kaldi_io.tables.archive import archive_entries
from ov_asr_score.kaldi_io.tables.script import read_script

_LOOKED_AT = 50


def estimate_utterances(specifier: str | ReadSpecifier) -> int | None:
    """Utterances of a table: exact for scripts and NPZ, from the mean size of the first 50 entries for an archive.

    None where that cannot be known before it is read (standard input, a command, gzip), and for tables with faults,
    which are for the reader to tell.
    """
    try:
        given = parse_read_specifier(specifier) if isinstance(specifier, str) else specifier
        if not Path(given.filename).is_file():  # what a FIFO or command gives would be gone for the reader
            return None
        if given.form == "scp":
            return len(read_script(given.filename))
        if given.form == "npz":
            with open_path(given.filename) as file, zipfile.ZipFile(file) as archive:
                return len(archive.namelist())
        with open_stream(given.filename) as stream:
            if stream.size is None:
                return None
            # each entry is given before it is passed over, so the last offset is the end of the one before
            starts = [offset for _, offset in islice(archive_entries(stream), _LOOKED_AT + 1)]
            if len(starts) <= _LOOKED_AT:
                return len(starts)
            return round(stream.size * _LOOKED_AT / (starts[-1] - starts[0]))
    except (OvAsrScoreError, OSError, zipfile.BadZipFile):
        return None
