from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.memory import parse_memory


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1M", 1 << 20),
        ("1.5g", 3 << 29),
        ("2GiB", 2 << 30),
        ("500 MB", 500 << 20),
        ("2097152", 2 << 20),
        ("1T", 1 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "G", "1000", "0G", "-1G", "1X", "1e9", "1,5G"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected at least 1M"):
        parse_memory(text)
