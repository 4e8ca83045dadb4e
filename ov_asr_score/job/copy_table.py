"""Copy a table from one form to another, whole or in part."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, TableFormatError, UsageError
from ov_asr_score.job.outputs.overwriting import check_files, files_read, files_written
from ov_asr_score.kaldi_io import TableWriter, parse_read_specifier, read_table
from ov_asr_score.kaldi_io.matrices.cuts import cut, parse_columns, parse_rows
from ov_asr_score.kaldi_io.tables.entries import read_order
from ov_asr_score.settings.path_map import parse_path_map
from ov_asr_score.settings.table_jobs import CopySettings
from ov_asr_score.text import shown_key

_Entries = Iterator[tuple[str, NDArray[Any]]]


def copy_entries(settings: CopySettings) -> tuple[int, list[tuple[str, str]]]:
    """Number of entries copied, and (key, reason) of those skipped.

    Without ``precision`` entries stay float32 or float64 as they are, and so do vectors of int32. Utterances are
    chosen as Kaldi's subset-feats does it. Raises UsageError when the target would overwrite the source, or settings do
    not fit together, and what reading and writing tables raise; where errors are skipped only if the archive cannot be
    read on.
    """
    columns, rows = parse_columns(settings.columns), parse_rows(settings.rows)
    if settings.include and settings.exclude:
        raise UsageError("include: cannot be given together with exclude", fields=("include", "exclude"))
    source = parse_read_specifier(settings.source, parse_path_map(settings.path_map))
    lists = (("include", settings.include), ("exclude", settings.exclude))
    read = [*files_read("source", source), *(pair for pair in lists if pair[1])]
    check_files(iter(read), files_written("target", settings.target))
    skipped: list[tuple[str, str]] = []

    def skip(key: str, error: OvAsrScoreError) -> None:
        skipped.append((key, str(error)))

    on_skip = skip if settings.on_error == "skip" else None
    entries = _chosen(read_table(source, allow_commands=settings.allow_commands, on_skip=on_skip), settings)
    copied = 0
    with TableWriter(
        settings.target,
        dtype={"f32": np.float32, "f64": np.float64, None: None}[settings.precision],
        compression_method=settings.compression_method,
        allow_commands=settings.allow_commands,
    ) as writer:
        for key, array in entries:
            try:
                part = cut(array, columns, rows)
            except TableFormatError as error:
                named = TableFormatError(f"{settings.source}: utterance {shown_key(key)}: {error}")
                if on_skip is None:
                    raise named from error
                on_skip(key, named)
                continue
            writer.write(key, part)
            copied += 1
    return copied, skipped


def _chosen(entries: _Entries, settings: CopySettings) -> _Entries:
    """The utterances that the settings ask for."""
    if settings.include:
        entries = _with_keys(entries, read_order(settings.include), wanted=True)
    elif settings.exclude:
        entries = _with_keys(entries, read_order(settings.exclude), wanted=False)
    return entries if settings.max_utterances is None else islice(entries, settings.max_utterances)


def _with_keys(entries: _Entries, keys: Collection[str], *, wanted: bool) -> _Entries:
    return ((key, array) for key, array in entries if (key in keys) == wanted)
