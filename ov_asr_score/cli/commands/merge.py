"""``ov-asr-score merge``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures, fail, say
from ov_asr_score.cli.options import shared as o


def merge(
    shards: Annotated[
        list[str], typer.Argument(metavar="SHARD...", help="Tables to join, in this order: ark:…, scp:…, file names.")
    ],
    output: Annotated[
        str,
        typer.Option(
            "--output", "-o", metavar="WSPECIFIER", help="ark:FILE, ark,scp:A,B, or scp:FILE to join scripts only."
        ),
    ],
    order: Annotated[
        str,
        typer.Option(
            "--order",
            metavar="FILE",
            help="Script or list of keys: these utterances, in this order, and no others.",
        ),
    ] = "",
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Utterances of --order that no shard has are no error.")
    ] = False,
    allow_commands: o.AllowCommandsOption = False,
    quiet: o.QuietOption = False,
) -> None:
    """Join tables, such as the outputs of `score --shard I/N`, into one.

    `ov-asr-score merge out/scores.{1..8}.scp -o ark,scp:out/scores.ark,out/scores.scp --order feats.scp`

    Entries are copied as they are. A key that comes twice is an error.
    """
    with explained_failures():
        from ov_asr_score.job.merge import merge_tables

        count = merge_tables(shards, output, order=order, allow_missing=allow_missing, allow_commands=allow_commands)
        if not count:
            fail("the shards hold no entries; an empty table was written", EXIT_FAILED)
        if not quiet:
            say(f"joined {count} entries of {len(shards)} tables")
