"""Scores of a long recording in windows, which equal those of the whole: for networks that are computed in chunks.

Windows are whole numbers of chunks and of periods of i-vectors, so that both lie as in the whole recording, and have
more of both on either side, whose scores are left out. Features are computed while the sound is read.

Tests: tests/job/transcribe/test_long_recordings.py
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import ceil, lcm

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.audio.recordings import Recording
from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.frontend.live import LiveFrontend, ReadyFrames
from ov_asr_score.scoring.check_utterances import check_widths
from ov_asr_score.scoring.scorer import Scorer
from ov_asr_score.scoring.session import ModelWithTables
from ov_asr_score.scoring.utterances.joining import InputTable, Utterance, spread

FloatMatrix = NDArray[np.float32]

_WINDOW_FRAMES = 10_000  # at least, without what is left out
_PIECE_SAMPLES = 1 << 15


@dataclass(frozen=True, slots=True)
class WindowSizes:
    """Frames of a window, and of what is more on either side; ``factor`` of them make a row of scores."""

    frames: int
    margin: int
    factor: int


def window_sizes(
    frames_per_chunk: int, period: int, factor: int, context: int, at_least: int = _WINDOW_FRAMES
) -> WindowSizes:
    """Windows for chunks of so many frames, and i-vectors of a ``period`` (0: none); all in frames.

    ``context`` is what a chunk needs on either side.
    """
    unit = lcm(frames_per_chunk, period or 1, factor)
    return WindowSizes(ceil(at_least / unit) * unit, ceil(max(context, 1) / unit) * unit, factor)


@dataclass(slots=True)
class WindowScores:
    """The scores of one recording; ``seconds`` is its length as far as it was read."""

    opened: ModelWithTables
    scorer: Scorer  # of that model
    recording: Recording
    seconds: float = 0.0
    num_frames: int = 0
    _kept: list[slice] = field(default_factory=list)

    def rows(self, at_least: int = _WINDOW_FRAMES) -> Iterator[FloatMatrix]:
        """The rows of scores, a window at a time. Raises what reading the sound and scoring raise."""
        conversion = self.opened.model.loaded.conversion
        assert conversion is not None
        features, *others = self.opened.tables.inputs
        ivectors = next((table for table in others if table.is_computed), None)
        sizes = window_sizes(
            conversion.frames_per_chunk,
            0 if ivectors is None else ivectors.period,
            conversion.frame_subsampling_factor,
            max(conversion.window_left, conversion.window_right),
            at_least,
        )
        specifiers = {table.input: table.specifier for table in self.opened.tables.inputs}
        windows = check_widths(self._windows(sizes, features, ivectors), self.scorer.fits, specifiers, None)
        output = self.scorer.runner.outputs[0].name
        for scored in self.scorer.score(windows):
            yield scored.scores[output][self._kept.pop(0)]

    def _windows(self, sizes: WindowSizes, table: InputTable, ivectors: InputTable | None) -> Iterator[Utterance]:
        held = _HeldFrames()
        first = 0  # of the frames that are kept of the next window
        for ready in self._features(ivectors is not None):
            held.add(ready)
            while held.num_frames > first + sizes.frames + sizes.margin:
                yield self._window(held, sizes, first, first + sizes.frames, table, ivectors)
                first += sizes.frames
                held.drop(max(0, first - sizes.margin), ivectors.period if ivectors is not None else 0)
        self.num_frames = held.num_frames
        if held.num_frames > first:
            yield self._window(held, sizes, first, held.num_frames, table, ivectors)

    def _window(
        self,
        held: _HeldFrames,
        sizes: WindowSizes,
        first: int,
        end: int,
        table: InputTable,
        ivectors: InputTable | None,
    ) -> Utterance:
        start = max(0, first - sizes.margin)
        features = held.features(start, end + sizes.margin)
        begin = (first - start) // sizes.factor
        self._kept.append(slice(begin, begin + ceil((end - first) / sizes.factor)))
        key, inputs = self.recording.key, {table.input: features}
        if ivectors is not None:
            rows = held.ivectors(start, len(features), ivectors.period)
            inputs[ivectors.input] = spread(rows, len(features), ivectors, key)
        return Utterance(key, inputs, len(features))

    def _features(self, with_ivectors: bool) -> Iterator[ReadyFrames]:
        recording, frontend = self.recording, self.opened.join.frontend
        assert frontend is not None
        live = LiveFrontend(frontend, recording.rate, recording.key, recording.speaker, ivector_table=with_ivectors)
        for samples in recording.pieces():
            self.seconds += len(samples) / recording.rate
            for first in range(0, len(samples), _PIECE_SAMPLES):
                yield live.accept(samples[first : first + _PIECE_SAMPLES])
        try:
            last = live.finish()
        except (TableFormatError, ShapeMismatchError):
            if live.num_rows:
                raise
            return  # i-vectors, or steps, of no frame at all
        yield last


class _HeldFrames:
    """The latest frames of a recording, and the i-vectors of their periods."""

    def __init__(self) -> None:
        self.num_frames = 0
        self._features: list[FloatMatrix] = []
        self._ivectors: list[FloatMatrix] = []
        self._first = self._first_row = 0  # of those that are held

    def add(self, ready: ReadyFrames) -> None:
        self.num_frames += len(ready.features)
        self._features.append(ready.features)
        if ready.ivectors is not None:
            self._ivectors.append(ready.ivectors)

    def features(self, start: int, end: int) -> FloatMatrix:
        self._features = [np.concatenate(self._features)]
        return self._features[0][start - self._first : end - self._first]

    def ivectors(self, start: int, count: int, period: int) -> FloatMatrix:
        self._ivectors = [np.concatenate(self._ivectors)]
        begin = start // period - self._first_row
        return self._ivectors[0][begin : begin + ceil(count / period)]

    def drop(self, before: int, period: int) -> None:
        """Forget the frames ``before`` one."""
        self._features = [np.concatenate(self._features)[before - self._first :].copy()]
        self._first = before
        if period:
            self._ivectors = [np.concatenate(self._ivectors)[before // period - self._first_row :].copy()]
            self._first_row = before // period
