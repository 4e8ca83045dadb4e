"""The utterances that tell how large values become in a model that is compiled for GNA."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

import numpy as np

from ov_asr_score.device.input_scale_factors import largest_value, scale_factor
from ov_asr_score.errors import UsageError
from ov_asr_score.frontend.sources import is_read_once
from ov_asr_score.scoring.scorer_options import ScorerOptions
from ov_asr_score.scoring.utterances.joining import InputTable, JoinGaps, JoinOptions, Utterance, read_utterances


def calibrate(
    options: ScorerOptions, tables: Sequence[InputTable], join: JoinOptions
) -> tuple[ScorerOptions, list[Utterance]]:
    """The options with scale factors from the largest values in as many utterances as they say, for a GNA device.

    With them the calibration utterances: the loudest of these, which tell how large values of inner layers become. One
    utterance alone is for the scorer, which gets it anyway. Otherwise the tables are read for that, and again for
    scoring. Raises UsageError where that cannot be, and what reading raises.
    """
    gna = options.device.gna
    if options.device.gna_mode is None or gna.scale_factor_utterances == 1 or not tables:
        return options, []
    for table in tables:
        if not table.is_computed and (is_read_once(table.specifier) or table.specifier.rstrip().endswith("|")):
            if gna.scale_factors:
                return options, []
            raise UsageError(
                f"scale_factor_utterances: {table.specifier} can be read only once; give a file, or scale_factors",
                fields=("scale_factor_utterances", "scale_factors"),
            )
    from ov_asr_score.gna.compiler.measured_ranges import MOST_FRAMES

    largest = {table.input: 0.0 for table in tables}
    calibration = _LoudestUtterances(MOST_FRAMES)
    for utterance in islice(read_utterances(tables, join, JoinGaps()), gna.scale_factor_utterances):
        largest = {name: max(so_far, largest_value(utterance.features[name])) for name, so_far in largest.items()}
        calibration.add(utterance)
    if gna.scale_factors:
        return options, calibration.utterances()
    factors = {name: scale_factor(value) for name, value in largest.items()}
    options = replace(options, device=replace(options.device, gna=replace(gna, scale_factors=factors)))
    return options, calibration.utterances()


class _LoudestUtterances:
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
