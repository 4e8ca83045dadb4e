"""What the infer requests of a run hold, kept for quantization.

Tests: tests/job/test_quantize.py, tests/job/comparing/test_compare_layers.py
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ov_asr_score.ov_model.int8 import CalibrationRequest
from ov_asr_score.scoring.model_loading import ConfiguredModel
from ov_asr_score.scoring.requests.openvino_runner import OpenVinoRunner
from ov_asr_score.scoring.requests.runner import Float32Array
from ov_asr_score.scoring.scorer import Scorer, prepare_scorer
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import Utterance


class _RecordingRunner(OpenVinoRunner):
    """Runs requests and keeps a copy of what was bound to them."""

    def __init__(self, scorer: Scorer, configured: ConfiguredModel) -> None:
        """Create the infer requests, as many as the plan of ``scorer`` has."""
        names = [port.name for port in configured.outputs]
        super().__init__(scorer.compiled, scorer.plan.slots, configured.wanted, names)
        self.requests: list[CalibrationRequest] = []
        self._arrays: list[Sequence[Float32Array]] = [()] * scorer.plan.slots
        self._begins = [True] * scorer.plan.slots

    def bind(self, slot: int, arrays: Sequence[Float32Array]) -> None:
        """Let the slot read its inputs from ``arrays``."""
        self._arrays[slot] = arrays
        super().bind(slot, arrays)

    def start(self, slot: int) -> None:
        """Start the request, which is kept."""
        self._keep(slot)
        super().start(slot)

    def run(self, slot: int) -> None:
        """Run the request, which is kept."""
        self._keep(slot)
        super().run(slot)

    def reset_state(self, slot: int) -> None:
        """Reset the variables; the next request is one that begins."""
        self._begins[slot] = True
        super().reset_state(slot)

    def _keep(self, slot: int) -> None:
        arrays = tuple(np.array(array) for array in self._arrays[slot])  # buffers are filled again
        self.requests.append(CalibrationRequest(arrays, self._begins[slot]))
        self._begins[slot] = False


def record_requests(
    configured: ConfiguredModel, options: ScorerOptions, utterances: Sequence[Utterance]
) -> list[CalibrationRequest]:
    """Everything that requests are given when ``utterances`` are scored; of a model with variables one after the other.

    Raises what scoring raises.
    """
    if configured.model is not None and configured.model.get_sinks():
        options = replace(options, batch_size=1, requests=1)
    scorer = prepare_scorer(configured, options, _first_with_frames(utterances))
    runner = _RecordingRunner(scorer, configured)
    for _ in replace(scorer, runner=runner).score(utterances):
        pass
    return runner.requests


def _first_with_frames(utterances: Iterable[Utterance]) -> Utterance | None:
    return next((utterance for utterance in utterances if utterance.num_frames), None)
