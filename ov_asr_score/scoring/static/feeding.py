"""How a model that gets static shapes is fed, and how many frames its requests were asked to have.

Tests: tests/scoring/static/test_static_planning.py
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

from ov_asr_score.errors import ShapeMismatchError, UnknownNameError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.outputs import find_port, port_names
from ov_asr_score.ports import PortInfo, shape_text
from ov_asr_score.scoring.input_fit import InputFit
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.text import suggestion


@dataclass(frozen=True, slots=True)
class Feeding:
    """How a model is fed: the features of its ``inputs`` as ``fits`` say, and the utterance ``first`` of them.

    ``own`` are the inputs of the file, with their own axes, and those that take no features. ``wanted`` are the numbers
    of the outputs that are scores. ``core`` compiles for trials, on the CPU.
    """

    core: ov.Core
    options: ScorerOptions
    inputs: Sequence[PortInfo]
    fits: Sequence[InputFit]
    wanted: Sequence[int]
    first: Utterance | None
    own: Sequence[PortInfo]

    def asked_frames(self) -> int:
        """The frames of a request that a shape asks for; 0 where none does.

        Raises UnknownNameError (no such input), ShapeMismatchError (a shape that the input cannot have).
        """
        asked = {}
        fits = {fit.name: fit for fit in self.fits}
        for name, shape in self.options.device.shapes.items():
            index = find_port(self.own, name)
            if index is None:
                near = suggestion(name, port_names(self.own))
                raise UnknownNameError(f"shapes: the model has no input '{name}'{near}", fields=("shapes",))
            fit = fits.get(self.own[index].name)
            if fit is None:
                continue  # a state, which begins so
            # Any number of rows, whatever the model says; a blob keeps its own.
            any_rows = fit.kind == "row" and not self.options.blob
            axis = _frame_axis(self.own[index], fit, shape, any_rows=any_rows)
            if axis is not None:
                asked[name] = shape[axis]
        if len(set(asked.values())) > 1:
            raise ShapeMismatchError(
                f"shapes: expected the same number of frames for all inputs, found {sorted(set(asked.values()))}",
                fields=("shapes",),
            )
        frames = next(iter(asked.values()), 0)
        if asked and not frames:
            raise ShapeMismatchError("shapes: expected at least one frame, found 0", fields=("shapes",))
        return frames


def _frame_axis(port: PortInfo, fit: InputFit, shape: Sequence[int], *, any_rows: bool) -> int | None:
    """The axis of ``shape`` that frames lie along, if it can be that of the input. Raises ShapeMismatchError."""
    own = port.shape or ()
    axis = fit.layout.index("T") if "T" in fit.layout else fit.frame_axis
    free = {axis} if any_rows else set()
    given = enumerate(zip(own, shape, strict=False))
    if len(shape) == len(own) and all(place in free or length in (None, asked) for place, (length, asked) in given):
        others = prod(length for place, length in enumerate(shape) if place != axis)
        if others == prod(length for length in fit.shape if length != -1):
            return axis
    raise ShapeMismatchError(
        f"shapes: input '{port.name}' takes {shape_text(own)}, found {shape_text(shape)}", fields=("shapes",)
    )
