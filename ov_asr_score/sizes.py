"""Sizes in bytes as people write them: ``500M``, ``4G``."""

from __future__ import annotations

import re

UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_size(text: str) -> int | None:
    """Bytes of a number with or without K, M, G or T (powers of 1024) behind it, as in ``1.5G`` or ``500 MiB``.

    None for any other text.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?", text.strip(), re.IGNORECASE | re.ASCII)
    return int(float(match[1]) * UNITS[match[2].upper()]) if match else None
