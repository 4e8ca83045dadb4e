"""A model with its other inputs filled in for a reading of its axes: their sizes depend on where the frames lie.

Tests: tests/scoring/test_filling.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import OvAsrScoreError, ShapeMismatchError, UnknownNameError, UnsupportedModelError, UsageError
from ov_asr_score.openvino_api import ov
from ov_asr_score.ov_model.filled_inputs.fill_inputs import FilledModel, fill_inputs
from ov_asr_score.ov_model.filled_inputs.fillings import FillingPlan
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.scoring.axes.known_axes import FedInput, UnsettledModel
from ov_asr_score.scoring.axes.output_axes import OutputAxes
from ov_asr_score.scoring.axes.probing import ShapeProbe
from ov_asr_score.scoring.axes.readings import has_time, request_shape

Requests = Mapping[str, tuple[int, ...]]
"""The shapes of the inputs that have tables, with -1 where frames lie."""


def requests_of(ports: Sequence[FedInput], reading: Sequence[str]) -> Requests:
    """The shapes of requests with one utterance, as a reading has them."""
    rows = not has_time(reading)
    return {
        port.info.name: request_shape(letters, port.info.shape or (), port.width, -1 if rows else 1, -1)
        for port, letters in zip(ports, reading, strict=True)
    }


@dataclass(frozen=True, slots=True, eq=False)
class FilledReading:
    """A model filled in for a reading: its probe, and the numbers that the wanted outputs have in it."""

    filled: FilledModel
    probe: ShapeProbe
    numbers: Mapping[int, int]
    requests: Requests


class FilledReadings:
    """The models filled in for readings, each made once; the same for all where there is nothing to fill in."""

    def __init__(self, unsettled: UnsettledModel, ports: Sequence[FedInput]) -> None:
        """Nothing has been filled in yet."""
        self._model, self._plan, self._ports = unsettled.model, unsettled.plan, ports
        self._outputs, self._wanted = unsettled.outputs, unsettled.wanted
        self._known: dict[tuple[str, ...], FilledReading | OvAsrScoreError] = {}

    def of(self, reading: Sequence[str]) -> FilledReading:
        """The model for ``reading``. Raises UsageError, ShapeMismatchError, UnsupportedModelError: there is none."""
        key = tuple(reading) if self._plan else ()
        if key not in self._known:
            try:
                self._known[key] = self._fill(reading)
            except (UsageError, ShapeMismatchError, UnsupportedModelError) as error:
                self._known[key] = error
        known = self._known[key]
        if isinstance(known, OvAsrScoreError):
            raise known
        return known

    def counting(self, reading: Sequence[str], axes: Sequence[OutputAxes]) -> FilledReading:
        """The model for ``reading`` where positions count the rows of the first output that hands on no state.

        ``axes`` are those of the wanted outputs; where that output is none of them, nothing is known of its rows.
        Raises what :meth:`of` raises.
        """
        counted = next((port.name for port in self._outputs if port.name not in self._plan.outputs), "")
        positions = any(filling.kind == "position" for filling in self._plan.fillings)
        for want, found in zip(self._wanted, axes, strict=True) if positions else ():
            if self._outputs[want.number].name == counted and found.time is not None:
                return self._fill(reading, (counted, found.time))
        return self.of(reading)

    def _fill(self, reading: Sequence[str], rows: tuple[str, int] | None = None) -> FilledReading:
        requests = requests_of(self._ports, reading)
        names = [self._outputs[want.number].name for want in self._wanted]
        filled = fill_inputs(self._model, self._plan, requests, rows=rows, keep=names)
        here = [port.name for port in describe_ports(filled.model)[1]]
        missing = [name for name in names if name not in here]
        if missing:
            raise UnknownNameError(f"output '{missing[0]}' is gone")
        numbers = {want.number: here.index(name) for want, name in zip(self._wanted, names, strict=True)}
        return FilledReading(filled, ShapeProbe(filled.model), numbers, requests)


def trial_values(model: ov.Model, plan: FillingPlan, utterances: int, frames: int) -> dict[int, NDArray[Any]]:
    """Values of the inputs that are not filled in yet, by number, for requests of several utterances.

    Free axes are those of utterances and, behind them, of frames.
    """
    kinds = {filling.input: filling for filling in plan.fillings}
    values = {}
    for index, port in enumerate(describe_ports(model)[0]):
        if port.name not in plan.inputs:
            continue
        lengths = iter([utterances, frames])
        filling = kinds.get(port.name)
        shape = [next(lengths, 1) if length is None else length for length in port.shape or ()]
        number = 0.0
        if filling is not None:
            number = {"frames": float(frames), "ones": 1.0, "value": filling.value}.get(filling.kind, 0.0)
        values[index] = np.full(shape, number, model.inputs[index].get_element_type().to_dtype())
    return values
