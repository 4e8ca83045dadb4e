"""Where compiled and converted models are kept.

Tests: tests/settings/test_setting.py, tests/cli/commands/test_cache.py
"""

from dataclasses import dataclass
from typing import Annotated

from ov_asr_score.settings.memory import parse_limit
from ov_asr_score.settings.setting import MODEL, Setting


@dataclass(frozen=True, slots=True)
class CacheSettings:
    """The folder ``cache_dir`` for both kinds; without it, converted models go to the user's own cache."""

    cache_dir: Annotated[
        str,
        Setting(
            "Cache compiled models in DIR, and converted models, which are otherwise in the user's cache folder.",
            metavar="DIR",
            panel=MODEL,
        ),
    ] = ""
    no_cache: Annotated[bool, Setting("Neither read nor write a cache.", panel=MODEL)] = False


@dataclass(frozen=True, slots=True)
class CacheUpkeep:
    """The cache of converted models to look at, to empty, or to trim to ``limit`` bytes."""

    clear: Annotated[bool, Setting("Remove the converted models.")] = False
    limit: Annotated[
        int | None,
        Setting(
            "Remove the least recently used models until the rest fits: 500M, 2G.", metavar="SIZE", parse=parse_limit
        ),
    ] = None
    cache_dir: Annotated[
        str, Setting("The folder that score had as --cache-dir; without it, the user's cache folder.", metavar="DIR")
    ] = ""
