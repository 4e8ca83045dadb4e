"""A model compiled for trials of its axes, and what its inputs get in them.

Tests: tests/scoring/axes/test_settling.py
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.openvino_api import RUNTIME_ERRORS, ov
from ov_asr_score.ov_model.model_description import describe_ports
from ov_asr_score.scoring.axes.filled_readings import FilledReadings
from ov_asr_score.scoring.axes.known_axes import FedInput, UnsettledModel, WantedOutput
from ov_asr_score.scoring.axes.readings import frame_width, has_time, value_lengths
from ov_asr_score.scoring.axes.trying import TrialInput, tried_frames
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.settings.device import DeviceSettings


class TrialRunners:
    """Runners of a model on the CPU, each compiled once."""

    def __init__(self, unsettled: UnsettledModel, ports: Sequence[FedInput], readings: FilledReadings) -> None:
        """Nothing has been compiled yet."""
        self._model, self._plan = unsettled.model, unsettled.plan
        self._ports, self._readings = ports, readings
        self._free_model: ov.Model | None = None
        self._core: ov.Core | None = None
        self._compiled: dict[int, ov.CompiledModel] = {}

    def inputs(
        self, reading: Sequence[str], seed: int, length: int, *, as_utterances: bool = False
    ) -> list[TrialInput]:
        """Values for a trial; frames that lie along N go there one by one, unless they are ``as_utterances``."""
        inputs = []
        rows = not has_time(reading)
        for number, (port, letters) in enumerate(zip(self._ports, reading, strict=True)):
            shape = port.info.shape or ()
            along = letters.replace("N", "T") if rows and not as_utterances else letters
            width = frame_width(letters, shape, port.width)
            generator = np.random.default_rng([number, seed])
            frames = tried_frames(port.value, width, length if "T" in along else None, generator)
            inputs.append(TrialInput(along, value_lengths(letters, shape, port.width), frames))
        return inputs

    def runner(self, reading: Sequence[str], wanted: Sequence[WantedOutput]) -> OpenVinoRunner:
        """A runner of the model that is filled in for ``reading``, for one utterance."""
        if not self._plan:
            return self.open_runner(wanted)
        filled = self._readings.of(reading)
        compiled = self._compile(filled.filled.model)
        return OpenVinoRunner(compiled, 1, [filled.numbers[want.number] for want in wanted])

    def open_runner(self, wanted: Sequence[WantedOutput]) -> OpenVinoRunner:
        """A runner of the model with nothing filled in, for several utterances."""
        self._free_model = self._free_model or self._free()
        return OpenVinoRunner(self._compile(self._free_model), 1, [want.number for want in wanted])

    def _compile(self, model: ov.Model) -> ov.CompiledModel:
        if id(model) not in self._compiled:
            self._core = self._core or ov.Core()
            # Fused attention would be wrong after a reading with a single key (device/attention_layers.py).
            self._compiled[id(model)] = compile_model(self._core, model, DeviceSettings(), without_fusions=True)
        return self._compiled[id(model)]

    def _free(self) -> ov.Model:
        """The model, not filled in, with all axes free that may be of utterances or frames.

        It stays as it is where the graph allows no others.
        """
        shapes = {}
        numbers = [port.name for port in describe_ports(self._model)[0]]
        for port in self._ports:
            index = numbers.index(port.info.name)
            lengths = [
                length if length is not None and all(letters[axis] not in "NT" for letters in port.readings) else -1
                for axis, length in enumerate(port.info.shape or ())
            ]
            shapes[index] = ov.PartialShape(lengths)
        free = self._model.clone()
        try:
            free.reshape(shapes)
        except RUNTIME_ERRORS:
            return self._model
        return free
