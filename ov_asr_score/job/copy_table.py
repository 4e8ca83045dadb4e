"""Copy a table from one form to another."""

from __future__ import annotations

import numpy as np

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.overwriting import check_files, files_read, files_written
from ov_asr_score.kaldi_io import TableWriter, parse_read_specifier, read_table
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.table_jobs import CopySettings


def copy_entries(
    settings: CopySettings,
) -> tuple[int, list[tuple[str, str]]]:
    """Number of entries copied, and (key, reason) of those skipped.

    Without ``precision`` entries stay float32 or float64 as they are, and so do vectors of int32.
    Raises UsageError when the target would overwrite the source, and what reading and writing tables raise; where
    errors are skipped only if the archive cannot be read on.
    """
    source = parse_read_specifier(settings.source, parse_path_map(settings.path_map))
    check_files(files_read("source", source), files_written("target", settings.target))
    skipped: list[tuple[str, str]] = []

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.append((key, str(error)))

    copied = 0
    on_skip = skip if settings.on_error == "skip" else None
    entries = read_table(source, allow_commands=settings.allow_commands, on_skip=on_skip)
    with TableWriter(
        settings.target,
        dtype={"f32": np.float32, "f64": np.float64, None: None}[settings.precision],
        compression_method=settings.compression_method,
        allow_commands=settings.allow_commands,
    ) as writer:
        for key, array in entries:
            writer.write(key, array)
            copied += 1
    return copied, skipped
