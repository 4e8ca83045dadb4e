"""What each input of a model takes of an utterance: by shapes, layouts and the first utterance. No runtime here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import Any, Literal

from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.utterances.joining import Utterance

InputKind = Literal["row", "time", "vector"]

BY_SIZES = "by sizes"
"""The source of a layout that the lengths of axes leave no choice of."""


@dataclass(frozen=True, slots=True)
class InputFit:
    """What one model input takes of an utterance.

    ``row``: one frame per index of the first axis; ``time``: frames along a time axis; ``vector``: one vector for the
    whole utterance. ``shape`` is the shape of the input with -1 where the frames of a request go (no -1: one frame or
    vector); ``width`` is the number of values of a frame. ``layout`` has the letters of the axes that the model's own
    input has, ``source`` says where they come from.
    """

    name: str
    kind: InputKind
    width: int
    shape: tuple[int, ...]
    layout: str = field(default="", compare=False)
    source: str = field(default="", compare=False)

    @property
    def frame_axis(self) -> int | None:
        """The axis that frames lie along; None where the input holds a single one."""
        return self.shape.index(-1) if -1 in self.shape else None

    def shape_for(self, frames: int) -> tuple[int, ...]:
        """The shape of the input in a request with so many frames."""
        return tuple(frames if length == -1 else length for length in self.shape)


def fit_inputs(ports: Sequence[PortInfo], first: Utterance | None) -> tuple[InputFit, ...]:
    """What each input takes, from its shape, its layout and the first utterance (None: from the shapes alone).

    Raises ShapeMismatchError when the features cannot be what an input takes, UnsupportedModelError for inputs whose
    time axis is neither the first nor the second.
    """
    fits = tuple(_fit_input(port, first.features if first else {}) for port in ports)
    timed = any(fit.kind == "time" for fit in fits)
    if timed or len({fit.frame_axis for fit in fits}) > 1:
        # beside an input with a time axis, [N, D] holds one vector for the utterance; so does [D] beside [N, D]
        return tuple(
            replace(fit, kind="vector", shape=tuple(abs(length) for length in fit.shape))
            if fit.kind == "row" and (timed or fit.frame_axis is None)
            else fit
            for fit in fits
        )
    return fits


def _fit_input(port: PortInfo, features: Mapping[str, NDArray[Any]]) -> InputFit:
    value, shape = features.get(port.name), port.shape
    # a matrix without frames has no columns either in Kaldi's files
    width = int(value.shape[-1]) if value is not None and value.size else None
    if not shape:
        raise ShapeMismatchError(f"input '{port.name}' has no fixed number of dimensions; reshape the model first")
    if len(shape) == 1:
        frame = _frame_shape(port, shape, width)
        return InputFit(port.name, "row", prod(frame), frame)
    axis = _time_axis(port, shape, width)
    if axis is None:
        frame = _frame_shape(port, shape[1:], width)
        return InputFit(port.name, "row", prod(frame), (-1, *frame))
    if axis > 1:
        raise UnsupportedModelError(
            f"input '{port.name}' {shape_text(shape)}: frames lie along axis {axis + 1}; transpose the model's "
            "input, so that they lie along the first or second"
        )
    if axis == 1:
        frame = _frame_shape(port, shape[2:], width)
        return InputFit(port.name, "time", prod(frame), (1, -1, *frame))
    batch = port.layout.find("N")
    frame = _frame_shape(port, tuple(1 if axis == batch else shape[axis] for axis in range(1, len(shape))), width)
    return InputFit(port.name, "time", prod(frame), (-1, *frame))


def _time_axis(port: PortInfo, shape: tuple[int | None, ...], width: int | None) -> int | None:
    """The axis of time, as the layout says or else as the number of columns ``width`` tells; None for no such axis."""
    if "T" in port.layout:
        return port.layout.index("T")
    if len(shape) != 3:
        return None
    frames, values = shape[1:]
    if frames is None or values is None:
        return 2 if values is None and frames is not None and frames == width else 1
    # [N, 11, 40] takes 440 columns as one frame and 40 columns as 11 frames
    return 1 if width is not None and frames * values != width else None


def _frame_shape(port: PortInfo, shape: tuple[int | None, ...], width: int | None) -> tuple[int, ...]:
    """``shape``, the axes of one frame, with its free length filled in so that a frame has ``width`` values."""
    known = prod(length for length in shape if length is not None)
    free = shape.count(None)
    if free > 1 or (free and width is None):
        raise ShapeMismatchError(
            f"input '{port.name}' {shape_text(port.shape)}: cannot tell how many values a frame has"
        )
    filled = tuple((width or 0) // known if length is None else length for length in shape)
    if width is not None and prod(filled) != width:
        raise ShapeMismatchError(
            f"input '{port.name}' {shape_text(port.shape)}: expected {known} values per frame, features have {width}"
        )
    return filled
