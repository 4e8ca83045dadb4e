"""Pitch of whole utterances."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ov_asr_score.features.pitch.live import LivePitch
from ov_asr_score.features.pitch.live_features import LivePitchFeatures
from ov_asr_score.features.pitch.options import PitchExtractionOptions, ProcessPitchOptions
from ov_asr_score.features.pitch.processing import process_pitch

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]


def compute_pitch(samples: Samples, options: PitchExtractionOptions) -> Rows:
    """Raw pitch float32 [T, 2] of samples [N] on the scale of 16-bit numbers: correlation (NCCF), and pitch in Hz.

    The correlation is 1 where the sound repeats itself, and 0 in silence; a pitch is always given. No rows for sound
    that is shorter than a frame. Raises SoundFormatError for numbers that are not finite, or of another scale.
    Source: feat/pitch-functions.cc, ``ComputeKaldiPitch``; featbin/compute-kaldi-pitch-feats.cc.
    """
    live = LivePitch(options)
    rows = np.concatenate((live.accept(samples), live.finish()))
    return rows if options.simulate_first_pass_online else live.track()


def compute_processed_pitch(
    samples: Samples, extraction: PitchExtractionOptions, processing: ProcessPitchOptions
) -> Rows:
    """Features of pitch float32 [T + delay, n] of samples [N], as compute-and-process-kaldi-pitch-feats makes them.

    Raises SoundFormatError as ``compute_pitch``. Source: feat/pitch-functions.cc, ``ComputeAndProcessKaldiPitch``.
    """
    if extraction.simulate_first_pass_online:
        live = LivePitchFeatures(extraction, processing)
        return np.concatenate((live.accept(samples), live.finish()))
    return process_pitch(compute_pitch(samples, extraction), processing)
