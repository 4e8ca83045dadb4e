"""Where a command line keeps the models that it converts."""

from __future__ import annotations

from ov_asr_score.errors import UsageError
from ov_asr_score.ov_model.cache_folder import cache_folder


def conversion_cache(cache_dir: str, no_cache: bool) -> str | None:
    """The folder for conversions, None for no cache. Raises UsageError where both options are given."""
    if no_cache:
        if cache_dir:
            raise UsageError("--cache-dir, --no-cache: expected one of them, found both")
        return None
    folder = cache_folder(cache_dir)
    return None if folder is None else str(folder)
