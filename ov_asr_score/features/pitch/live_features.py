"""Processed pitch of sound that comes in pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.pitch.options import PitchExtractionOptions, ProcessPitchOptions
from ov_asr_score.features.pitch.processing import LiveProcessPitch
from ov_asr_score.features.pitch.sound_chunks import NO_SAMPLES, SoundChunks
from ov_asr_score.features.pitch.tracker import PitchTracker

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]


class LivePitchFeatures:
    """Features of pitch as an online decoder sees them, each row given once.

    Chunks and waits are those of ``LivePitch``, and after these a row waits for ``delay`` rows. Windows see raw rows as
    they are revised until then; what was given stays. Memory does not grow with the sound. Source:
    feat/pitch-functions.cc, ``ComputeAndProcessKaldiPitch`` with ``simulate-first-pass-online``.
    """

    def __init__(self, extraction: PitchExtractionOptions, processing: ProcessPitchOptions) -> None:
        """No sound yet."""
        self._tracker = PitchTracker(extraction)
        self._process = LiveProcessPitch(processing)
        self._chunks = SoundChunks(extraction.samples_per_chunk)
        self._nothing = np.zeros((0, processing.num_columns), np.float32)
        self.lookahead = extraction.lookahead
        self.max_frames_latency = extraction.max_frames_latency
        self.delay = self._process.delay

    def accept(self, samples: Samples) -> Rows:
        """The features [t, n] that are given with these samples float32 [k], on the scale of 16-bit numbers.

        Raises SoundFormatError for numbers that are not finite, or of another scale.
        """
        return np.concatenate([self._nothing, *(self._taken(chunk) for chunk in self._chunks.accept(samples))])

    def finish(self, samples: Samples = NO_SAMPLES) -> Rows:
        """The rest of the features, with the last samples if there are any: no more sound is accepted."""
        *chunks, last = self._chunks.finish(samples)
        return np.concatenate([*(self._taken(chunk) for chunk in chunks), self._taken(last, is_last=True)])

    def _taken(self, samples: Samples, is_last: bool = False) -> Rows:
        self._tracker.take(samples, is_last)
        first = min(self._tracker.changed_from, self._process.num_raw, self._tracker.num_ready)
        made = self._process.replace(first, self._tracker.rows(first), is_last)
        self._tracker.forget(self._process.first_raw)
        return made
