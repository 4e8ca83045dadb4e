"""Raw pitch of sound that comes in pieces."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.pitch.options import PitchExtractionOptions
from ov_asr_score.features.pitch.sound_chunks import NO_SAMPLES, SoundChunks
from ov_asr_score.features.pitch.tracker import PitchTracker

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]


class LivePitch:
    """Rows of correlation (NCCF) and pitch in Hz, each given once, as soon as Kaldi's online form gives it.

    With ``frames_per_chunk`` sound is taken in chunks of so many frames, and rows are those of Kaldi's
    ``simulate-first-pass-online``, the same bits for pieces of any size. Without it, every piece is a chunk as in
    Kaldi's ``OnlinePitchFeature``: then numbers depend on the pieces, for frames are weighed by the energy up to the
    end of the piece (``nccf_ballast_online``: up to their own end).

    A row needs the sound until ``lookahead`` seconds after the start of its frame, and the rest of its chunk; at most
    ``max_frames_latency`` rows are held back after that while they may change. What was given may be revised later:
    ``track`` has all rows as they are now, and after the end as they stay. Without ``keeps_track`` there is no track,
    and memory does not grow with the sound.

    Source: feat/pitch-functions.cc, ``OnlinePitchFeature`` and ``ComputeKaldiPitchFirstPass``.
    """

    def __init__(self, options: PitchExtractionOptions, *, keeps_track: bool = True) -> None:
        """No sound yet."""
        self._tracker = PitchTracker(options)
        self._keeps_track = keeps_track
        self._chunks = SoundChunks(options.samples_per_chunk)
        self._given = 0
        self.lookahead = options.lookahead
        self.max_frames_latency = options.max_frames_latency

    def accept(self, samples: Samples) -> Rows:
        """The rows [t, 2] that are given with these samples float32 [n], on the scale of 16-bit numbers.

        Raises SoundFormatError for numbers that are not finite, or of another scale.
        """
        rows = [np.zeros((0, 2), np.float32)]
        for chunk in self._chunks.accept(samples):
            self._tracker.take(chunk)
            rows.append(self._new_rows())
        return np.concatenate(rows)

    def finish(self, samples: Samples = NO_SAMPLES) -> Rows:
        """The rest of the rows [t, 2], with the last samples if there are any: no more sound is accepted."""
        *chunks, last = self._chunks.finish(samples)
        rows = []
        for chunk in chunks:
            self._tracker.take(chunk)
            rows.append(self._new_rows())
        self._tracker.take(last, is_last=True)
        return np.concatenate((*rows, self._new_rows()))

    def track(self, first: int = 0) -> Rows:
        """The rows [t, 2] from ``first`` on as they are now."""
        return self._tracker.rows(first)

    def _new_rows(self) -> Rows:
        rows = self._tracker.rows(self._given)
        self._given += len(rows)
        if not self._keeps_track:
            self._tracker.forget(self._given)
        return rows
