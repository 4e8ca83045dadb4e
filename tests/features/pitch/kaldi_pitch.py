"""The sound that Kaldi's pitch was computed of, what it found, and sound in pieces."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import soundfile
from numpy.typing import NDArray

from ov_asr_score.features.pitch.options import PitchExtractionOptions
from ov_asr_score.kaldi_io import read_table

FEATURES = Path(__file__).parents[2] / "kaldi_speech" / "features"

Samples = NDArray[np.float32]
Rows = NDArray[np.float32]

# The archives of raw pitch, with the options that their names tell.
RAW: dict[str, dict[str, Any]] = {
    "base": {},
    "default": {},
    "snip_edges_false": {"snip_edges": False},
    "min80_max300": {"min_f0": 80.0, "max_f0": 300.0},
    "chunk10": {"frames_per_chunk": 10},
    "first_pass_online_chunk10": {"frames_per_chunk": 10, "simulate_first_pass_online": True},
    "latency30_soft20_penalty0.2_delta0.01": {
        "max_frames_latency": 30,
        "soft_min_f0": 20.0,
        "penalty_factor": 0.2,
        "delta_pitch": 0.01,
    },
    "shift12.5_length20_ballast1000_lowpass800_resample3000": {
        "frame_shift": 12.5,
        "frame_length": 20.0,
        "nccf_ballast": 1000.0,
        "lowpass_cutoff": 800.0,
        "resample_frequency": 3000.0,
    },
    "w8k": {"sample_frequency": 8000.0},
    "preemph0.5_upsample3_lowpass2": {
        "preemphasis_coefficient": 0.5,
        "upsample_filter_width": 3,
        "lowpass_filter_width": 2,
    },
}


@cache
def sound(key: str) -> Samples:
    """The samples [N] of a recording."""
    samples, _ = soundfile.read(FEATURES / "wav" / f"{key}.flac", dtype="int16")
    made: Samples = samples.astype(np.float32)
    made.flags.writeable = False
    return made


@cache
def table(name: str) -> dict[str, Rows]:
    """The arrays of pitch/NAME.ark by key."""
    return dict(read_table(f"ark:{FEATURES / 'pitch' / name}.ark", wants_matrices=True))


def extraction(name: str) -> PitchExtractionOptions:
    """The options of an archive of raw pitch."""
    return PitchExtractionOptions(**RAW[name])


class TakesSound(Protocol):
    def accept(self, samples: Samples) -> Rows: ...

    def finish(self) -> Rows: ...


def in_pieces(live: TakesSound, samples: Samples, seed: int, most: int = 60) -> Rows:
    """What a live object makes of sound that comes in pieces of random sizes, some of them empty."""
    random = np.random.default_rng(seed)
    cuts = np.sort(random.integers(0, len(samples) + 1, random.integers(0, most)))
    return np.concatenate([*(live.accept(piece) for piece in np.split(samples, cuts)), live.finish()])
