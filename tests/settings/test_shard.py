from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.shard import Shard, parse_shard


@pytest.mark.parametrize("text", ["0/3", "4/3", "1/0", "2", "a/b", "1/2/3", "-1/3", "1 / 2"])
def test_a_part_that_does_not_exist(text: str) -> None:
    with pytest.raises(UsageError, match="expected I/N with I from 1 to N, as in 2/8"):
        parse_shard(text)


def test_texts() -> None:
    assert parse_shard("2/3") == Shard(2, 3)
    assert parse_shard("") is None
    assert str(Shard(2, 3)) == "2/3"
