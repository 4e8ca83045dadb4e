"""Where this package keeps what it can make again: conversions of models, compiled code."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER_VARIABLE = "OV_ASR_SCORE_CACHE"


def user_cache() -> Path | None:
    """The folder in the environment variable OV_ASR_SCORE_CACHE, else that of the user; None without a home."""
    named = os.environ.get(FOLDER_VARIABLE)
    if named:
        return Path(named)
    try:
        if sys.platform == "win32":
            base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            base = Path.home() / "Library" / "Caches"
        else:
            base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    except RuntimeError:
        return None
    return base / "ov-asr-score"
