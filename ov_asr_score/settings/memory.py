"""How much memory and disk may be used."""

from __future__ import annotations

from ov_asr_score.errors import UsageError
from ov_asr_score.sizes import UNITS, parse_size

DEFAULT_MEMORY_LIMIT = 2 << 30
"""Bytes that the arrays of a run may take; the model and the runtime come on top."""


def parse_memory(text: str) -> int:
    """Bytes from a number with or without K, M, G or T (powers of 1024) behind it. Raises UsageError below 1M."""
    size = parse_size(text)
    if size is None or size < UNITS["M"]:
        raise UsageError(f"'{text}': expected at least 1M, as in 500M or 4G")
    return size


def parse_limit(text: str) -> int | None:
    """Bytes of a size, None for an empty text. Raises UsageError."""
    size = parse_size(text) if text else None
    if text and size is None:
        raise UsageError(f"'{text}': expected a size, as in 500M or 2G")
    return size
