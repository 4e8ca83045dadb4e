"""Shapes of ports for people."""

from __future__ import annotations

from ov_asr_score.ports import shape_text


def test_shape_text() -> None:
    assert shape_text((1, None, 40)) == "[1,?,40]"
    assert shape_text(None) == "[…]"
