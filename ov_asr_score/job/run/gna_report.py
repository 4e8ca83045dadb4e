"""What reports say of a run on GNA: values that were clipped, and where layers lost accuracy.

Tests: tests/cli/test_gna_scores.py, tests/cli/test_gna_notes.py
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import UsageError
from ov_asr_score.ports import PortInfo
from ov_asr_score.report.data.gna import GnaLayerReport, GnaReport
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.utterances.joining import Utterance
from ov_asr_score.settings.gna import GnaSettings

if TYPE_CHECKING:  # most runs are not on GNA
    from ov_asr_score.gna.layer_errors import LayerError
    from ov_asr_score.scoring.gna.emulation import Emulation

MAX_FRAMES = 2000
"""Frames that the report on layers looks at: those in order go one by one, each twice."""
LIMIT = 30.0
"""Decibels of signal-to-noise ratio below which a layer is named: an error of three per cent."""
_MANY_SATURATED = 1e-3


def clipping_notes(scorer: Scorer) -> list[str]:
    """One line for each input some of whose values were beyond what its scale factor allows."""
    if scorer.emulation is None:
        return []
    from ov_asr_score.gna.exact.program import ExactProgram
    from ov_asr_score.gna.gna_runner import GnaRunner

    runner = scorer.runner
    if not isinstance(runner, GnaRunner) or not isinstance(runner.program, ExactProgram):
        return []
    return [
        f"input '{endpoint.name}': {count:,} values were beyond what its scale factor {endpoint.scale_factor:.6g} "
        "allows and were clipped; scale factors from all utterances, or a smaller one, avoid that"
        for endpoint, count in zip(runner.program.model.inputs, runner.clipped(), strict=False)
        if count
    ]


class FirstFrames:
    """The first frames of a run, kept while they pass by."""

    def __init__(self, inputs: Sequence[PortInfo], most: int = MAX_FRAMES) -> None:
        """Nothing has passed yet; ``inputs`` are those of the model, in its order."""
        self.inputs, self.left = inputs, most
        self.utterances: list[list[NDArray[np.float32]]] = []

    def passing(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """The utterances, of which the first are kept."""
        from ov_asr_score.scoring.gna.emulation import requests_of

        for utterance in utterances:
            if self.left > 0 and utterance.num_frames:
                self.utterances.append([rows[: self.left] for rows in requests_of(utterance, self.inputs)])
                self.left -= utterance.num_frames
            yield utterance


def report_layers(emulation: Emulation, sample: FirstFrames, settings: GnaSettings) -> GnaReport:
    """Where accuracy went in the frames of ``sample``. Raises UsageError where there is nothing to compare."""
    if emulation.watched is None:
        raise UsageError(
            "accuracy_report: needs a model that is compiled here, with device GNA_SW_EXACT",
            fields=("accuracy_report", "device"),
        )
    from ov_asr_score.gna.layer_errors import first_below, measure_layers

    errors, frames = measure_layers(emulation.watched, sample.utterances, MAX_FRAMES)
    first = first_below(errors, LIMIT)
    layers = tuple(
        GnaLayerReport(
            name=error.name,
            kind=error.kind,
            bits=error.bits,
            input_scale=error.input_scale,
            weight_scale=error.weight_scale,
            output_scale=error.output_scale,
            count=error.count,
            saturated=error.saturated,
            signal_to_noise=error.signal_to_noise,
            rms=error.rms,
            largest=error.largest,
        )
        for error in errors
    )
    return GnaReport(frames, LIMIT, layers, first.name if first else "", tuple(_hints(errors, first, settings)))


def _hints(errors: Sequence[LayerError], first: LayerError | None, settings: GnaSettings) -> Iterator[str]:
    for error in errors:
        share = error.saturated / error.count if error.count else 0.0
        if share < _MANY_SATURATED:
            continue
        if error.kind == "input":
            yield (
                f"input '{error.name}': {share:.2%} of its values are clipped; a smaller scale factor (now "
                f"{error.output_scale:.4g}) or scale factors from all utterances avoid that"
            )
        else:
            yield f"layer '{error.name}': {share:.2%} of its values stand at an end of {error.bits} bits"
    if first is not None and settings.weight_bits == 8:
        yield "weights have 8 bits: try 16"
    if first is not None and settings.pwl_max_error_percent is not None:
        yield (
            f"activations are off by up to {settings.pwl_max_error_percent:g} %: a smaller limit, or none, uses more "
            "segments"
        )
