"""How utterances go through a model: what each input takes, and how many frames go into a request. No runtime here.

Six modes:

``rows``       every frame on its own (a feed-forward model on spliced features): utterances share requests
``blocks``     a fixed number of frames per request, in order, one utterance at a time (models with variables)
``utterance``  a whole utterance per request (models with a free time axis)
``chunks``     windows of an utterance, several of the same length per request (Kaldi models converted for chunks)
``frames``     a few frames per request, in order, one utterance at a time (Kaldi models converted for streaming)
``lockstep``   what ``blocks`` and ``frames`` do, with many utterances at a time: one in each lane of a request, and
               several requests side by side (models with variables)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any, Literal

from numpy.typing import NDArray

from ov_asr_score.convert.facts import ConversionFacts
from ov_asr_score.errors import ShapeMismatchError, UnsupportedModelError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances.joining import Utterance

InputKind = Literal["row", "time", "vector"]
PlanMode = Literal["rows", "blocks", "utterance", "chunks", "frames", "lockstep"]

DEFAULT_ROWS = 512
# Scores of one request stay below this many values, however wide the output is (256 MB of float32).
_MAX_REQUEST_VALUES = 64_000_000


@dataclass(frozen=True, slots=True)
class InputFit:
    """What one model input takes of an utterance.

    ``row``: one frame per index of the first axis; ``time``: frames along a time axis; ``vector``: one vector for the
    whole utterance. ``shape`` is the shape of the input with -1 where the frames of a request go (no -1: one frame or
    vector); ``width`` is the number of values of a frame.
    """

    name: str
    kind: InputKind
    width: int
    shape: tuple[int, ...]

    @property
    def frame_axis(self) -> int | None:
        """The axis that frames lie along; None where the input holds a single one."""
        return self.shape.index(-1) if -1 in self.shape else None


@dataclass(frozen=True, slots=True)
class Grouping:
    """How whole utterances share requests.

    A request takes up to ``max_utterances`` of up to ``frames`` frames together, where filling up the shorter ones
    makes up no more than the share ``waste`` of it (0: only utterances of the same length). Utterances of
    ``look_ahead`` frames may be waiting for others of their length, or for those before them. Utterances of more than
    ``longest`` frames are cut into windows of so many (0: never).
    """

    max_utterances: int
    frames: int
    waste: float
    look_ahead: int
    longest: int = 0

    def padded(self, num_frames: int) -> int:
        """The length that an utterance of so many frames is filled up to: one of sixteen for every power of two.

        The CPU plugin prepares its layers for every shape that it has not seen, which takes small models longer than
        the scoring itself, and keeps what it prepared.
        """
        if not self.waste:
            return num_frames
        step = max(1, 1 << (num_frames.bit_length() - 5)) if num_frames >= 16 else 1
        return -(-num_frames // step) * step


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """How requests are filled: ``block`` frames each (0: whole utterances), ``slots`` requests under way at a time.

    ``pad`` says that every request must hold exactly ``block`` frames. Context frames are those of -cw_l and -cw_r.
    ``converted`` is there for models that were converted from Kaldi's and know how they are to be fed. A request of a
    lock-step plan holds ``lanes`` utterances, ``block`` frames of each; no more begin while features and scores on
    their way take ``held_bytes``.
    """

    mode: PlanMode
    block: int
    slots: int
    pad: bool
    stateful: bool
    left_context: int = 0
    right_context: int = 0
    reason: str = ""
    converted: ConversionFacts | None = None
    streams: int = 0  # inferences that the device runs at the same time; 0: as it is set up
    grouping: Grouping | None = None
    lanes: int = 1
    any_lanes: bool = False  # requests may hold fewer
    held_bytes: int = 1 << 29

    @property
    def rows_per_request(self) -> int:
        """Rows of scores that a request gives for each of its utterances, where it holds ``block`` frames of them."""
        return self.block // (self.converted.frame_subsampling_factor if self.converted else 1)


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
            f"input '{port.name}' {shape_text(shape)}: frames lie along axis {axis}; transpose the model's input, so "
            "that they lie along the first or second"
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


def shape_text(shape: Sequence[int | None] | None) -> str:
    """``[1,?,40]`` for a shape with a free second dimension."""
    if shape is None:
        return "[…]"
    return "[" + ",".join("?" if length is None else str(length) for length in shape) + "]"


def default_rows(outputs: Sequence[PortInfo]) -> int:
    """Rows per request that keep the matrix products large and the scores of one request bounded."""
    widths = [prod(length or 1 for length in (port.shape or (1,))[1:]) for port in outputs]
    return max(1, min(DEFAULT_ROWS, _MAX_REQUEST_VALUES // max(1, sum(widths))))
