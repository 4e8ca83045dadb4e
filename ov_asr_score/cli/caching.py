"""The caches that a command line asks for.

Tests: tests/cli/commands/test_cache.py
"""

from __future__ import annotations

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.caching import CacheSettings


def conversion_cache(settings: CacheSettings) -> str | None:
    """The folder for converted models, None for no cache. Raises UsageError where both settings are given."""
    from ov_asr_score.ov_model.cache_folder import cache_folder

    if settings.no_cache:
        if settings.cache_dir:
            raise UsageError("cache_dir, no_cache: expected one of them, found both", fields=("cache_dir", "no_cache"))
        return None
    folder = cache_folder(settings.cache_dir)
    return None if folder is None else str(folder)
