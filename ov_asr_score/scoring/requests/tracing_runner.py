"""A Runner that tells when each request ran, and otherwise does what the runner within it does."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from ov_asr_score.scoring.requests.runner import Float32Array, Runner

OnRequest = Callable[[int, float, float, int, int], None]
"""Told of a request when it is over: slot, start and end in seconds of ``perf_counter``, utterances, frames."""


class TracingRunner:
    """``runner``, with ``on_request`` told of every request, a failed one too; see :class:`WatchedRunner`.

    A request that nothing was told about holds ``frames`` frames of one utterance.
    """

    def __init__(self, runner: Runner, on_request: OnRequest, frames: int) -> None:
        """Nothing has run yet."""
        self.inputs, self.outputs, self.num_slots = runner.inputs, runner.outputs, runner.num_slots
        self._runner, self._on_request = runner, on_request
        self._started = [0.0] * runner.num_slots
        self._holds = [(1, frames)] * runner.num_slots

    def tell(self, slot: int, utterances: int, frames: int) -> None:
        """The slot's next request holds ``frames`` frames of so many utterances."""
        self._holds[slot] = utterances, frames

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """See :class:`Runner`, as all below."""
        self._runner.bind(slot, arrays)

    def start(self, slot: int) -> None:
        """Begin, and remember when."""
        self._started[slot] = time.perf_counter()
        self._runner.start(slot)

    def finish(self, slot: int) -> float:
        """Wait; the request ended when its own time was over, not when somebody came to fetch it."""
        started = self._started[slot]
        try:
            seconds = self._runner.finish(slot)
        except Exception:
            self._over(slot, started, time.perf_counter())
            raise
        self._over(slot, started, min(started + seconds, time.perf_counter()))
        return seconds

    def run(self, slot: int) -> None:
        """Run and tell."""
        started = time.perf_counter()
        try:
            self._runner.run(slot)
        finally:
            self._over(slot, started, time.perf_counter())

    def results(self, slot: int) -> Sequence[Float32Array]:
        """Outputs of the last finished run."""
        return self._runner.results(slot)

    def reset_state(self, slot: int) -> None:
        """Set variables to their initial values."""
        self._runner.reset_state(slot)

    def renew(self) -> None:
        """Compile the model anew."""
        self._runner.renew()

    def layer_records(self, slot: int) -> Iterable[Any]:
        """Per-layer records of the last finished run."""
        return self._runner.layer_records(slot)

    def _over(self, slot: int, started: float, ended: float) -> None:
        self._on_request(slot, started, ended, *self._holds[slot])
