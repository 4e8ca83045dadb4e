"""Features of raw pitch: how voiced a frame is, its pitch relative to its surroundings, and the slope of the pitch."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.errors import ShapeMismatchError, TableFormatError
from ov_asr_score.features.pitch.options import ProcessPitchOptions
from ov_asr_score.features.steps.deltas import delta_scales
from ov_asr_score.finite import nonfinite_text

Rows = NDArray[np.float32]
Frames = NDArray[np.int64]

# Sums over windows are of integers, which do not depend on the order: this many to 1, finer than single precision.
_UNITS = 2.0**40


def process_pitch(raw: Rows, options: ProcessPitchOptions) -> Rows:
    """Features float32 [T + delay, n] of raw pitch [T, 2]: correlation (NCCF) and pitch in Hz.

    No rows of no rows, where Kaldi's program aborts. Raises ShapeMismatchError (other than two columns) and
    TableFormatError (a pitch that is not positive, NaN). Source: feat/pitch-functions.cc, ``ProcessPitch``.
    """
    return LiveProcessPitch(options).replace(0, raw, is_last=True)


class LiveProcessPitch:
    """The same for rows that come in pieces. Source: feat/pitch-functions.cc, ``OnlineProcessPitch``.

    A row waits for ``delay`` rows. Results are the bits of ``process_pitch``, except where the option ``delay`` repeats
    the first frame: as in Kaldi, of what is known when each of these rows is given.
    """

    def __init__(self, options: ProcessPitchOptions) -> None:
        """No rows yet."""
        self._options = options
        self._noise = _Noise(options.delta_pitch_noise_stddev)
        self._context = max(options.normalization_left_context, options.delta_window)
        self._raw: Rows = np.zeros((0, 2), np.float32)
        self._raw_from = 0
        self._given = 0
        self.delay = max(0, options.normalization_right_context - options.delay)

    @property
    def num_raw(self) -> int:
        """How many rows were taken."""
        return self._raw_from + len(self._raw)

    @property
    def first_raw(self) -> int:
        """The first raw row that features to come depend on."""
        return self._raw_from

    def accept(self, rows: Rows) -> Rows:
        """The features [t, n] that can be given after these raw rows [k, 2]. Raises as ``process_pitch`` does."""
        return self.replace(self.num_raw, rows)

    def finish(self) -> Rows:
        """The rest of the features: no more rows are accepted."""
        return self.replace(self.num_raw, np.zeros((0, 2), np.float32), is_last=True)

    def replace(self, first: int, rows: Rows, is_last: bool = False) -> Rows:
        """The features that can be given when ``rows`` take the place of all raw rows from ``first`` on.

        What was given does not change, but what follows is computed from the new rows. Raises as ``process_pitch``.
        """
        _check(rows)
        rows = np.asarray(rows, np.float32)[max(0, self._raw_from - first) :]
        self._raw = np.concatenate((self._raw[: max(0, first - self._raw_from)], rows))
        known, options = self.num_raw, self._options
        ready = known + options.delay if is_last else known - options.normalization_right_context + options.delay
        if not known or ready <= self._given:
            return np.zeros((0, options.num_columns), np.float32)
        frames = np.maximum(0, np.arange(self._given, ready) - options.delay)
        made = self._columns(frames)
        self._given = ready
        drop = max(0, min(ready - options.delay - self._context - self._raw_from, len(self._raw)))
        self._raw = self._raw[drop:].copy()
        self._raw_from += drop
        return made

    def _columns(self, frames: Frames) -> Rows:
        options, columns = self._options, []
        nccf, log_pitch = self._raw[:, 0], np.log(self._raw[:, 1])
        at = frames - self._raw_from
        if options.add_pov_feature:
            columns.append(np.float32(options.pov_scale) * _pov_feature(nccf[at]) + np.float32(options.pov_offset))
        if options.add_normalized_log_pitch:
            mean = self._mean_log_pitch(frames, nccf, log_pitch)
            columns.append((log_pitch[at] - mean) * np.float32(options.pitch_scale))
        if options.add_delta_pitch:
            slopes = np.zeros(len(at), np.float32)
            for offset, factor in enumerate(delta_scales(1, options.delta_window)[1], -options.delta_window):
                # Rows are repeated at the first frame and at the last that is known.
                slopes += factor * log_pitch[np.clip(at + offset, 0, len(nccf) - 1)]
            columns.append((slopes + self._noise.of(frames)) * np.float32(options.delta_pitch_scale))
        if options.add_raw_log_pitch:
            columns.append(log_pitch[at])
        return np.stack(columns, axis=1)

    def _mean_log_pitch(
        self, frames: Frames, nccf: NDArray[np.float32], log_pitch: NDArray[np.float32]
    ) -> NDArray[np.float32]:
        """The mean [t] of the logarithms around each frame, weighed. Source: ``UpdateNormalizationStats``."""
        pov = _probability_of_voicing(nccf)
        units = np.rint(np.stack((pov, pov * log_pitch)).astype(np.float64) * _UNITS).astype(np.int64)
        sums = np.zeros((2, len(pov) + 1), np.int64)
        np.cumsum(units, axis=1, out=sums[:, 1:])
        begin = np.maximum(0, frames - self._options.normalization_left_context) - self._raw_from
        end = np.minimum(frames + self._options.normalization_right_context + 1, self.num_raw) - self._raw_from
        weights, weighed = (sums[:, end] - sums[:, begin]).astype(np.float64)
        means: NDArray[np.float32] = (weighed / weights).astype(np.float32)
        return means


class _Noise:
    """Normal noise by frame, the same for every utterance; what was asked for last is kept."""

    def __init__(self, stddev: float) -> None:
        self._stddev = np.float32(stddev)
        self._random = np.random.default_rng(0)
        self._values = np.zeros(0, np.float32)
        self._first = 0  # the frame of the first value

    def of(self, frames: Frames) -> NDArray[np.float32]:
        """The noise of frames in ascending order, none before the last of those that were asked for."""
        if not self._stddev:
            return np.zeros(len(frames), np.float32)
        missing = max(0, int(frames[-1]) + 1 - self._first - len(self._values))
        drawn = self._random.standard_normal(missing, np.float32) * self._stddev
        values = np.concatenate((self._values, drawn))
        found = values[frames - self._first]
        self._values, self._first = values[-1:].copy(), self._first + len(values) - 1
        return found


def _pov_feature(nccf: NDArray[np.float32]) -> NDArray[np.float32]:
    """Something like a normally distributed measure of voicing. Source: ``NccfToPovFeature``."""
    made: NDArray[np.float32] = ((1.0001 - np.clip(nccf, -1, 1).astype(np.float64)) ** 0.15 - 1.0).astype(np.float32)
    return made


def _probability_of_voicing(nccf: NDArray[np.float32]) -> NDArray[np.float32]:
    """How likely a frame is voiced. Source: ``NccfToPov``."""
    height = np.minimum(np.abs(nccf), np.float32(1)).astype(np.float64)
    odds = -5.2 + 5.4 * np.exp(7.5 * (height - 1.0)) + 4.8 * height
    odds += -2.0 * np.exp(-10.0 * height) + 4.2 * np.exp(20.0 * (height - 1.0))
    made: NDArray[np.float32] = (1.0 / (1.0 + np.exp(-odds.astype(np.float32).astype(np.float64)))).astype(np.float32)
    return made


def _check(rows: Rows) -> None:
    if rows.ndim != 2 or rows.shape[1] != 2:
        found = " x ".join(map(str, rows.shape))
        raise ShapeMismatchError(f"expected raw pitch of 2 columns, correlation and pitch in Hz, found {found}")
    if text := nonfinite_text(rows):
        raise TableFormatError(f"raw pitch: expected finite numbers, but {text}")
    if len(rows) and not (rows[:, 1] > 0).all():
        frame = int((rows[:, 1] <= 0).argmax())
        raise TableFormatError(
            f"raw pitch: row {frame}: expected a pitch above 0 Hz in column 1, found {rows[frame, 1]:g}"
        )
