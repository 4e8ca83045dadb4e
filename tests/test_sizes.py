"""Sizes in bytes."""

from __future__ import annotations

import pytest

from ov_asr_score.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("1000", 1000), ("1K", 1024), ("1.5g", 3 << 29), ("2GiB", 2 << 30), (" 500 MB ", 500 << 20)],
)
def test_sizes_with_and_without_units(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "G", "-1", "1X", "1e9", "1,5G", "unlimited"])
def test_invalid_sizes_are_refused(text: str) -> None:
    assert parse_size(text) is None
