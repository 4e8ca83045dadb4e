"""The layers of a model quantized for GNA beside the same layers in floats, as a comparison of layers tells them.

Tests: tests/job/comparing/test_compare_layers.py
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from ov_asr_score.errors import UsageError
from ov_asr_score.gna.layer_errors import LayerError, measure_layers
from ov_asr_score.job.run.trial import TrialRun, open_trial
from ov_asr_score.report.console.layers import LayerDifference
from ov_asr_score.scoring.gna.emulation import requests_of
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.settings.score_job import ScoreJob


@dataclass(frozen=True, slots=True)
class GnaLayers:
    """The layers, the frames and utterances that tell them, and facts of the device."""

    layers: tuple[LayerDifference, ...]
    frames: int
    utterances: int
    device: dict[str, object]
    notes: tuple[str, ...]


def measure_gna(job: ScoreJob, options: ScorerOptions, most: int, check: Callable[[TrialRun], None]) -> GnaLayers:
    """What quantization made of the layers of ``job``'s model, over its first ``most`` utterances.

    ``check`` is called with what was opened, before anything is measured. Raises UsageError for a device without
    layers in integers, and what opening, reading and compiling raise.
    """
    gna = replace(options.device.gna, accuracy_report=True)
    options = replace(options, device=replace(options.device, gna=gna))
    trial = open_trial(job, most, options)
    check(trial)
    watched = trial.scorer.emulation.watched if trial.scorer.emulation is not None else None
    if watched is None:
        raise UsageError(
            f"against device={options.device.device}: has no layers in integers to compare; expected GNA_SW_EXACT",
            fields=("against",),
        )
    frames = [requests_of(utterance, trial.model.inputs) for utterance in trial.utterances]
    total = sum(len(arrays[0]) for arrays in frames)
    errors, counted = measure_layers(watched, frames, total)
    device = trial.scorer.device
    return GnaLayers(
        tuple(_difference(error) for error in errors),
        counted,
        len(trial.utterances),
        {"device": device.requested, "name": device.full_name, "precision": device.precision_used},
        trial.scorer.notes,
    )


def _difference(error: LayerError) -> LayerDifference:
    return LayerDifference(
        name=error.name,
        type=error.kind,
        shape=(),
        values=error.count,
        signal_to_noise=error.signal_to_noise,
        rms=error.rms,
        largest=error.largest,
        reference_rms=(error.signal / error.count) ** 0.5 if error.count else 0.0,
        broken=0,
    )
