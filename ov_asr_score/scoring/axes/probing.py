"""Shapes that the outputs of a model have for inputs of given shapes, found without running it.

Tests: tests/scoring/axes/test_settling.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.ov_model.model_description import shape_of

Shapes = tuple[tuple[int | None, ...] | None, ...]


class ShapeProbe:
    """A copy of a model that is only asked for the shapes of its outputs."""

    def __init__(self, model: ov.Model) -> None:
        """Nothing has been asked yet."""
        self._model = model.clone()
        self._known: dict[tuple[tuple[int, ...], ...], Shapes | None] = {}
        self._inputs = list(range(len(self._model.inputs)))
        self.cause = ""  # why the last shapes could not be

    def outputs(self, shapes: Mapping[int, Sequence[int]]) -> Shapes | None:
        """The shapes of all outputs for those of the inputs, by number; None where the graph cannot take these."""
        asked = tuple(tuple(shapes[index]) for index in self._inputs)
        if asked not in self._known:
            self._known[asked] = self._infer(shapes)
        return self._known[asked]

    def _infer(self, shapes: Mapping[int, Sequence[int]]) -> Shapes | None:
        try:
            self._model.reshape({index: ov.PartialShape(list(shapes[index])) for index in self._inputs})
        except RUNTIME_ERRORS as error:
            self.cause = first_cause(error)
            return None
        return tuple(shape_of(output.get_partial_shape()) for output in self._model.outputs)
