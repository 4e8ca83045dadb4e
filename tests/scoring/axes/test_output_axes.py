"""Which axis of an output follows the frames, from shapes for two lengths, from one shape, and from what is said."""

from __future__ import annotations

import pytest

from ov_asr_score.scoring.axes.output_axes import UndecidedAxesError, decide_output


@pytest.mark.parametrize(
    ("shape", "longer", "letters", "usual"),
    [
        ((1, 307, 9), (1, 419, 9), "1TC", True),
        ((307, 9), (419, 9), "TC", True),
        ((307, 1, 9), (419, 1, 9), "T1C", True),
        ((1, 9, 307), (1, 9, 419), "1CT", False),
        ((9, 307), (9, 419), "CT", False),
        ((1, 307), (1, 419), "1T", False),
        ((1, 307, 1), (1, 419, 1), "1T1", True),
        ((1, 103, 9), (1, 140, 9), "1TC", True),  # one row for three frames
        ((1, 1, 307, 9), (1, 1, 419, 9), "11TC", True),
        ((1, 307, 9, 1), (1, 419, 9, 1), "1TC1", False),
        ((1, 9), (1, 9), "1C", True),
        ((1, 9, 1), (1, 9, 1), "1C1", False),
        ((9,), (9,), "C", True),
    ],
)
def test_the_axis_that_grows_is_time(
    shape: tuple[int, ...], longer: tuple[int, ...], letters: str, usual: bool
) -> None:
    axes = decide_output(shape, longer, 307)
    assert axes.letters(len(shape)) == letters
    assert axes.kind == ("rows" if "T" in letters else "vector")
    assert axes.is_usual(shape) == usual


@pytest.mark.parametrize(
    ("shape", "longer", "message", "layouts"),
    [
        ((1, 2, 307, 9), (1, 2, 419, 9), "along axes 2 and 4, such as heads", ("1CTC",)),
        ((307, 2, 1, 9), (419, 2, 1, 9), r"along axes 2 and 4", ("TC1C",)),
        ((1, 307, 307), (1, 419, 419), "grows with the number of frames along axes 2 and 3", ()),
        ((1, 307), (1, 419, 1), "another number of axes", ()),
        ((1, None), (1, 419), "depends on its values", ()),
        (None, None, "depends on its values", ()),
    ],
)
def test_what_is_no_row_for_a_frame_is_refused(
    shape: tuple[int | None, ...] | None,
    longer: tuple[int | None, ...] | None,
    message: str,
    layouts: tuple[str, ...],
) -> None:
    with pytest.raises(UndecidedAxesError, match=message) as caught:
        decide_output(shape, longer, 307)
    assert caught.value.layouts == layouts


def test_an_entry_of_a_further_axis_is_chosen() -> None:
    axes = decide_output((1, 2, 307, 9), (1, 2, 419, 9), 307, chosen=1)
    assert (axes.letters(4), axes.chosen) == ("1HTC", 1)
    axes = decide_output((1, 9, 307, 2), (1, 9, 419, 2), 307, said="NCTH", chosen=0)
    assert (axes.letters(4), axes.chosen) == ("1CTH", 0)
    with pytest.raises(UndecidedAxesError, match=r"2 entries along axis 2, \[0\] to \[1\]; found \[2\]"):
        decide_output((1, 2, 307, 9), (1, 2, 419, 9), 307, chosen=2)
    with pytest.raises(UndecidedAxesError, match=r"no entry \[0\]: it has no axis beside those of frames"):
        decide_output((1, 307, 9), (1, 419, 9), 307, chosen=0)
    with pytest.raises(UndecidedAxesError, match="2 entries along axis 2") as caught:
        decide_output((1, 2, 307, 9), (1, 2, 419, 9), 307, said="NHTC")
    assert caught.value.advice("y") == ": choose one with y[0] to y[1] as its name in outputs"


def test_advice_shows_what_to_type() -> None:
    with pytest.raises(UndecidedAxesError) as caught:
        decide_output((1, 4, 307, 9), (1, 4, 419, 9), 307)
    assert caught.value.advice("y") == (
        ": choose one with y[0] to y[3] as its name in outputs, or take all of them, in order, with layout y[1CTC]"
    )
    assert UndecidedAxesError("is open", ["TC", "CT"]).advice("y") == "; say it with layout y[TC] or y[CT]"
    assert UndecidedAxesError("is open").advice("y") == ""
    advice = UndecidedAxesError("is open", ["1T", "1C"]).advice("y", (None, 4))
    assert advice == "; say it with layout y[NT] or y[NC]"


def test_several_axes_of_values_are_taken_where_that_is_said_or_where_frames_have_the_same() -> None:
    assert decide_output((1, 2, 307, 9), (1, 2, 419, 9), 307, said="NCTC").values == (1, 3)
    assert decide_output((307, 2, 9), (419, 2, 9), 307, frame_shape=(2, 9)).values == (1, 2)


@pytest.mark.parametrize(
    ("shape", "letters"), [((1, 8, 9), "1TC"), ((1, 9, 8), "1CT"), ((8, 9), "TC"), ((1, 8, 1, 9), "1T1C")]
)
def test_one_length_tells_where_only_one_axis_has_it(shape: tuple[int, ...], letters: str) -> None:
    assert decide_output(shape, None, 8).letters(len(shape)) == letters


def test_one_length_that_tells_nothing_is_asked_for() -> None:
    with pytest.raises(UndecidedAxesError, match="along which of its axes the 8 frames lie") as caught:
        decide_output((1, 8, 8), None, 8)
    assert caught.value.layouts == ("1TC", "1CT")
    with pytest.raises(UndecidedAxesError) as caught:
        decide_output((1, 4, 9), None, 8)
    assert "1TC" in caught.value.layouts
    assert decide_output((1, 8, 8), None, 8, said="NCT").letters(3) == "1CT"
    for shape in ((1, 8), (1, 1, 8), (8,)):  # one value per frame, or a vector of as many values
        with pytest.raises(UndecidedAxesError) as caught:
            decide_output(shape, None, 8)
        ones = "1" * (len(shape) - 1)
        assert caught.value.layouts == (f"{ones}T", f"{ones}C")
        assert decide_output(shape, None, 8, said=f"{ones}T").kind == "rows"
        assert decide_output(shape, None, 8, said=f"{ones}C").kind == "vector"
    assert decide_output((1, 4, 9), None, 8, said="NTC").kind == "rows"


def test_a_layout_that_contradicts_the_lengths_is_refused() -> None:
    with pytest.raises(UndecidedAxesError, match="does not grow with the number of frames along axis 3; axis 2 does"):
        decide_output((1, 307, 9), (1, 419, 9), 307, said="NCT")
