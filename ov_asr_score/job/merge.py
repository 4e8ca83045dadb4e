"""Join the outputs of shards into one table."""

from __future__ import annotations

from collections.abc import Sequence

from ov_asr_score.errors import UsageError
from ov_asr_score.job.outputs.overwriting import check_files, files_read, files_written
from ov_asr_score.kaldi_io import parse_read_specifier, parse_write_specifier
from ov_asr_score.kaldi_io.tables.entries import find_entries, read_order
from ov_asr_score.kaldi_io.tables.merging import join_archives, join_scripts
from ov_asr_score.kaldi_io.tables.parts import parts_of
from ov_asr_score.settings.path_map import parse_path_map


def merge_tables(
    shards: Sequence[str],
    target: str,
    *,
    order: str = "",
    allow_missing: bool = False,
    allow_commands: bool = False,
    path_map: Sequence[str] = (),
) -> int:
    """Number of utterances of ``shards``, written to ``target`` in their order, or in that of the file ``order``.

    ``target`` is ``ark:…``, ``ark,scp:…``, or ``scp:…`` for a script that points to the archives of the shards. Raises
    UsageError (a file that is both read and written, ``allow_missing`` without an order), MissingUtteranceError,
    TableFormatError (a duplicate key, damage), FileAccessError, SpecifierError.
    """
    specifier = parse_write_specifier(target)
    if specifier.form == "npz":
        raise UsageError(f"{target}: tables cannot be joined to an NPZ file; write an archive")
    if allow_missing and not order:
        message = "allow_missing: is for order, which says what might be missing"
        raise UsageError(message, fields=("allow_missing", "order"))
    mapped = parse_path_map(path_map)
    given = [parse_read_specifier(shard, mapped) for shard in shards]
    read = [pair for shard in given for pair in files_read("shards", shard)]
    check_files(iter([*read, ("order", order)]), files_written("output", target))
    tables = [part for shard in given for part in parts_of(shard)]
    entries = find_entries(tables, read_order(order) if order else None, allow_missing=allow_missing)
    if specifier.archive is None:
        return join_scripts(entries, specifier.script or "")
    return join_archives(entries, specifier, allow_commands=allow_commands)
