"""``ov-asr-score cache``."""

from __future__ import annotations

from typing import Annotated

import typer

from ov_asr_score.cli.failures import explained_failures


def cache(
    clear: Annotated[bool, typer.Option("--clear", help="Remove the converted models.")] = False,
    cache_dir: Annotated[
        str, typer.Option("--cache-dir", metavar="DIR", help="The folder that score was given; else the user's cache.")
    ] = "",
) -> None:
    """Show which converted models are kept, or remove them.

    `score` keeps what it made of a Kaldi model where reading that is faster than converting again. Compiled models,
    which the runtime keeps in --cache-dir, stay.
    """
    with explained_failures():
        from ov_asr_score.cli.report_console import ReportConsole
        from ov_asr_score.errors import FileAccessError
        from ov_asr_score.ov_model.conversion_cache import cache_contents, cache_folder, clear_cache
        from ov_asr_score.report.console import render_facts

        folder = cache_folder(cache_dir)
        if folder is None:
            raise FileAccessError("no home folder is known; set OV_ASR_SCORE_CACHE, or give --cache-dir")
        contents = clear_cache(folder) if clear else cache_contents(folder)
        facts: dict[str, object] = {
            "folder": str(folder),
            "models": f"{contents.models:,}",
            "size": f"{contents.size:,} bytes",
        }
        render_facts(ReportConsole(), "Removed" if clear else "Converted models", facts)
        left = cache_contents(folder)
        if clear and left.models:
            raise FileAccessError(f"{folder}: {left.models} models could not be removed")
