"""``ov-asr-score merge``."""

from __future__ import annotations

from ov_asr_score.cli.failures import EXIT_FAILED, fail, say
from ov_asr_score.cli.flags import Quiet
from ov_asr_score.settings.table_jobs import MergeSettings


def merge(settings: MergeSettings, quiet: Quiet = False) -> None:
    """Join tables, such as the outputs of `score --shard I/N`, into one.

    `ov-asr-score merge out/scores.{1..8}.scp -o ark,scp:out/scores.ark,out/scores.scp --order feats.scp`

    Entries are copied unchanged. A key that occurs twice is an error.
    """
    from ov_asr_score.job.merge import merge_tables

    count = merge_tables(
        settings.shards,
        settings.output,
        order=settings.order,
        allow_missing=settings.allow_missing,
        allow_commands=settings.allow_commands,
        path_map=settings.path_map,
    )
    if not count:
        fail("the shards hold no entries; an empty table was written", EXIT_FAILED)
    if not quiet:
        say(f"joined {count} entries of {len(settings.shards)} tables")
