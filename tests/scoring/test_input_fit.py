"""What inputs take, told from shapes, layouts and the first utterance."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.input_fit import InputFit, fit_inputs
from ov_asr_score.scoring.utterances.joining import Utterance


def port(shape: tuple[int | None, ...] | None, name: str = "x", layout: str = "") -> PortInfo:
    return PortInfo(name, name, 0, (name,), shape, "f32", layout)


def utterance(width: int, frames: int = 4) -> Utterance:
    return Utterance("a", {"x": np.zeros((frames, width), np.float32)}, frames)


def test_the_shape_for_a_number_of_frames() -> None:
    assert InputFit("x", "time", 8, (1, -1, 8)).shape_for(5) == (1, 5, 8)
    assert InputFit("x", "vector", 8, (1, 8)).shape_for(5) == (1, 8)


@pytest.mark.parametrize(
    ("shape", "layout", "width", "kind", "fitted"),
    [
        ((1, 40), "", 40, "row", (-1, 40)),
        ((None, None), "", 40, "row", (-1, 40)),
        ((40,), "", 40, "row", (40,)),
        ((None,), "", 40, "row", (40,)),
        ((1, 11, 40), "", 440, "row", (-1, 11, 40)),
        ((1, 11, 40), "", 40, "time", (1, -1, 40)),
        ((1, 1, 40), "", 40, "row", (-1, 1, 40)),
        ((1, None, 40), "", 40, "time", (1, -1, 40)),
        ((None, None, None), "", 40, "time", (1, -1, 40)),
        ((1, 11, None), "", 440, "time", (1, -1, 440)),
        ((1, 1, 11, 40), "", 440, "row", (-1, 1, 11, 40)),
        ((1, 1, 11, None), "", 440, "row", (-1, 1, 11, 40)),
        ((20, 40), "TC", 40, "time", (-1, 40)),
        ((None, 1, 40), "TNC", 40, "time", (-1, 1, 40)),
        ((1, 11, 40), "NTC", 40, "time", (1, -1, 40)),
        ((1, None, 8, 5), "NTCF", 40, "time", (1, -1, 8, 5)),
        ((1, 40), "", None, "row", (-1, 40)),
        ((1, 11, 40), "", None, "row", (-1, 11, 40)),
        ((1, None, 40), "", None, "time", (1, -1, 40)),
    ],
)
def test_one_input(shape: Any, layout: str, width: int | None, kind: Any, fitted: tuple[int, ...]) -> None:
    first = None if width is None else utterance(width)
    frame_width = width or int(np.prod([length for length in fitted if length > 1]))
    assert fit_inputs([port(shape, layout=layout)], first) == (InputFit("x", kind, frame_width, fitted),)


@pytest.mark.parametrize(
    ("shape", "layout", "width", "message"),
    [
        ((1, 40), "", 39, r"input 'x' \[1,40\]: expected 40 values per frame, features have 39"),
        ((1, 11, 40), "", 39, "expected 40 values per frame, features have 39"),
        ((1, 1, 11, None), "", 439, "expected 11 values per frame, features have 439"),
        ((1, None), "", None, r"input 'x' \[1,\?\]: cannot tell how many values a frame has"),
        ((None, None, None, None), "", 40, "cannot tell how many values a frame has"),
        (None, "", 40, "input 'x' has no fixed number of dimensions"),
        ((), "", 40, "input 'x' has no fixed number of dimensions"),
    ],
)
def test_features_that_do_not_fit(shape: Any, layout: str, width: int | None, message: str) -> None:
    with pytest.raises(ShapeMismatchError, match=message):
        fit_inputs([port(shape, layout=layout)], None if width is None else utterance(width))


@pytest.mark.parametrize(("shape", "layout"), [((1, 40, None), ""), ((1, 40, 20), "NCT")])
def test_frames_along_the_third_axis_are_refused(shape: Any, layout: str) -> None:
    with pytest.raises(UnsupportedModelError, match="transpose the model's input"):
        fit_inputs([port(shape, layout=layout)], utterance(40))


def test_a_matrix_without_frames_tells_nothing() -> None:
    (fit,) = fit_inputs([port((1, 40))], utterance(0, 0))
    assert fit.width == 40


@pytest.mark.parametrize(
    ("shapes", "kinds"),
    [
        ([(1, 40), (1, 10)], ["row", "row"]),
        ([(1, None, 40), (1, 10)], ["time", "vector"]),
        ([(1, None, 40), (10,)], ["time", "vector"]),
        ([(1, None, 40), (1, None, 10)], ["time", "time"]),
        ([(1, 40), (10,)], ["row", "vector"]),
        ([(40,), (10,)], ["row", "row"]),
    ],
)
def test_inputs_beside_each_other(shapes: Any, kinds: list[str]) -> None:
    features = {"x": np.zeros((4, 40)), "v": np.zeros(10)}
    fits = fit_inputs([port(shapes[0]), port(shapes[1], "v")], Utterance("a", features, 4))
    assert [fit.kind for fit in fits] == kinds
    assert all(-1 not in fit.shape for fit in fits if fit.kind == "vector")
