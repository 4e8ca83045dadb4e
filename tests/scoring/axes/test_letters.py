"""Letters of axes that the user gives."""

from __future__ import annotations

import pytest

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError, UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.axes.letters import named_letters, plain_letters, said_letters

X = PortInfo("x", "x", 0, ("x",), (None, None, 40), "f32", "")
V = PortInfo("v", "v", 0, ("v",), (1, 5), "f32", "")
Y = PortInfo("y", "y", 0, ("y",), (None, 3, None), "f32", "")


def test_letters_go_to_the_ports_that_are_named() -> None:
    layouts = {"v": "NC", "y": "NCT"}
    assert said_letters([X, V], [Y], layouts) == (None, "NC")
    assert said_letters([Y], [X, V], layouts) == ("NCT",)
    assert said_letters([X], [Y], {"": "TNC"}) == ("TNC",)


@pytest.mark.parametrize(
    ("layouts", "kind", "message"),
    [
        ({"z": "NC"}, UnknownNameError, "no input or output 'z'"),
        ({"x": "NC"}, ShapeMismatchError, r"'x' \[\?,\?,40\] has 3 dimensions, not 2"),
        ({"": "NTC"}, ShapeMismatchError, r"'v' \[1,5\] has 2 dimensions, not 3"),
        ({"x": "TTC"}, UsageError, "expected one axis T, found several"),
        ({"v": "N1"}, ShapeMismatchError, "expected an axis of length 1, found 5"),
    ],
)
def test_letters_that_cannot_be(layouts: dict[str, str], kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        said_letters([X, V], [Y], layouts)


def test_other_letters_stand_for_values() -> None:
    assert plain_letters("NCHW") == "NCCC"
    assert plain_letters("N.?*1T") == "N???1T"
    assert plain_letters("NHTC", keep_heads=True) == "NHTC"


@pytest.mark.parametrize(
    ("names", "letters"),
    [
        (("batch", "time", ""), "NT?"),
        (("T", "N", ""), "TN?"),
        (("a", "b", ""), "???"),  # b alone says nothing
        (("n", "x", ""), "???"),
        (("frames", "", ""), "T??"),
        (("time", "seq_len", ""), "???"),
        (("batch", "time"), "???"),
        (None, "???"),
    ],
)
def test_what_names_of_axes_say(names: tuple[str, ...] | None, letters: str) -> None:
    assert named_letters(names, 3) == letters
