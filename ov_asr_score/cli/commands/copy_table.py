"""``ov-asr-score copy-table``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import EXIT_FAILED, explained_failures, fail, say
from ov_asr_score.cli.options import shared as o


def copy_table(
    source: Annotated[
        str, typer.Argument(metavar="RSPECIFIER", help="Table to read: ark:…, scp:…, npz, file name, -.")
    ],
    target: Annotated[str, typer.Argument(metavar="WSPECIFIER", help="Table to write: ark,t:-, ark,scp:a,b, x.npz …")],
    output_precision: Annotated[
        o.OutputPrecision | None,
        typer.Option("--output-precision", help="Element type of matrices and vectors; as they are unless given."),
    ] = None,
    compression_method: o.CompressionOption = None,
    allow_commands: o.AllowCommandsOption = False,
    on_error: o.OnErrorOption = o.OnError.stop,
    quiet: o.QuietOption = False,
) -> None:
    """Copy a table from any form to any other.

    `ov-asr-score copy-table scp:feats.scp ark,t:-`
    """
    with explained_failures():
        from ov_asr_score.job.copy_table import copy_entries

        copied, skipped = copy_entries(
            source,
            target,
            precision=output_precision.value if output_precision else None,
            compression_method=compression_method,
            allow_commands=allow_commands,
            skip_errors=on_error is o.OnError.skip,
        )
        for key, message in skipped:
            say(f"skipped: {key}: {message}")
        if not quiet:
            say(f"copied {copied} entries" + (f", skipped {len(skipped)}" if skipped else ""))
        if skipped:
            raise typer.Exit(EXIT_FAILED)
        if not copied:
            fail(f"{source}: holds no entries; an empty table was written", EXIT_FAILED)
