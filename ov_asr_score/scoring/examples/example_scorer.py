"""The scores of a Kaldi network for the frames of examples, with graphs made for exactly these frames.

Tests: tests/egs/test_kaldi_figures.py, tests/job/test_egs_prob.py
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.convert.frames.request_plan import grid_of_times
from ov_asr_score.convert.nonfinite_weights import nonfinite_error, nonfinite_note, nonfinite_weights
from ov_asr_score.convert.request_graph import convert_request, prepare_network
from ov_asr_score.device.compiled_model import compile_model
from ov_asr_score.egs.example import FloatMatrix
from ov_asr_score.errors import DeviceError, OvAsrScoreError, ShapeMismatchError
from ov_asr_score.kaldi_model.network import KaldiNetwork
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.scoring.examples.sequences import FrameSequence, Rows, ScoresWanted, Structure, group_sequences
from ov_asr_score.settings.device import DeviceSettings

_FRAMES_PER_REQUEST = 4096
_MOST_SCORE_BYTES = 64 << 20
# A compiled graph keeps its weights as they are and once more in the order of the device.
_KEPT_BYTES = 1 << 29
_MOST_KEPT = 64

Members: TypeAlias = Sequence[tuple[int, FrameSequence]]
"""Sequences of one structure, each with the number of its example."""


@dataclass(frozen=True, slots=True, eq=False)
class _ExampleGraph:
    """A compiled graph, its names of inputs, and the number of rows of each output."""

    request: ov.InferRequest
    inputs: tuple[str, ...]
    score_bytes: int


class ExampleScorer:
    """Scores examples with one network; graphs are kept for those that follow, the least used ones are dropped."""

    def __init__(self, network: KaldiNetwork, device: DeviceSettings, *, allow_nonfinite: bool = False) -> None:
        """Nothing is converted before the first example; ``allow_nonfinite`` takes weights that are not finite."""
        self._network, self._device, self._allow_nonfinite = network, device, allow_nonfinite
        self._core = ov.Core()
        self._prepared: dict[tuple[str, ...], KaldiNetwork] = {}
        self._compiled: OrderedDict[Structure, _ExampleGraph] = OrderedDict()
        self._dims = {node.name: node.dim for node in network.inputs}
        self.num_graphs = 0
        self.num_sequences = 0
        self.nonfinite_note = ""
        weights = sum(
            value.nbytes
            for component in network.components.values()
            for value in component.fields.values()
            if isinstance(value, np.ndarray)
        )
        self._most_kept = int(np.clip(_KEPT_BYTES // max(2 * weights, 1), 1, _MOST_KEPT))

    def score(self, examples: Sequence[ScoresWanted]) -> Iterator[tuple[int, dict[str, FloatMatrix]]]:
        """Number of each example and the scores of its outputs [N, D], in the order of their indexes.

        Examples come when they are complete, those of the same frames after each other, so that each graph is needed
        once and few scores are in memory. Raises ShapeMismatchError (features of another width), UnsupportedModelError
        (frames that the network cannot compute from these, components that cannot be converted), TableFormatError,
        ModelFormatError, DeviceError.
        """
        for wanted in examples:
            self._check_widths(wanted)
        groups = group_sequences(examples)
        missing = Counter(number for members in groups.values() for number, _ in members)
        begun: dict[int, dict[str, FloatMatrix]] = {}
        for structure, members in groups.items():
            for part in self._infer_all(structure, members, examples, begun):
                for number, _ in part:
                    missing[number] -= 1
                    if not missing[number]:
                        yield number, begun.pop(number)

    def _infer_all(
        self,
        structure: Structure,
        members: Members,
        examples: Sequence[ScoresWanted],
        begun: dict[int, dict[str, FloatMatrix]],
    ) -> Iterator[Members]:
        """The sequences of one structure, some at a time, when their scores are in ``begun``."""
        number, first = members[0]
        try:
            graph = self._compile(structure, first)
            rows = sum(len(times) for times, _ in first.inputs.values())
            size = max(1, min(_FRAMES_PER_REQUEST // rows, _MOST_SCORE_BYTES // max(graph.score_bytes, 1)))
            for start in range(0, len(members), size):
                part = members[start : start + size]
                self._infer(graph, part, examples, begun)
                self.num_sequences += len(part)
                yield part
        except OvAsrScoreError as error:
            raise type(error)(f"{examples[number].place}: {error}", fields=error.fields) from error

    def _check_widths(self, wanted: ScoresWanted) -> None:
        for name, (_, features) in wanted.inputs.items():
            if features.shape[1] != self._dims[name]:
                raise ShapeMismatchError(
                    f"{wanted.place}: '{name}' has {features.shape[1]} columns, {self._network.source} takes "
                    f"{self._dims[name]}"
                )

    def _compile(self, structure: Structure, sequence: FrameSequence) -> _ExampleGraph:
        if structure in self._compiled:
            self._compiled.move_to_end(structure)
            return self._compiled[structure]
        outputs = {name: times for name, (times, _) in sequence.outputs.items()}
        names = tuple(outputs)
        if names not in self._prepared:
            self._prepared[names] = prepare_network(self._network, names)
        inputs = {name: times for name, (times, _) in sequence.inputs.items()}
        model = convert_request(self._prepared[names], inputs, outputs)
        self._check_weights(model, names)
        score_bytes = sum(4 * int(np.prod(tuple(port.partial_shape.get_max_shape())[1:])) for port in model.outputs)
        used = tuple(port.get_any_name() for port in model.inputs)
        request = compile_model(self._core, model, self._device).create_infer_request()
        while len(self._compiled) >= self._most_kept:
            self._compiled.popitem(last=False)
        self._compiled[structure] = _ExampleGraph(request, used, score_bytes)
        self.num_graphs += 1
        return self._compiled[structure]

    def _check_weights(self, model: ov.Model, outputs: tuple[str, ...]) -> None:
        what = nonfinite_weights(model, self._network, outputs)
        if what and not self._allow_nonfinite:
            raise nonfinite_error(self._network.source, what)
        if what:
            self.nonfinite_note = nonfinite_note(what)

    def _infer(
        self,
        compiled: _ExampleGraph,
        members: Members,
        examples: Sequence[ScoresWanted],
        begun: dict[int, dict[str, FloatMatrix]],
    ) -> None:
        first = members[0][1]
        feeds = {
            name: _batch([(examples[number].inputs[name][1], sequence.inputs[name]) for number, sequence in members])
            for name in compiled.inputs
        }
        try:
            compiled.request.infer(feeds)
            scores = {name: compiled.request.get_tensor(name).data for name in first.outputs}
        except RUNTIME_ERRORS as error:
            raise DeviceError(f"{self._device.device}: {first_cause(error)}") from error
        for place, (number, sequence) in enumerate(members):
            found = begun.setdefault(number, {})
            for name, (times, rows) in sequence.outputs.items():
                values = scores[name][place, _positions(times)]
                if name not in found:
                    found[name] = np.empty((len(examples[number].outputs[name]), values.shape[1]), np.float32)
                found[name][rows] = values


def _positions(times: NDArray[np.int64]) -> NDArray[np.int64]:
    grid = grid_of_times(times)
    return (times - grid.first) // grid.step


def _batch(parts: Sequence[tuple[FloatMatrix, Rows]]) -> FloatMatrix:
    """The rows of all parts, which have the same frames, as [B, frames of their grid, D]; zero where there is none."""
    times = parts[0][1][0]
    grid = grid_of_times(times)
    batch = np.zeros((len(parts), len(grid.times(0)), parts[0][0].shape[1]), np.float32)
    positions = _positions(times)
    for target, (features, (_, rows)) in zip(batch, parts, strict=True):
        target[positions] = features[rows]
    return batch
