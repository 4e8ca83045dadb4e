"""``ov-asr-score cache``."""

from __future__ import annotations

from ov_asr_score.errors import FileAccessError, UsageError
from ov_asr_score.settings.caching import CacheUpkeep


def cache(settings: CacheUpkeep) -> None:
    """Show the cache of converted models, or remove models from it.

    `score` caches a converted Kaldi model if reading it is faster than converting it again. When a model is added, the
    least recently used ones are removed until all fit into 4 GiB, or into what the environment variable
    OV_ASR_SCORE_CACHE_LIMIT says (0: add none). Compiled models, which the runtime caches in --cache-dir, stay.
    """
    from datetime import datetime

    from ov_asr_score.cli.report_console import ReportConsole
    from ov_asr_score.ov_model import cache_folder as kept
    from ov_asr_score.report.console.run import render_facts

    clear, largest = settings.clear, settings.limit
    if clear and largest is not None:
        raise UsageError("clear, limit: expected one of them, found both", fields=("clear", "limit"))
    folder = kept.cache_folder(settings.cache_dir)
    if folder is None:
        raise FileAccessError(
            "no home folder is known; set OV_ASR_SCORE_CACHE, or give cache_dir", fields=("cache_dir",)
        )
    if clear:
        contents = kept.clear_cache(folder)
    else:
        contents = kept.cache_contents(folder) if largest is None else kept.trim_cache(folder, largest)
    facts: dict[str, object] = {
        "folder": str(folder),
        "models": f"{contents.models:,}",
        "size": f"{contents.size:,} bytes",
    }
    if not clear and largest is None:
        facts["limit"] = f"{kept.cache_limit():,} bytes"
        if contents.oldest_use is not None:
            facts["oldest use"] = f"{datetime.fromtimestamp(contents.oldest_use):%Y-%m-%d %H:%M:%S}"
    render_facts(ReportConsole(), "Removed" if clear or largest is not None else "Converted models", facts)
    left = kept.cache_contents(folder)
    if left.models and (clear or (largest is not None and left.size > largest)):
        raise FileAccessError(f"{folder}: {left.models} models could not be removed")
