"""How utterances go through a model: what each input takes, and how many frames go into a request. No runtime here.

Three modes:

``rows``       every frame on its own (a feed-forward model on spliced features): utterances share requests
``blocks``     a fixed number of frames per request, in order, one utterance at a time (models with variables)
``utterance``  a whole utterance per request (models with a free time axis)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

from ov_asr_score.errors import ShapeMismatchError
from ov_asr_score.ports import PortInfo
from ov_asr_score.scoring.utterances import Utterance

InputKind = Literal["row", "time", "vector"]
PlanMode = Literal["rows", "blocks", "utterance"]

DEFAULT_ROWS = 512
# Scores of one request stay below this many values, however wide the output is (256 MB of float32).
_MAX_REQUEST_VALUES = 64_000_000


@dataclass(frozen=True, slots=True)
class InputFit:
    """What one model input takes of an utterance.

    ``row``: one frame per index of the first axis, ``frame_shape`` its remaining axes; ``time``: frames along
    ``time_axis``; ``vector``: one vector for the whole utterance. ``width`` is the number of values of a frame.
    """

    name: str
    kind: InputKind
    width: int
    time_axis: int = 0
    frame_shape: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ScoringPlan:
    """How requests are filled: ``block`` frames each (0: whole utterances), ``slots`` requests under way at a time.

    ``pad`` says that every request must hold exactly ``block`` frames. Context frames are those of -cw_l and -cw_r.
    """

    mode: PlanMode
    block: int
    slots: int
    pad: bool
    stateful: bool
    left_context: int = 0
    right_context: int = 0
    reason: str = ""


def fit_inputs(ports: Sequence[PortInfo], first: Utterance | None) -> tuple[InputFit, ...]:
    """What each input takes, from its shape, its layout and the first utterance (None: from the shapes alone).

    Raises ShapeMismatchError when the features cannot be what an input takes.
    """
    fits = [_fit_input(port, first.features if first else {}) for port in ports]
    if any(fit.kind == "time" for fit in fits):
        # beside an input with a time axis, a matrix [N, D] holds one vector per utterance
        fits = [
            InputFit(fit.name, "vector", fit.width) if fit.kind == "row" and len(port.shape or ()) <= 2 else fit
            for fit, port in zip(fits, ports, strict=True)
        ]
    return tuple(fits)


def _fit_input(port: PortInfo, features: Mapping[str, object]) -> InputFit:
    value = features.get(port.name)
    width = int(value.shape[-1]) if value is not None else None  # type: ignore[attr-defined]
    shape = port.shape
    if shape is None or not shape:
        raise ShapeMismatchError(f"input '{port.name}' has no fixed number of dimensions; reshape the model first")
    if "T" in port.layout:
        return _time_fit(port, shape, port.layout.index("T"), width)
    if len(shape) == 1:
        return _row_fit(port, shape, width, shape)
    rest = shape[1:]
    known = None if None in rest else prod(length for length in rest if length is not None)
    if len(rest) == 2 and (known is None or (width is not None and known != width) or (width is None and rest[0] == 1)):
        return _time_fit(port, shape, 1, width)
    return _row_fit(port, shape, width, rest)


def _row_fit(
    port: PortInfo, shape: tuple[int | None, ...], width: int | None, frame_shape: tuple[int | None, ...]
) -> InputFit:
    free = [axis for axis, length in enumerate(frame_shape) if length is None]
    if len(free) == 1 and width is not None:
        others = prod(length for length in frame_shape if length is not None)
        filled = tuple(width // others if length is None else length for length in frame_shape)
    elif free:
        raise ShapeMismatchError(f"input '{port.name}' {shape_text(shape)}: cannot tell how many values a frame has")
    else:
        filled = tuple(length for length in frame_shape if length is not None)
    if width is not None and prod(filled) != width:
        raise ShapeMismatchError(
            f"input '{port.name}' {shape_text(shape)}: expected {prod(filled)} values per frame, features have {width}"
        )
    return InputFit(port.name, "row", prod(filled), 0, filled)


def _time_fit(port: PortInfo, shape: tuple[int | None, ...], axis: int, width: int | None) -> InputFit:
    expected = shape[-1]
    if width is not None and expected is not None and expected != width:
        raise ShapeMismatchError(
            f"input '{port.name}' {shape_text(shape)}: expected {expected} values per frame, features have {width}"
        )
    return InputFit(port.name, "time", expected if expected is not None else width or 0, axis)


def shape_text(shape: Sequence[int | None] | None) -> str:
    """``[1,?,40]`` for a shape with a free second dimension."""
    if shape is None:
        return "[…]"
    return "[" + ",".join("?" if length is None else str(length) for length in shape) + "]"


def default_rows(outputs: Sequence[PortInfo]) -> int:
    """Rows per request that keep the matrix products large and the scores of one request bounded."""
    widths = [prod(length or 1 for length in (port.shape or (1,))[1:]) for port in outputs]
    return max(1, min(DEFAULT_ROWS, _MAX_REQUEST_VALUES // max(1, sum(widths))))
