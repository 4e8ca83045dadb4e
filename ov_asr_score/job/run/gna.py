"""What GNA wants to know of the features before a model is compiled, and what it made of them."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.device.scale_factors import largest_value, scale_factor
from ov_asr_score.errors import UsageError
from ov_asr_score.gna.compiler.measured_ranges import MOST_FRAMES
from ov_asr_score.gna.exact.program import ExactProgram
from ov_asr_score.gna.layer_errors import LayerError, first_below, measure_layers
from ov_asr_score.gna.runner import GnaRunner
from ov_asr_score.kaldi_io.specifier import parse_read_specifier
from ov_asr_score.ports import PortInfo
from ov_asr_score.report.data.gna import GnaLayerReport, GnaReport
from ov_asr_score.scoring.gna.emulation import Emulation, requests_of
from ov_asr_score.scoring.options import ScorerOptions
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.utterances.joining import InputTable, JoinGaps, JoinOptions, Utterance, read_utterances
from ov_asr_score.settings.gna import GnaSettings

MAX_FRAMES = 2000
"""Frames that the report on layers looks at: those in order go one by one, each twice."""
LIMIT = 30.0
"""Decibels of signal-to-noise ratio below which a layer is named: an error of three per cent."""
_MANY_SATURATED = 1e-3


def with_scale_factors(
    options: ScorerOptions, tables: Sequence[InputTable], join: JoinOptions
) -> tuple[ScorerOptions, list[Utterance]]:
    """The options with scale factors from the largest values in as many utterances as they say, for a GNA device.

    With them the loudest of these utterances, for the values of inner layers. One utterance alone is for the scorer,
    which gets it anyway. Otherwise the tables are read for that, and again for scoring. Raises UsageError where that
    cannot be, and what reading raises.
    """
    gna = options.device.gna
    if options.device.gna_mode is None or gna.scale_factor_utterances == 1 or not tables:
        return options, []
    for table in tables:
        name = parse_read_specifier(table.specifier).filename
        if name in ("", "-") or name.rstrip().endswith("|"):
            if gna.scale_factors:
                return options, []
            raise UsageError(
                f"--scale-factor-utterances: {table.specifier} can be read only once; give a file, or factors with -sf"
            )
    largest = {table.input: 0.0 for table in tables}
    loudest = _Loudest(MOST_FRAMES)
    for utterance in islice(read_utterances(tables, join, JoinGaps()), gna.scale_factor_utterances):
        largest = {name: max(so_far, largest_value(utterance.features[name])) for name, so_far in largest.items()}
        loudest.add(utterance)
    if gna.scale_factors:
        return options, loudest.utterances()
    factors = {name: scale_factor(value) for name, value in largest.items()}
    options = replace(options, device=replace(options.device, gna=replace(gna, scale_factors=factors)))
    return options, loudest.utterances()


class _Loudest:
    """The utterances with the largest root mean squares, as many as hold ``most`` frames; one at least."""

    def __init__(self, most: int) -> None:
        self.most, self.frames, self.count = most, 0, 0
        self.heap: list[tuple[float, int, Utterance]] = []  # the quietest first

    def add(self, utterance: Utterance) -> None:
        if not utterance.num_frames:
            return
        (first, *_) = utterance.features.values()
        loudness = float(np.nan_to_num(np.square(np.asarray(first, np.float64))).mean())
        self.count += 1
        heapq.heappush(self.heap, (loudness, self.count, utterance))
        self.frames += utterance.num_frames
        while len(self.heap) > 1 and self.frames - self.heap[0][2].num_frames >= self.most:
            self.frames -= heapq.heappop(self.heap)[2].num_frames

    def utterances(self) -> list[Utterance]:
        return [utterance for _, _, utterance in sorted(self.heap, key=lambda entry: -entry[0])]


def clipping_notes(scorer: Scorer) -> list[str]:
    """One line for each input some of whose values were beyond what its scale factor allows."""
    runner = scorer.runner
    if not isinstance(runner, GnaRunner) or not isinstance(runner.program, ExactProgram):
        return []
    return [
        f"input '{endpoint.name}': {count:,} values were beyond what its scale factor {endpoint.scale_factor:.6g} "
        "allows and were clipped; --scale-factor-utterances all, or a smaller -sf, keeps them"
        for endpoint, count in zip(runner.program.model.inputs, runner.clipped(), strict=False)
        if count
    ]


class Sample:
    """The first frames of a run, kept while they pass by."""

    def __init__(self, inputs: Sequence[PortInfo], most: int = MAX_FRAMES) -> None:
        """Nothing has passed yet; ``inputs`` are those of the model, in its order."""
        self.inputs, self.left = inputs, most
        self.utterances: list[list[NDArray[np.float32]]] = []

    def passing(self, utterances: Iterable[Utterance]) -> Iterator[Utterance]:
        """The utterances, of which the first are kept."""
        for utterance in utterances:
            if self.left > 0 and utterance.num_frames:
                self.utterances.append([rows[: self.left] for rows in requests_of(utterance, self.inputs)])
                self.left -= utterance.num_frames
            yield utterance


def report_layers(emulation: Emulation, sample: Sample, settings: GnaSettings) -> GnaReport:
    """Where accuracy went in the frames of ``sample``. Raises UsageError where there is nothing to compare."""
    if emulation.watched is None:
        raise UsageError("--gna-report: needs a model that is compiled here, with -m and -d GNA_SW_EXACT")
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
                f"input '{error.name}': {share:.2%} of its values are clipped; a smaller -sf (now "
                f"{error.output_scale:.4g}) or --scale-factor-utterances all keeps them"
            )
        else:
            yield f"layer '{error.name}': {share:.2%} of its values stand at an end of {error.bits} bits"
    if first is not None and settings.weight_bits == 8:
        yield "weights have 8 bits: try -qb 16"
    if first is not None and settings.pwl_max_error_percent is not None:
        yield (
            f"activations keep -pwl_me {settings.pwl_max_error_percent:g} %: a smaller one, or none, has more segments"
        )
