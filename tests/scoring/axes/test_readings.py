"""Every way to read the axes of an input."""

from __future__ import annotations

import pytest

from ov_asr_score.scoring.axes.readings import Shape, ValueKind, input_readings, request_shape


@pytest.mark.parametrize(
    ("shape", "width", "readings"),
    [
        ((None, 40), 40, ("NC",)),  # rows, which a trial may find to be frames of one utterance
        ((1, 40), 40, ("NC",)),
        ((40,), 40, ("C",)),
        ((None, None, 40), 40, ("NTC", "TNC")),
        ((1, None, 40), 40, ("NTC",)),
        ((None, 1, 40), 40, ("N1C",)),
        ((None, 40, None), 40, ("NCT", "TCN")),
        ((1, 40, None), 40, ("NCT",)),
        ((40, None), 40, ("CT",)),
        ((None, 11, 40), 440, ("NCC",)),
        ((None, 11, 40), 40, ("NTC", "TNC")),  # a fixed batch, which a trial may drop
        ((1, 11, 40), 40, ("NTC",)),
        ((11, 40), 40, ("NC",)),
        ((None, 4, 4), 4, ("NTC", "NCT", "TNC", "TCN")),
        ((None, 1, None, 40), 40, ("N1TC", "T1NC")),
        ((None, None, 40, 1), 40, ("NTC1", "TNC1")),
        ((None, 40, 1, None), 40, ("NC1T", "TC1N")),
        ((None, None, None), 40, ("NTC", "NCT", "TNC", "TCN", "CNT", "CTN")),
        ((None, None), 1, ("NT", "NC", "TN", "TC", "CN", "CT")),
    ],
)
def test_readings_of_frames(shape: Shape, width: int, readings: tuple[str, ...]) -> None:
    found = input_readings(shape, "?" * len(shape), width, "frames")
    if shape == (None, None):  # without an axis of values the values have their one
        assert set(found) <= set(readings)
        assert "NT" in found
    else:
        assert found == readings


@pytest.mark.parametrize(
    ("shape", "width"),
    [((None, 40), 39), ((1, 40), 1), ((None, None, 40), 3), ((None, 11, 40), 41), ((40,), 41), ((None, 4), 1)],
)
def test_features_of_another_width_have_no_reading(shape: Shape, width: int) -> None:
    assert input_readings(shape, "?" * len(shape), width, "frames") == ()


@pytest.mark.parametrize(
    ("shape", "said", "width", "readings"),
    [
        ((None, None, 40), "TNC", 40, ("TNC",)),
        ((None, None, 40), "?T?", 40, ("NTC",)),
        ((None, 40), "TC", 40, ("TC",)),
        ((None, 4, 4), "NC?", 4, ("NCT",)),
        ((None, 11, None), "NTC", 40, ("NTC",)),
        ((None, 4), "NT", 1, ("NT",)),
        ((1, 1, None, 40), "1NTC", 40, ("1NTC",)),
        ((None, 1, 40), "T1C", 40, ("T1C",)),
    ],
)
def test_what_is_said_is_kept(shape: Shape, said: str, width: int, readings: tuple[str, ...]) -> None:
    assert input_readings(shape, said, width, "frames") == readings


@pytest.mark.parametrize(
    ("shape", "kind", "readings"),
    [
        ((None, 5), "vector", ("NC",)),
        ((1, None, 5), "vector", ("NTC", "1NC")),
        ((5,), "vector", ("C",)),
        ((None, 5), "frames", ("NC", "TC")),
        ((1, 5), "frames", ("NC",)),
    ],
)
def test_readings_beside_an_input_with_time(shape: Shape, kind: ValueKind, readings: tuple[str, ...]) -> None:
    assert input_readings(shape, "?" * len(shape), 5, kind, beside_time=True) == readings


def test_the_shape_of_a_request() -> None:
    assert request_shape("N1TC", (None, 1, None, None), 40, 2, 7) == (2, 1, 7, 40)
    assert request_shape("CCT", (None, 11, None), 440, 1, 7) == (40, 11, 7)
