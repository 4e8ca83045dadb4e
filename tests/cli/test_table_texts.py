from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from ov_asr_score.cli.table_texts import specifiers_of


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (["a.ark"], ["a.ark"]),
        (["x=a.ark,y:0=ark,t:-", "ark,scp:b,c"], ["a.ark", "ark,t:-", "ark,scp:b,c"]),
        ({"x": "a.ark", "y": "b=c.ark"}, ["a.ark", "b=c.ark"]),
        (["a.ark,"], []),
        ([], []),
    ],
)
def test_specifiers_without_layers(tables: Sequence[str] | Mapping[str, str], expected: list[str]) -> None:
    assert specifiers_of(tables) == expected
