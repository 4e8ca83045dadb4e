"""A looped network compiled for a device: chunks of any utterances in one infer request."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ov_asr_score.errors import DeviceError, OvAsrScoreError
from ov_asr_score.openvino_api import RUNTIME_ERRORS, first_cause, ov
from ov_asr_score.scoring.looped.utterance import FloatMatrix, LoopedRequest, LoopedShape, LoopedUtterance

LARGEST_BATCH = 32
"""More utterances than these go in several infer requests: they would gain little, and take memory for each size."""

_BATCHES = (1, 2, 3, 4, 6, 8, 12, 16, 24, LARGEST_BATCH)
"""Utterances in an infer request, filled up: the runtime prepares itself once for each of them."""


@dataclass(slots=True)
class _BatchSlot:
    """An infer request and its inputs for batches of one size."""

    request: ov.InferRequest
    features: FloatMatrix  # [B, F, D]
    states: FloatMatrix  # [B, S]


@dataclass(slots=True)
class _Steps:
    """What is left to compute of a request: the columns that go in, and the rows that have come out."""

    request: LoopedRequest
    columns: FloatMatrix
    left: int
    rows: list[FloatMatrix] = field(default_factory=list)

    def take(self, frames: int, chunks: int) -> FloatMatrix:
        taken, self.columns = self.columns[:frames], self.columns[frames:]
        self.left -= chunks
        return taken


@dataclass(slots=True)
class Counters:
    """How often the device was asked: ``steps`` are chunks of utterances, the padding of batches left out."""

    infer_requests: int = 0
    steps: int = 0
    padded_steps: int = 0


class LoopedModel:
    """The compiled graphs of a network, by chunks per request; to be used by one thread at a time."""

    def __init__(
        self,
        shape: LoopedShape,
        compile_steps: Callable[[int, bool], ov.CompiledModel],
        *,
        large_step: int = 1,
        first_step: int = 1,
        source: str = "",
    ) -> None:
        """A model whose graphs ``compile_steps`` makes: of so many chunks, for one utterance alone or for any number.

        All have the same states. A graph for one has fixed shapes, which saves most of the time of a small network.
        ``large_step`` chunks go in one request where they are ready. The ``first_step`` first ones of an utterance,
        chunk 0 and those before it, must go in one where scores depend on how far a chunk reaches.
        """
        self.shape, self.source = shape, source
        self.large_step, self.first_step = large_step, first_step
        self._compile_steps: Callable[[int, bool], ov.CompiledModel] | None = compile_steps
        self._wanted = {(chunks, alone) for chunks in (1, first_step, large_step) for alone in (True, False)}
        self._compiled = {(1, True): compile_steps(1, True)}
        self._slots: dict[tuple[int, int], _BatchSlot] = {}
        self.counters = Counters()

    @property
    def feature_dim(self) -> int:
        """Columns of the features."""
        return self.shape.feature_dim

    @property
    def ivector_dim(self) -> int | None:
        """Values of an i-vector; None where the network takes none."""
        return self.shape.ivector_dim

    @property
    def num_pdfs(self) -> int:
        """Columns of the scores."""
        return self.shape.num_pdfs

    @property
    def frames_per_chunk(self) -> int:
        """Frames of a chunk, rounded up to what the network needs."""
        return self.shape.frames_per_chunk

    @property
    def subsampling(self) -> int:
        """The frame subsampling factor."""
        return self.shape.subsampling

    @property
    def left_context(self) -> int:
        """Frames of left context of the network."""
        return self.shape.left_context

    @property
    def right_context(self) -> int:
        """Frames of right context of the network: how many must follow a chunk before it is computed."""
        return self.shape.right_context

    def begin(self) -> LoopedUtterance:
        """A new utterance."""
        return LoopedUtterance(self.shape)

    def run(self, requests: Sequence[LoopedRequest]) -> list[FloatMatrix]:
        """The scores [rows, pdfs] of each request; all take part in the same infer requests.

        They are of different utterances, each the oldest of its utterance that has not run. Raises OvAsrScoreError (two
        requests of one utterance, an i-vector that is missing), DeviceError.
        """
        if len(requests) > 1 and len({id(request.utterance) for request in requests}) < len(requests):
            raise OvAsrScoreError("expected requests of different utterances, found two of one")
        steps = [_Steps(each, each.utterance.columns(each), each.num_steps) for each in requests]
        while waiting := [each for each in steps if each.left]:
            if len(waiting) == 1:
                self._infer(waiting, self._next_step(waiting[0]))
                continue
            groups: dict[int, list[_Steps]] = {}
            for each in waiting:
                groups.setdefault(self._next_step(each), []).append(each)
            for chunks, group in groups.items():
                for first in range(0, len(group), LARGEST_BATCH):
                    self._infer(group[first : first + LARGEST_BATCH], chunks)
        return [self._scores(each) for each in steps]

    def _next_step(self, steps: _Steps) -> int:
        """How many chunks of a request to compute next."""
        if steps.request.first_row == 0 and not steps.rows:
            return max(self.first_step, self.large_step if steps.left >= self.large_step else 1)
        return self.large_step if steps.left >= self.large_step else 1

    def _scores(self, steps: _Steps) -> FloatMatrix:
        rows = np.concatenate(steps.rows) if len(steps.rows) > 1 else steps.rows[0]
        first = self.shape.delay // self.shape.subsampling if steps.request.first_row == 0 else 0
        return rows[first : first + steps.request.num_rows]

    def _infer(self, group: Sequence[_Steps], chunks: int) -> None:
        slot = self._slot(chunks, next(size for size in _BATCHES if size >= len(group)))
        frames = chunks * self.shape.frames_per_chunk
        for index, each in enumerate(group):
            slot.features[index] = each.take(frames, chunks)
            slot.states[index] = each.request.utterance.state
        try:
            slot.request.infer(share_outputs=True)
            outputs = [slot.request.get_output_tensor(index).data for index in range(2 if self.shape.state_size else 1)]
        except RUNTIME_ERRORS as error:
            raise DeviceError(f"inference failed: {first_cause(error)}") from error
        self.counters.infer_requests += 1
        self.counters.steps += len(group) * chunks
        self.counters.padded_steps += len(slot.features) * chunks
        for index, each in enumerate(group):
            each.rows.append(np.array(outputs[0][index], np.float32))
            if self.shape.state_size:
                each.request.utterance.state[:] = outputs[1][index]

    def _slot(self, chunks: int, batch: int) -> _BatchSlot:
        """The infer request for ``batch`` utterances; the runtime prepares it once for this size."""
        if (chunks, batch) not in self._slots:
            kind = chunks, batch == 1
            if kind not in self._compiled and self._compile_steps is not None:
                self._compiled[kind] = self._compile_steps(*kind)
                if self._wanted <= set(self._compiled):
                    self._compile_steps = None  # it holds the network
            shape = self.shape
            columns = shape.feature_dim + (shape.ivector_dim or 0)
            features = np.zeros((batch, chunks * shape.frames_per_chunk, columns), np.float32)
            states = np.zeros((batch, shape.state_size), np.float32)
            request = self._compiled[kind].create_infer_request()
            request.set_input_tensor(0, ov.Tensor(features, shared_memory=True))
            if shape.state_size:
                request.set_input_tensor(1, ov.Tensor(states, shared_memory=True))
            self._slots[(chunks, batch)] = _BatchSlot(request, features, states)
        return self._slots[(chunks, batch)]
