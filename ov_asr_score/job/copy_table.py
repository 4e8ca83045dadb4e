"""Copy a table from one form to another."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ov_asr_score.errors import OvAsrScoreError
from ov_asr_score.job.overwriting import check_files, files_read, files_written
from ov_asr_score.kaldi_io import TableWriter, read_table


def copy_entries(
    source: str,
    target: str,
    *,
    precision: Literal["f32", "f64"] | None = None,
    compression_method: int | None = None,
    allow_commands: bool = False,
    skip_errors: bool = False,
) -> tuple[int, list[tuple[str, str]]]:
    """Number of entries copied, and (key, reason) of those skipped.

    Without ``precision`` entries stay float32 or float64 as they are, and so do vectors of int32.
    Raises UsageError when the target would overwrite the source, and what reading and writing tables raise; with
    ``skip_errors`` only where the archive cannot be read on.
    """
    check_files(files_read("source", source), files_written("target", target))
    skipped: list[tuple[str, str]] = []

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.append((key, str(error)))

    copied = 0
    entries = read_table(source, allow_commands=allow_commands, on_skip=skip if skip_errors else None)
    dtype = {"f32": np.float32, "f64": np.float64, None: None}[precision]
    with TableWriter(
        target, dtype=dtype, compression_method=compression_method, allow_commands=allow_commands
    ) as writer:
        for key, array in entries:
            writer.write(key, array)
            copied += 1
    return copied, skipped
