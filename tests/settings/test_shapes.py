"""Texts of shapes."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import UsageError
from ov_asr_score.settings.shapes import parse_shapes


def test_shapes_by_name() -> None:
    given = ["x=[1,200,40]", " att_cache = [ 1, 0 ,5 ] ", "a=b/c:0=[64]"]
    assert parse_shapes(given) == {"x": (1, 200, 40), "att_cache": (1, 0, 5), "a=b/c:0": (64,)}
    assert parse_shapes([]) == {}


@pytest.mark.parametrize("text", ["x", "x=", "=[1]", "x=1,2", "x=[]", "x=[1,]", "x=[?,40]", "x=[-1,40]", "x=[1.5]"])
def test_what_is_no_shape(text: str) -> None:
    with pytest.raises(UsageError, match=r"expected NAME=\[LENGTHS\], as in x=\[1,200,40\]") as caught:
        parse_shapes([text])
    assert str(caught.value).startswith(f"'{text}'")


def test_two_shapes_of_an_input() -> None:
    with pytest.raises(UsageError, match="expected one shape for the input 'x', found two"):
        parse_shapes(["x=[1]", "x=[2]"])
