"""One channel of sound, or the mean of all."""

from __future__ import annotations

from typing import Literal

import numpy as np

from ov_asr_score.audio.audio_stream import AudioStream, Warn
from ov_asr_score.audio.sample_formats import Samples
from ov_asr_score.errors import SoundFormatError


def check_channel(stream: AudioStream, channel: int) -> None:
    """Raise SoundFormatError if the recording has no such channel, counted from 0."""
    if not 0 <= channel < stream.channels:
        raise SoundFormatError(
            f"{stream.name}: expected channel {channel} (counted from 0), found {stream.channels} "
            f"channel{'s' if stream.channels > 1 else ''}"
        )


def one_channel(samples: Samples, channel: int | Literal["mix"]) -> Samples:
    """Float32 [n] of samples [C, n]: the channel, counted from 0, or the mean of all, which are added in double."""
    if channel == "mix":
        mean = samples[0] if len(samples) == 1 else samples.mean(axis=0, dtype=np.float64).astype(np.float32)
        return np.asarray(mean, np.float32)
    return np.asarray(samples[channel], np.float32)


def chosen_channel(stream: AudioStream, channel: int | Literal["mix"] | None, warn: Warn) -> int | Literal["mix"]:
    """The channel to take; without a choice the first, and ``warn`` is called if there are others.

    As Kaldi's programs do (featbin/compute-mfcc-feats.cc). Raises SoundFormatError if there is no such channel.
    """
    if channel is None:
        if stream.channels > 1:
            warn(f"{stream.name}: has {stream.channels} channels, none of them was chosen; channel 0 is taken")
        return 0
    if channel != "mix":
        check_channel(stream, channel)
    return channel
