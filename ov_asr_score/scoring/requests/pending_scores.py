"""An utterance on its way through the model: its scores are gathered until all its rows are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import DeviceError
from ov_asr_score.scoring.plan import Plan
from ov_asr_score.scoring.requests.cut import no_scores
from ov_asr_score.scoring.requests.runner import Float32Array, Runner
from ov_asr_score.scoring.utterances.joining import Utterance


@dataclass(frozen=True, slots=True)
class UtteranceScores:
    """Scores of one utterance by output name, each float32 [T_out, N]; the arrays are the caller's to keep.

    A request that several utterances share counts in ``num_requests`` of the first; its seconds are shared by rows.
    """

    key: str
    scores: Mapping[str, Float32Array]
    num_frames: int
    context_frames: int
    num_requests: int
    infer_seconds: float


@dataclass(slots=True)
class PendingScores:
    """An utterance whose scores are still being gathered; ``rows_left`` counts rows that no request has given yet."""

    utterance: Utterance
    rows_left: int
    context_frames: int = 0
    scores: list[Float32Array] = field(default_factory=list)
    num_requests: int = 0
    infer_seconds: float = 0.0
    failed: bool = False
    num_rows: int | None = None  # of scores, where that is not the number of frames

    def put_rows(self, index: int, first_row: int, rows: Float32Array) -> None:
        """Keep a copy of the ``rows`` of output ``index``."""
        if index == len(self.scores):
            self.scores.append(np.empty((self.num_rows or self.utterance.num_frames, rows.shape[1]), dtype=np.float32))
        self.scores[index][first_row : first_row + len(rows)] = rows

    def add_to_vector(self, index: int, part: NDArray[np.float64]) -> None:
        """Add a ``part`` [N] to the vector that output ``index`` is, [1, N]."""
        if index == len(self.scores):
            self.scores.append(np.zeros((1, len(part)), dtype=np.float32))
        self.scores[index][0] += part

    def finished(self, runner: Runner, plan: Plan) -> Iterator[UtteranceScores]:
        """The scores of the utterance, once all its rows are there; nothing if it was skipped."""
        if self.failed:
            return
        scores = self.scores or [no_scores(port, plan) for port in runner.outputs]
        yield UtteranceScores(
            key=self.utterance.key,
            scores={port.name: matrix for port, matrix in zip(runner.outputs, scores, strict=True)},
            num_frames=self.utterance.num_frames,
            context_frames=self.context_frames,
            num_requests=self.num_requests,
            infer_seconds=self.infer_seconds,
        )


@contextmanager
def naming(utterance: Utterance) -> Iterator[None]:
    """Put the utterance into the error of a runner."""
    try:
        yield
    except DeviceError as error:
        raise DeviceError(f"utterance '{utterance.key}': {error}") from error
